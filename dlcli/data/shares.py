"""Shares: numbers from 0 to 1 that say how likely a yes is, and what rounding puts beside 0 and 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

NOISE = 1e-6
"""How far beside 0 or 1 a number is still that."""
MOSTLY = 0.9
"""From this share of values between 0 and 1 on, they are shares, and the others are mistakes."""


def without_noise(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The values (…), those a rounding below 0 or above 1 as 0 and 1."""
    import numpy as np

    if values.dtype.kind != "f" or not values.size:
        return values
    low, high = (values < 0) & (values >= -NOISE), (values > 1) & (values <= 1 + NOISE)
    return np.where(low, 0, np.where(high, 1, values)).astype(values.dtype) if (low | high).any() else values


def are_shares(values: np.ndarray[Any, Any]) -> bool:
    """Whether values (rows,) are not all whole, and nearly all are from 0 to 1."""
    import numpy as np

    if values.dtype.kind != "f" or not len(values) or not (values != np.floor(values)).any():
        return False
    return float(((values >= 0) & (values <= 1)).mean()) >= MOSTLY
