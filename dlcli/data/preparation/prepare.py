"""Prepares: raw inputs as the model takes them, in batches, by the model that `fitting` has made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.aligned import empty, floats
from dlcli.data.fields.lazy import Column, Selected
from dlcli.data.fields.padded import real_values
from dlcli.data.preparation.normalization import learn_moments
from dlcli.data.preparation.precision import needed_precision
from dlcli.errors import DataError
from dlcli.first_line import reason_of
from dlcli.foreign_error import is_foreign

if TYPE_CHECKING:
    import numpy as np


BATCH = 8192
"""Samples that are prepared at a time, if they are small."""

BATCH_BYTES = 1 << 26

FLOAT = 4
"""Bytes of a number in 32 bits."""


def target_key(name: str) -> str:
    """What a target is called among the inputs and outputs of the model that prepares."""
    return f"{name} (target)"


def number_bytes(shape: Sequence[int | None]) -> int:
    """The bytes of a sample of such a shape in 32 bits; an open axis counts as one."""
    return FLOAT * math.prod(size or 1 for size in shape)


def adapt(layer: Any, batches: Iterator[np.ndarray[Any, Any]]) -> None:
    """Lets a layer learn from what it takes (samples, …), in batches."""
    import keras
    import tensorflow as tf

    if isinstance(layer, keras.layers.Normalization):
        learn_moments(layer, batches)
    else:
        layer.adapt(tf.convert_to_tensor(batch) for batch in batches)


def prepared_batches(
    column: Column, layers: Sequence[Any], *, padding: float | None = None
) -> Iterator[np.ndarray[Any, Any]]:
    """A field (samples, …) in batches, as some layers make it; of samples with `padding` each place by itself (places, 1, …)."""
    import numpy as np

    size = batch_size(column)
    for start in range(0, len(column), size):
        values: Any = raw_values(column[start : start + size], needed_precision(column.dtype))
        if padding is not None:
            values = real_values(values, padding)[:, None]
        for layer in layers:
            values = layer(values)
        yield np.asarray(values)


def raw_values(values: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
    """Raw inputs (batch, …) as the layers of Keras take them: text, or numbers of a type."""
    return values.astype(str if values.dtype == object else dtype, copy=False)


def batch_size(column: Column, *, prepared: int = 0) -> int:
    """How many samples of a field (samples, …) are prepared at a time, where each is `prepared` bytes afterwards."""
    return max(1, min(BATCH, BATCH_BYTES // max(number_bytes(column.shape[1:]), prepared, 1)))


def prepare(model: Any, inputs: Mapping[str, Column]) -> dict[str, np.ndarray[Any, Any]]:
    """The inputs (samples, …) as the model takes them: prepared, float32."""
    import numpy as np

    if model is None:
        return {name: floats(values[:]) for name, values in inputs.items()}
    samples = len(next(iter(inputs.values())))
    # Data to predict has no targets, of which a preparation makes ids: nothing is asked of them then.
    nothing = Selected(np.array([""], object), np.zeros(samples, np.int64))
    inputs = {**inputs, **{name: nothing for name in model.input if name not in inputs}}
    most = max(number_bytes(tensor.shape[1:]) for tensor in model.output.values())  # unseen: memory alone
    size = min(batch_size(values, prepared=most) for values in inputs.values())  # unseen: memory alone
    found: dict[str, np.ndarray[Any, Any]] = {}
    for start in range(0, samples, size):
        batch = {
            name: raw_values(values[start : start + size], model.input[name].dtype) for name, values in inputs.items()
        }
        for name, made in prepared_batch(model, batch).items():
            with np.errstate(over="ignore"):  # what overflows is told where it shows in an answer
                values = np.asarray(made, dtype=np.float32)
            # Made whole at once, so that no second copy of all of it is ever needed.
            whole = found.setdefault(name, empty((samples, *values.shape[1:]), values.dtype))
            whole[start : start + len(values)] = values
    return found


def prepared_batch(model: Any, batch: Mapping[str, np.ndarray[Any, Any]]) -> Mapping[str, Any]:
    """A batch (samples, …) prepared. Raises `DataError` for values that a preparation refuses."""
    try:
        outputs: Mapping[str, Any] = model(as_tensors(batch), training=False)
    except Exception as error:
        if not is_foreign(error):
            raise
        raise DataError(f"the data cannot be prepared: {reason_of(error)}", kind="layer_refuses") from error
    return outputs


def as_tensors(batch: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """A batch as tensors, each (batch, …); Keras itself would not take an array of text."""
    import tensorflow as tf

    return {name: tf.convert_to_tensor(values) for name, values in batch.items()}
