"""Columns that tell a target but for a few samples, or only together: what a copy becomes when it was worked over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

NEARLY = 0.99
"""The share of samples in which a copy is one, where a few were changed."""
FEWEST_VALUES, FEWEST_OF_A_CLASS = 20, 5
LIKELY, LOOKED_AT = 0.95, 2000  # unseen: time alone
"""The share that is asked for among so many rows before all are looked at."""
MORE_VALUES = 1
"""So many values more than there are classes a column may have that is the class under another name."""
FREQUENT = 0.1
SAME = 1e-6
"""How far, of the spread of the target, a number may be off that is the same."""


def some_rows(rows: int) -> np.ndarray[Any, Any]:
    """Some rows (rows,) spread evenly: most columns are told by them to be no copies."""
    import numpy as np

    return np.unique(np.linspace(0, rows - 1, LOOKED_AT).astype(int))


def is_near_copy(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> bool:
    """Whether a target of numbers (rows,) is a column (rows,), or proportional to it, in nearly all rows."""
    few = some_rows(len(target))
    if len(few) < len(target) and not is_proportional(values[few], target[few], share=LIKELY):
        return False
    return is_proportional(values, target, share=NEARLY)


def is_proportional(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any], *, share: float) -> bool:
    """Whether a target of numbers (rows,) is proportional to a column (rows,) in a share of the rows.

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
    return bool(slope and near.mean() >= share)


def is_near_name(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any], classes: list[str]) -> bool:
    """Whether a column (rows,) names the class (rows,) of nearly every row as the target does."""
    import numpy as np

    if len(classes) < 2 or len(target) < FEWEST_VALUES:
        return False
    names = np.array(classes, dtype=object)
    for rows, share in ((some_rows(len(target)), LIKELY), (slice(None), NEARLY)):
        held = np.array([str(each) for each in values[rows].tolist()], dtype=object)
        if (held == names[target[rows]]).mean() < share:
            return False
    return True


def is_near_flag(values: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> bool:
    """Whether a column (rows,) of hardly more values than there are classes tells nearly every row of each class."""
    import numpy as np

    if len(target) < FEWEST_VALUES:
        return False
    for rows, share in ((some_rows(len(target)), LIKELY), (slice(None), NEARLY)):
        held, classes = values[rows], target[rows]
        counts = np.bincount(classes)
        different, codes = np.unique(held.astype(str) if held.dtype == object else held, return_inverse=True)
        if not 1 < len(different) <= MORE_VALUES + np.count_nonzero(counts) or np.count_nonzero(counts) < 2:
            return False
        table = np.zeros((len(different), len(counts)), int)
        np.add.at(table, (codes, classes), 1)
        told = table.argmax(axis=1)
        right = np.array([table[told == each, each].sum() for each in range(len(counts))])
        if right.sum() < share * len(classes) or (right < LIKELY * counts)[counts > 0].any():
            return False
    return bool(counts[counts > 0].min() >= FEWEST_OF_A_CLASS)


def may_indicate(values: np.ndarray[Any, Any]) -> bool:
    """Whether a column (rows,) has two values at most in some of its rows, so that it may tell one class from all others."""
    few = values[some_rows(len(values))].tolist()
    return len({*few}) <= 2


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
