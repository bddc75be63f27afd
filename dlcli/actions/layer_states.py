"""What the layers of a trained model have come to: their weights, dead units, how far each separates the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.actions.layer_outputs import LayerOutput, layer_outputs
from dlcli.actions.layers_apart import layer_features, nearest_mean, wanted_of
from dlcli.data import Dataset
from dlcli.layers.calls import Call, calls_of
from dlcli.layers.names import written_layer_name
from dlcli.training.evidence.dead_units import dead_channels, is_relu
from dlcli.training.kept.trained import Trained
from dlcli.view.layer_states import LayerStates, LayerWeights, Separation

if TYPE_CHECKING:
    import numpy as np

SAMPLES = 1024


def layer_states(trained: Trained, dataset: Dataset | None) -> LayerStates:
    """The states of a trained model; without a data set those of its weights alone."""

    calls = [call for call in calls_of(trained.model) if not call.is_input and not call.is_same_for_all]
    weights = [weights_of(layer) for layer in trained.model.layers if layer.weights]
    if dataset is None:
        return LayerStates(weights)
    samples = dataset.splits.get("validation", dataset.splits["train"])
    inputs, _ = trained.feed(samples).take(slice(0, SAMPLES))
    outputs = layer_outputs(trained.model, calls, inputs)
    dead = [
        dead_channels(call, output_numbers(output.values))
        for call, output in zip(calls, outputs, strict=True)
        if is_relu(call.layer)
    ]
    return LayerStates(weights, dead, separations(calls, outputs, dataset, samples))


def weights_of(layer: Any) -> LayerWeights:
    """The weights of a layer in numbers."""
    import numpy as np

    values = np.concatenate([np.ravel(each.numpy()).astype(np.float64) for each in layer.weights])
    finite = values[np.isfinite(values)]
    return LayerWeights(
        layer=written_layer_name(layer.name),
        mean=float(finite.mean()) if len(finite) else None,
        deviation=float(finite.std()) if len(finite) else None,
        zeros=float((values == 0).mean()),
        not_finite=len(values) - len(finite),
    )


def separations(calls: list[Call], outputs: list[LayerOutput], dataset: Dataset, samples: Any) -> list[Separation]:
    """How far each layer separates the classes of the first target that has one class a sample; void labels are none."""
    for schema in dataset.schema.targets:
        if schema.classes is not None and len(schema.shape) == schema.is_one_hot:
            wanted = wanted_of(schema, samples.targets[schema.name][:SAMPLES], None)
            assert wanted is not None
            kept = wanted.values >= 0
            return [
                Separation(
                    written_layer_name(call.layer.name),
                    schema.name,
                    nearest_mean(layer_features(output.values, output.mask)[kept], wanted.values[kept]),
                )
                for call, output in zip(calls, outputs, strict=True)
            ]
    return []


def output_numbers(output: Any) -> np.ndarray[Any, Any]:
    """The output of a layer (samples, …, features) as 64-bit numbers."""
    import numpy as np

    values: np.ndarray[Any, Any] = np.asarray(output, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values
