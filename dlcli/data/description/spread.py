"""The spread of numbers of any size: exact ends, a mean and a deviation that do not overflow, a histogram that always exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

BINS = 16


@dataclass(frozen=True)
class Spread:
    """The ends of some numbers (whole ones where the numbers are whole), their mean, their deviation, and a histogram."""

    least: float
    greatest: float
    mean: float
    deviation: float
    histogram: list[int]


def spread_of(values: np.ndarray[Any, Any]) -> Spread:
    """The spread of at least one number (numbers,), all finite.

    Everything is reckoned with the share of the way from the least to the greatest: of nanoseconds since 1970 nothing is
    left of a square, and the greatest numbers have no sum.
    """
    import numpy as np

    least, greatest = values.min().item(), values.max().item()
    half = least / 2, greatest / 2
    # Between the greatest numbers there is more than the greatest number: then everything is halved.
    is_wide = values.dtype.kind == "f" and half[1] - half[0] > np.finfo(np.float64).max / 2
    width = half[1] - half[0] if is_wide else float(greatest - least)
    if not width:
        return Spread(
            least, greatest, float(least), 0.0, [0] * (BINS // 2) + [len(values)] + [0] * (BINS - BINS // 2 - 1)
        )
    shares = (values / 2 - half[0]) / width if is_wide else distances(values, least) / width
    mean, deviation = float(shares.mean()), float(shares.std())
    histogram = np.histogram(shares, bins=BINS, range=(0.0, 1.0))[0].tolist()
    if is_wide:
        return Spread(least, greatest, 2 * (half[0] + mean * width), 2 * deviation * width, histogram)
    return Spread(least, greatest, least + mean * width, deviation * width, histogram)


def distances(values: np.ndarray[Any, Any], least: float) -> np.ndarray[Any, Any]:
    """How far numbers (numbers,) are above their least, in 64 bits; of whole numbers exactly before they are rounded."""
    import numpy as np

    if values.dtype.kind == "f":
        return values.astype(np.float64) - least
    if values.dtype.kind == "b":
        return values.astype(np.float64)
    # As unsigned numbers the difference of any two is right, as it wraps around.
    return (values.astype(np.uint64) - np.array(least).astype(np.uint64)).astype(np.float64)


def mean_of(values: np.ndarray[Any, Any]) -> float:
    """The mean of numbers of any shape, at least one, all finite."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.mean(dtype=np.float64))
    return mean if np.isfinite(mean) else float((values / values.size).sum(dtype=np.float64))
