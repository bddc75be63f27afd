"""What a model can be at most: a linear one, or one that squeezes everything through few units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dlcli.keras_internals import leaf_layers
from dlcli.layers.names import written_layer_name
from dlcli.training.evidence.gradients import entry_of
from dlcli.training.setup.experiment import Experiment

NARROW = 3
"""Units through which hardly anything passes."""


@dataclass(frozen=True)
class Hidden:
    """A Dense layer, or one that goes step by step, that is not the last, with its units and the path of its entry."""

    layer: str
    units: int
    entry: str | None
    linear: bool


@dataclass(frozen=True)
class Capacity:
    """Whether all of a model is linear, and its hidden layers of units; `frozen` are layers with weights that do not learn."""

    linear: bool
    hidden: list[Hidden]
    frozen: dict[str, str | None]

    @property
    def narrow(self) -> list[Hidden]:
        """The hidden layers through which hardly anything passes."""
        return [each for each in self.hidden if each.units <= NARROW]


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
    linear, hidden, frozen = True, [], {}
    for layer in leaf_layers(model):
        is_last = layer.name in model.output_names
        if layer.weights and not layer.trainable_weights and not isinstance(layer, layers.Normalization):
            frozen[written_layer_name(layer.name)] = entry_of(experiment, layer)
        if isinstance(layer, weighing):
            straight = is_last or getattr(layer.activation, "__name__", "") == "linear"
            linear = linear and straight
            if isinstance(layer, layers.Dense) and not is_last:
                hidden.append(
                    Hidden(written_layer_name(layer.name), layer.units, entry_of(experiment, layer), straight)
                )
        elif isinstance(layer, layers.RNN) and isinstance(getattr(layer, "units", None), int) and not is_last:
            linear = False
            hidden.append(Hidden(written_layer_name(layer.name), layer.units, entry_of(experiment, layer), False))
        elif not isinstance(layer, passing) and not is_activation_at_end(layer, model):
            linear = False
    return Capacity(linear, hidden, frozen)


def is_activation_at_end(layer: Any, model: Any) -> bool:
    """Whether a layer without weights puts out what the model does: its activation bends answers, not what they are made of."""
    return layer.name in model.output_names and not layer.weights
