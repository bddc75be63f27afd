"""Which places of an output count: those that a mask of Keras or a void label leaves out count nowhere."""

from __future__ import annotations

from typing import Any

VOID = -1
"""Stands for a label that does not count among class indices; in one-hot vectors a row of zeros does."""


def mask_of(output: Any) -> Any:
    """The mask (samples, …) that layers have given to an output, or None."""
    return getattr(output, "_keras_mask", None)


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
