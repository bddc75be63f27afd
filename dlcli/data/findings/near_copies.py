"""Columns that tell a target but for a few samples, or only together: what a copy becomes when it was worked over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

NEARLY = 0.99
"""The share of samples in which a copy is one, where a few were changed."""
FEWEST_VALUES, FEWEST_OF_A_CLASS = 20, 5
FREQUENT = 0.1
SAME = 1e-6
"""How far, of the spread of the target, a number may be off that is the same."""


def is_near_copy(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> bool:
    """Whether a target of numbers (rows,) is a column (rows,), or proportional to it, in nearly all rows.

    A value that is very frequent, such as 0 in many tables, is left out: that it is the same says little.
    """
    import numpy as np

    different, counts = np.unique(target, return_counts=True)
    apart = (target != different[np.argmax(counts)]) | (counts.max() < FREQUENT * len(target))
    x, y = values[apart].astype(float), target[apart].astype(float)
    if len(different) < FEWEST_VALUES or len(np.unique(y)) < FEWEST_VALUES or not np.isfinite(x).all():
        return False
    # The slope that most pairs of rows have: a few that were changed do not move a median.
    half = len(x) // 2
    order = np.argsort(x, kind="stable")
    low, high = order[:half], order[-half:]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slopes = (y[high] - y[low]) / (x[high] - x[low])
    slopes = slopes[np.isfinite(slopes)]
    if not len(slopes):
        return False
    slope = float(np.median(slopes))
    rest = y - slope * x
    near = np.abs(rest - np.median(rest)) <= SAME * float(np.std(y))
    return bool(slope and near.mean() >= NEARLY)


def is_near_name(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any], classes: list[str]) -> bool:
    """Whether a column (rows,) names the class (rows,) of nearly every row as the target does."""
    import numpy as np

    names = np.array(classes, dtype=object)[target]
    same = np.array([str(each) for each in values.tolist()], dtype=object) == names
    return bool(len(classes) > 1 and len(target) >= FEWEST_VALUES and same.mean() >= NEARLY)


def class_indicators(columns: Mapping[str, np.ndarray[Any, Any]], target: np.ndarray[Any, Any]) -> list[str]:
    """Columns (rows,) of two values, each of which is one of them for one class alone, and which tell all classes together."""
    import numpy as np

    counts = np.bincount(target)
    classes = [int(each) for each in np.flatnonzero(counts)]
    if len(classes) < 3 or counts[classes].min() < FEWEST_OF_A_CLASS:
        return []
    told: dict[str, int] = {}
    for name, values in columns.items():
        held = values.astype(str) if values.dtype == object else values
        different, codes = np.unique(held, return_inverse=True)
        if len(different) != 2:
            continue
        for value in (0, 1):
            inside = {int(each) for each in np.unique(target[codes == value])}
            if len(inside) == 1 and (codes == value).sum() == counts[[*inside]].sum():
                told[name] = inside.pop()
                break
    return [*told] if len({*told.values()}) >= len(classes) - 1 else []
