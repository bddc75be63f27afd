"""The survey: one look through all rows of the columns that matter, a chunk at a time, before anything is trusted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import block_rows, is_lazy
from dlcli.data.fields.padded import PADDING
from dlcli.data.fields.values import check_finite, missing

if TYPE_CHECKING:
    import numpy as np

MOST_KEPT = 1_000_000
"""Values of a column that stays on disk that are kept for its median: spread evenly over its rows."""

DISTINCT = 100_000
"""So many different numbers of a target on disk are looked at to tell what it is."""


FILLED_BY_LEARNING = frozenset({"mean", "median", "most_frequent"})
"""What may stand for an empty cell that has to be learnt."""


@dataclass
class Empty:
    """How many cells of a column are empty, and the first of them."""

    count: int
    first: int


def find_empty(fields: Fields, names: Collection[str]) -> tuple[dict[str, Empty], np.ndarray[Any, Any]]:
    """By column its empty cells, and all rows with an empty cell (rows,), ascending. Refuses infinite numbers on disk.

    Fields that are read file by file are not looked into.
    """
    import numpy as np

    names = [name for name in names if name not in fields.complete]
    if not names:
        return {}, np.zeros(0, np.int64)
    found: dict[str, Empty] = {}
    rows, start = [np.zeros(0, np.int64)], 0
    for part in fields.parts(names):
        samples = part.samples
        any_empty = np.zeros(samples, bool)
        for name in names:
            if name not in part.arrays or is_lazy(part.arrays[name]):
                continue
            values = part.arrays[name][:]
            if fields.chunks is not None:
                check_finite(name, values, part)
            empty = missing(values)
            if empty.any():
                any_empty |= empty
                seen = found.setdefault(name, Empty(0, start + int(np.argmax(empty))))
                seen.count += int(empty.sum())
        rows.append(np.flatnonzero(any_empty) + start)
        start += samples
    return {name: found[name] for name in names if name in found}, np.concatenate(rows)


@dataclass
class Learnt:
    """What the training rows of one column hold: how often each name, or sum and count of the numbers."""

    names: Counter[str] = field(default_factory=Counter)
    total: Any = 0.0
    count: int = 0
    values: list[np.ndarray[Any, Any]] = field(default_factory=list)
    seen: list[float] | None = None
    """The least and the greatest of the numbers."""

    def widen(self, low: float, high: float) -> None:
        """Takes note of numbers between two; what is infinite is refused elsewhere, at its row."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return
        self.seen = [low, high] if self.seen is None else [min(low, self.seen[0]), max(high, self.seen[1])]

    @property
    def known(self) -> np.ndarray[Any, Any]:
        """The numbers that were kept."""
        import numpy as np

        return np.concatenate(self.values)


def learn(fields: Fields, kinds: Mapping[str, str], *, train: np.ndarray[Any, Any], keep: bool) -> dict[str, Learnt]:
    """What the rows `train` (rows,) hold in each column of `kinds` (`number` or `category`).

    `keep` asks for the numbers themselves, without the empty ones.
    """
    import numpy as np

    found = {name: Learnt() for name in kinds}
    if not kinds:
        return found
    start, every = 0, max(1, len(train) // MOST_KEPT) if fields.chunks is not None else 1
    for part in fields.parts(kinds):
        end = start + part.samples
        low, high = np.searchsorted(train, [start, end])
        rows = train[low:high] - start
        for name, kind in kinds.items():
            values, seen = part.arrays[name][rows], found[name]
            if kind == "category":
                seen.names.update(name for name in cell_names(values) if name is not None)
                continue
            known = values[~missing(values)]
            # In more than 64 bits, so that the mean is the same however the rows are cut into chunks.
            seen.total += np.sum(known, dtype=np.longdouble)
            seen.count += len(known)
            if len(known):
                seen.widen(float(known.min()), float(known.max()))
            if keep:
                seen.values.append(known[::every])
        start = end
    return found


def range_seen(name: str, fields: Fields, train: np.ndarray[Any, Any]) -> list[float] | None:
    """The least and the greatest number of an array (samples, …) in the training rows (rows,); None of one read file by file."""
    import numpy as np

    values = fields.arrays[name]
    if values.dtype.kind not in "fiub" or (is_lazy(values) and fields.chunks is None):
        return None
    seen, size, start = Learnt(), block_rows(values), 0
    for part in fields.parts({name}):
        low, high = np.searchsorted(train, [start, start + part.samples])
        rows = train[low:high] - start
        for first in range(0, len(rows), size):
            block = part.arrays[name][rows[first : first + size]]
            known = block[np.isfinite(block) & (block != PADDING)]
            if known.size:
                seen.widen(float(known.min()), float(known.max()))
        start += part.samples
    return seen.seen


def cell_names(values: np.ndarray[Any, Any]) -> list[str | None]:
    """The values of a column (rows,) as names, None for an empty one."""
    if values.dtype == object:
        return [value if value is None else str(value) for value in values.tolist()]
    empty = missing(values)
    return [None if absent else str(value) for value, absent in zip(values, empty, strict=True)]


def distinct(name: str, fields: Fields) -> Fields:
    """Of a source in chunks one row for each value that a field takes, enough to tell what kind of target it is.

    Of numbers that are no classes only the first DISTINCT are kept.
    """
    import numpy as np

    if fields.chunks is None:
        return fields
    seen: dict[Any, int] = {}
    start = 0
    for part in fields.parts({name}):
        values = part.arrays[name][:]
        for value, row in zip(*first_of_each(values), strict=True):
            if len(seen) < DISTINCT or values.dtype == object:
                seen.setdefault(value, start + row)
        start += part.samples
    rows = np.sort(np.fromiter(seen.values(), np.int64, len(seen)))
    by_row = {row: value for value, row in seen.items()}
    values = np.empty(len(rows), fields.arrays[name].dtype)
    values[:] = [by_row[row] for row in rows.tolist()]
    kept = rows if fields.kept is None else fields.kept[rows]
    return replace(fields, arrays={**fields.arrays, name: values}, kept=kept, chunks=None)


def first_of_each(values: np.ndarray[Any, Any]) -> tuple[list[Any], list[int]]:
    """The different values of an array, and the first row of each."""
    import numpy as np

    if values.dtype != object:
        different, rows = np.unique(values, return_index=True)
        return different.tolist(), rows.tolist()
    found: dict[Any, int] = {}
    for row, value in enumerate(values.tolist()):
        found.setdefault(value, row)
    return list(found), list(found.values())
