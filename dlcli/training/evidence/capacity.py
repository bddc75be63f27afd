"""What a model can be at most: a linear one, or one that squeezes everything through few units or filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dlcli.keras_internals import leaf_layers, nodes_before
from dlcli.layers.names import written_layer_name
from dlcli.training.evidence.ending import Ending, ending
from dlcli.training.evidence.gradients import entry_of
from dlcli.training.setup.experiment import Experiment

NARROW = 3
"""Units, or filters, through which hardly anything passes."""


@dataclass(frozen=True)
class Hidden:
    """A Dense layer, a convolution, or one that goes step by step, behind which others with weights stand, with its units or
    filters and the path of its entry."""

    layer: str
    units: int
    entry: str | None
    linear: bool
    passed_by: bool = False
    """Whether what the model takes reaches its answers on another way too, so that nothing has to pass through it."""
    key: Literal["units", "filters"] = "units"
    """What sets how many they are, and what they are called."""


@dataclass(frozen=True)
class Capacity:
    """Whether all of a model is linear, and its hidden layers; `frozen` are layers with weights that do not learn."""

    linear: bool
    hidden: list[Hidden]
    frozen: dict[str, str | None]

    @property
    def narrow(self) -> list[Hidden]:
        """The hidden layers through which hardly anything passes, where all has to."""
        return [each for each in self.hidden if each.units <= NARROW and not each.passed_by]


def capacity(experiment: Experiment) -> Capacity:
    """What the layers of a model are."""
    import keras

    layers, model = keras.layers, experiment.model
    passing = (
        *(layers.InputLayer, layers.Flatten, layers.Reshape, layers.Permute, layers.Concatenate, layers.Add),
        *(layers.Subtract, layers.Average, layers.Rescaling, layers.Normalization, layers.Identity, layers.Dropout),
        *(layers.BatchNormalization, layers.ZeroPadding1D, layers.ZeroPadding2D, layers.AveragePooling1D),
        *(layers.AveragePooling2D, layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D),
    )
    weighing = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D)
    transposed = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
    end = ending(model)
    linear, hidden, frozen = True, [], {}
    for layer in leaf_layers(model):
        is_last = layer.name in model.output_names
        if layer.weights and not layer.trainable_weights and not isinstance(layer, layers.Normalization):
            frozen[written_layer_name(layer.name)] = entry_of(experiment, layer)
        if isinstance(layer, weighing):
            straight = is_last or getattr(layer.activation, "__name__", "") == "linear"
            linear = linear and straight
            hidden += hidden_layers(experiment, end, layer, linear=straight)
        elif isinstance(layer, transposed) or (
            isinstance(layer, layers.RNN) and isinstance(getattr(layer, "units", None), int)
        ):
            linear = False
            hidden += hidden_layers(experiment, end, layer, linear=False)
        elif not isinstance(layer, passing) and not is_activation_at_end(layer, model):
            linear = False
    return Capacity(linear, hidden, frozen)


def hidden_layers(experiment: Experiment, end: Ending, layer: Any, *, linear: bool) -> list[Hidden]:
    """A layer of units or filters, as it stands in the model, unless it is the last; of one inside another all is taken to pass
    through it."""
    model = experiment.model
    if layer.name in model.output_names or end.puts_out(layer):
        return []
    key: Literal["units", "filters"] = "units" if hasattr(layer, "units") else "filters"
    passed_by = layer in model.layers and all(is_passed_by(layer, each) for each in model.outputs)
    entry, name = entry_of(experiment, layer), written_layer_name(layer.name)
    return [Hidden(name, getattr(layer, key), entry, linear, passed_by, key)]


def is_passed_by(layer: Any, output: Any) -> bool:
    """Whether something that a model takes reaches an output without a layer."""
    return any(not node.input_tensors for node in nodes_before([output], but=layer))


def is_activation_at_end(layer: Any, model: Any) -> bool:
    """Whether a layer without weights puts out what the model does: its activation bends answers, not what they are made of."""
    return layer.name in model.output_names and not layer.weights
