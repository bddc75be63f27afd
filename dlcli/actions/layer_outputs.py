"""What each layer of a model puts out for some samples, with the mask that says which places count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.layers.calls import Call
from dlcli.layers.noted import noted_of, outputs_noted
from dlcli.loss.counting import mask_of
from dlcli.progress import counted_off

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Keep = Callable[[Array, Array | None], Array]

BATCH = 128


@dataclass(frozen=True)
class LayerOutput:
    """What a call puts out (samples, …), and its mask (samples, …), or None where all places count."""

    values: Array
    mask: Array | None


def whole_output(values: Array, mask: Array | None) -> Array:
    """The output as it is."""
    return values


def layer_outputs(
    model: Any, calls: Sequence[Call], inputs: Mapping[str, Array], *, keep: Keep = whole_output
) -> list[LayerOutput]:
    """The outputs of calls for all samples; of each batch what `keep` makes of it."""
    import numpy as np

    samples = len(next(iter(inputs.values())))
    starts = range(0, samples, BATCH)
    batches = [
        batch_outputs(model, calls, inputs, slice(at, at + BATCH), keep)
        for at in counted_off(starts, "running the layers", len(starts))
    ]
    joined = []
    for parts in zip(*batches, strict=True):
        masks = [each.mask for each in parts if each.mask is not None]
        values = np.concatenate([each.values for each in parts])
        joined.append(LayerOutput(values, np.concatenate(masks) if len(masks) == len(parts) else None))
    return joined


def batch_outputs(
    model: Any, calls: Sequence[Call], inputs: Mapping[str, Array], rows: slice, keep: Keep
) -> list[LayerOutput]:
    """The outputs of calls for one batch."""
    import numpy as np

    with outputs_noted([call.layer for call in calls]) as noted:
        model({name: values[rows] for name, values in inputs.items()}, training=False)
    outputs = []
    for tensor in noted_of(noted, calls):
        mask = mask_of(tensor)
        known = None if mask is None else np.asarray(mask, bool)
        values = np.asarray(tensor)
        values = values.astype(np.float32) if values.dtype.kind != "f" or values.dtype.itemsize < 4 else values
        outputs.append(LayerOutput(keep(values, known), known))
    return outputs
