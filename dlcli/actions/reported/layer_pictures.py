"""What the first convolution of a model has learnt, as pictures: its filters, and what they make of one sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.actions.evaluate import EvaluatedSamples
from dlcli.actions.reported.worst_looks import sample_shown
from dlcli.layers.calls import Call, calls_of
from dlcli.layers.names import written_layer_name
from dlcli.named_inputs import model_of
from dlcli.training.kept.trained import Trained
from dlcli.view.report import LayerPictured

if TYPE_CHECKING:
    import numpy as np

MOST_FILTERS, MOST_COLOURS = 32, 3


def first_convolution(model: Any) -> Call | None:
    """The first call of a convolution over pictures, where they enter it as they are; None where there is none."""
    import keras

    for call in calls_of(model):
        if isinstance(call.layer, keras.layers.Conv2D) and not call.is_same_for_all:
            return call
    return None


def layer_pictures(trained: Trained, seen: EvaluatedSamples) -> LayerPictured | None:
    """The first filters, and their answers to the first sample of the split; None of a model without such a layer."""
    import numpy as np

    call = first_convolution(trained.model)
    if call is None:
        return None
    kernel = np.asarray(call.layer.kernel, np.float64)  # (height, width, channels, filters)
    if call.layer.data_format == "channels_first":
        return None
    several = kernel.shape[2] not in {1, MOST_COLOURS}
    tiles = kernel.mean(axis=2, keepdims=True) if several else kernel
    count = min(MOST_FILTERS, tiles.shape[-1])
    shown = [each for schema in trained.schema.inputs if (each := sample_shown(seen, schema, 0)) is not None]
    return LayerPictured(
        layer=written_layer_name(call.layer.name),
        filters=[tiles[..., at] for at in range(count)],
        activations=answers_of_filters(trained, seen, call, count),
        sample=shown[0] if shown else None,
        of=kernel.shape[-1],
    )


def answers_of_filters(trained: Trained, seen: EvaluatedSamples, call: Call, count: int) -> list[np.ndarray[Any, Any]]:
    """The output (height, width) of each of the first filters for the first sample."""
    import numpy as np

    samples = type(seen.samples)(
        {name: column[:1] for name, column in seen.samples.inputs.items()},
        {name: column[:1] for name, column in seen.samples.targets.items()},
        seen.samples.rows[:1],
    )
    inputs, _ = trained.feed(samples).take(slice(0, 1))
    output = model_of(trained.model.input, {"0": call.tensors[0]}).predict(inputs, verbose=0)["0"]
    answers = np.asarray(output, np.float64)[0]
    return [answers[..., at] for at in range(count)] if answers.ndim == 3 else []
