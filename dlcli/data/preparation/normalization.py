"""Means and variances for a Normalization, counted in 64 bits; a feature that never changes is divided by 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dlcli.data.preparation.moments import Moments

if TYPE_CHECKING:
    import numpy as np

CONSTANT = 1e-12
"""A deviation that is a smaller share of the mean is what rounding has left of a constant."""


def learn_moments(layer: Any, batches: Iterable[np.ndarray[Any, Any]]) -> None:
    """Gives a Normalization that has not been adapted the moments of arrays (batch, …) along the axes that it keeps.

    Keras's own `adapt` counts batches in 32 bits, and its layer divides a constant feature by 1e-7, so that the first row
    that differs becomes millions.
    Raises `ValueError` where there is no batch.
    """
    import numpy as np

    seen = Moments()
    kept: tuple[int, ...] = ()
    for batch in batches:
        if not seen.count:
            layer.build(batch.shape)
            kept = tuple(axis % batch.ndim for axis in layer.axis)
        reduced = tuple(axis for axis in range(batch.ndim) if axis not in kept)
        values = np.asarray(batch, np.float64)
        size = values.size // max(1, int(np.prod([batch.shape[axis] for axis in sorted(kept)])))
        seen.add(values.mean(axis=reduced), values.var(axis=reduced) * size, size)
    if not seen.count:
        raise ValueError("there is no sample to learn from")
    mean, variance = seen.mean, seen.scatter / seen.count
    layer.adapt_mean.assign(mean)
    layer.adapt_variance.assign(np.where(np.sqrt(variance) <= CONSTANT * np.abs(mean), 1.0, variance))
    layer.finalize_state()
