"""What the layers of a trained model have come to: their weights, dead units, how far each separates the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data import Dataset, class_indices
from dlcli.layers.calls import Call, calls_of
from dlcli.layers.names import written_layer_name
from dlcli.named_inputs import model_of
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
    # A mapping, because of a list of one Keras makes that one, and gives its output alone.
    every = model_of(trained.model.input, {str(number): call.tensors[0] for number, call in enumerate(calls)})
    predicted = every.predict(inputs, batch_size=128, verbose=0)
    outputs = [output_numbers(predicted[str(number)]) for number in range(len(calls))]
    dead = [dead_channels(call, output) for call, output in zip(calls, outputs, strict=True) if is_relu(call.layer)]
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


def separations(calls: list[Call], outputs: list[Any], dataset: Dataset, samples: Any) -> list[Separation]:
    """How far each layer separates the classes of the first target that has one class a sample."""
    for schema in dataset.schema.targets:
        if schema.classes is not None and len(schema.shape) == schema.is_one_hot:
            labels = class_indices(samples.targets[schema.name][:SAMPLES], schema)
            return [
                Separation(written_layer_name(call.layer.name), schema.name, nearest_mean(output, labels))
                for call, output in zip(calls, outputs, strict=True)
            ]
    return []


def nearest_mean(output: np.ndarray[Any, Any], labels: Any) -> float:
    """The share of samples whose nearest class mean is their own: means from every other sample, judged on the rest.

    Outputs (samples, …, features) of many places are averaged over these first.
    """
    import numpy as np

    features = output.reshape(len(output), -1)
    if features.shape[1] > LARGE and output.ndim > 2:
        features = output.reshape(len(output), -1, output.shape[-1]).mean(axis=1)
    # A linear probe would have to be trained, with a rate and epochs of its own to be argued about. Class means need neither,
    # and asked about samples that made none of them they cannot look well by knowing these by heart.
    known, asked = features[::2], features[1::2]
    classes = np.unique(labels[::2])
    means = np.stack([known[labels[::2] == each].mean(axis=0) for each in classes])
    distances = ((asked[:, None, :] - means[None]) ** 2).sum(axis=2)
    return float((classes[distances.argmin(axis=1)] == labels[1::2]).mean()) if len(asked) else 0.0


LARGE = 4096


def output_numbers(output: Any) -> np.ndarray[Any, Any]:
    """The output of a layer (samples, …, features) as 64-bit numbers."""
    import numpy as np

    values: np.ndarray[Any, Any] = np.asarray(output, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values
