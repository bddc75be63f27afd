"""Ranges of numbers with about as many of them each, for those that are told apart by size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

RANGES = 5
"""So many ranges are told apart."""


def ranges_of(values: Array) -> tuple[Array, Array]:
    """The edges of the ranges of values (values,), fewer where many are equal, and the number (values,) of the range of each."""
    import numpy as np

    edges = np.unique(np.quantile(values, np.linspace(0, 1, RANGES + 1), method="lower"))
    return edges, np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2)
