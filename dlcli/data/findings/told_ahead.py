"""Columns of a series that hold what its target will be: at a row they are what the target is some rows later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np

FEWEST = 100
"""Fewer windows tell nothing of a column."""
EQUAL, BEYOND_PRESENT = 0.9999, 0.99
"""The correlation of a column with the target ahead from which on it is that, and what is left of it where both are told without
the present of the target: of a series that hardly changes each row is the next."""
FORESEEN = 1e-4
"""The share of its variance that a series leaves at most of what it is ahead of two of its rows: it gives itself away."""


def columns_ahead(dataset: Dataset) -> Iterator[str]:
    """The columns of numbers that at the last row of a window are the target, so many rows ahead."""
    import numpy as np

    windows, train = dataset.schema.windows, dataset.splits["train"]
    steps = windows.furthest if windows is not None and windows.window is not None else 0
    if windows is None or steps < 1 or windows.each_step or isinstance(windows.horizon, list) or train.streams:
        return
    there = train.rows[train.rows - steps - 1 >= 0]
    targets = [each.column or each.name for each in dataset.schema.targets if each.classes is None and not each.columns]
    for target in targets if len(there) >= FEWEST else ():
        ahead, now, before = (finite_values(dataset, target, there - back) for back in (0, steps, steps + 1))
        if ahead is None or now is None or before is None:
            continue
        known = np.stack([np.ones(len(there)), now, before], axis=1)
        rest = untold(known, ahead)
        if rest.var() <= FORESEEN * ahead.var():
            continue
        for name in (column.name for each in dataset.schema.inputs for column in each.columns or []):
            values = finite_values(dataset, name, there - steps) if name != target else None
            if values is None or not values.std() or correlation(values, ahead) <= EQUAL:
                continue
            if correlation(untold(known, values), rest) >= BEYOND_PRESENT:
                yield name


def finite_values(dataset: Dataset, name: str, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """What a column has in some rows (rows,); None where these are no finite numbers."""
    import numpy as np

    values = dataset.column(name, rows) if name in dataset.fields.arrays else None
    if values is None or values.ndim != 1 or values.dtype.kind not in "fiu" or not np.isfinite(values).all():
        return None
    return values.astype(np.float64)


def untold(known: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What is left of values (rows,) that others (rows, columns) do not tell."""
    import numpy as np

    rest: np.ndarray[Any, Any] = values - known @ np.linalg.lstsq(known, values, rcond=None)[0]
    return rest


def correlation(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """How far two columns (rows,) go together, whichever way."""
    import numpy as np

    return abs(float(np.corrcoef(one, other)[0, 1])) if one.std() and other.std() else 0.0
