"""Which places of an output count: those that a mask of Keras or a void label leaves out count nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

VOID = -1
"""Stands for a label that does not count among class indices; in one-hot vectors a row of zeros does."""


def mask_of(output: Any) -> Any:
    """The mask (samples, …) that layers have given to an output, or None."""
    return getattr(output, "_keras_mask", None)


def counted_labels(target: Any, output: Any) -> Any:
    """Which places (samples, …) of an output (samples, …, units) have a label that is not void.

    The target has an index for each place, with or without an axis of one behind, or a one-hot vector.
    """
    from keras import ops

    if len(target.shape) < len(output.shape):
        return ops.not_equal(target, ops.cast(VOID, target.dtype))
    if target.shape[-1] == 1:
        return ops.not_equal(target[..., 0], ops.cast(VOID, target.dtype))
    return ops.any(ops.not_equal(target, 0), axis=-1)


def masks_by_target(output: Any, names: Sequence[str]) -> dict[str, Any]:
    """The mask (samples, …) of the output for each target that has one; the output is by name, or the only one."""
    masks = {name: mask_of(output[name] if isinstance(output, dict) else output) for name in names}
    return {name: mask for name, mask in masks.items() if mask is not None}


def counted_places(mask: Any, index: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any] | None:
    """Which places count (samples, …), by the mask of an output and the void labels among indices; None where all do."""
    import numpy as np

    void = None if index is None or index.dtype.kind not in "iu" or not (index == VOID).any() else index != VOID
    if mask is None:
        return void
    counted = np.asarray(mask, bool)
    return counted if void is None else counted & void.reshape(counted.shape)


def masked_output(output: Any, counted: Any) -> Any:
    """An output as a tensor whose mask says which places (samples, …) count."""
    from keras import ops

    tensor = ops.convert_to_tensor(output)
    tensor._keras_mask = ops.convert_to_tensor(counted)
    return tensor


def weights_of(mask: Any, given: Any, dtype: str) -> Any:
    """The weight (places,) of each place: 0 where the mask (samples, …) leaves it out, else what was given for it or 1."""
    from keras import ops

    counted = ops.cast(mask, dtype)
    if given is not None:
        given = ops.cast(given, dtype)
        counted = counted * ops.reshape(given, [-1, *given.shape[1:], *[1] * (len(mask.shape) - len(given.shape))])
    return ops.reshape(counted, [-1])


def places(values: Any, axes: int) -> Any:
    """An array (samples, …) with its first axes as one: (places, …)."""
    from keras import ops

    return ops.reshape(values, [-1, *values.shape[axes:]])
