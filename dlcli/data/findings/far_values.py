"""A few values far beyond all others of their column: slips of the pen, and codes for what is missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.finding import Finding, only_name

if TYPE_CHECKING:
    import numpy as np

FEWEST, DIFFERENT = 100, 30
"""So many values tell what is usual, of which so many are not the middle one."""
FEW = 0.01
"""No more than such a share of all values is a few."""
TIMES = 10.0
"""So many times the whole range of all others lies between these and the few."""
SURE = 9.0
"""So many times what the farther quarter of the others goes beyond its own beginning, by factors, the few go beyond its end: the
longest tails of incomes and counts have no such gap, chance leaves one in them once in thousands of columns."""
OF_NINES = 3.0
"""The same of one value of nines that comes again and again."""
OTHER_SIDE = 1.0
"""The same where all others lie on the other side of 0, or at it: an amount that is taken back, or a debt, has its like there."""
OFTEN, MOST_OFTEN, OTHERS = 3, 0.4, 10
"""One value that comes again so many times, in up to such a share of all, is a code where it is as far beyond the others, of
which so many are different: only 0 may be a true amount."""
SINGLE = 9
"""A single nine may be a true amount on either side of 0."""
UNITS = (100.0, 1000.0)
"""How many times another unit is: cents for euros, grams for kilograms."""
MOST_SLIPS, OF_UNITS = 0.03, 4.0
"""Such a share of all values may stand in another unit, where some do, and so many times what the tail of the others goes on by,
by factors, they are beyond it: chance leaves one such gap in tens of thousands of columns with long tails."""
TAIL, SHORTEST = 4, 10
"""The farther one of so many of the others is their tail, which has at least so many values."""


def far_values(dataset: Dataset) -> Finding | None:
    """Seen where at most one of a hundred values of a column of numbers, input or target, lies far beyond all others, or one that
    comes again and again."""
    import numpy as np

    if dataset.splits["train"].streams:
        return None
    rows = np.unique(np.concatenate([each.source_rows for each in dataset.splits.values()]))
    columns = {}
    for name, role in number_columns(dataset):
        values = dataset.column(name, rows)
        seen = few_beyond(values) if values.ndim == 1 and values.dtype.kind in "fiu" else None
        if seen is not None:
            few, usual = seen
            columns[name] = {
                "role": role,
                "row": int(rows[few[0]]) + 1,
                "value": float(values[few[0]]),
                "count": len(few),
                "low": usual[0],
                "high": usual[1],
            }
    if not columns:
        return None
    return Finding(code="far_values", severity="warning", where=only_name([*columns]), facts={"columns": columns})


def number_columns(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """The columns of the source that are learnt from as numbers, and those that are learnt, with their role."""
    for each in dataset.schema.inputs:
        for column in each.columns or []:
            if column.kind == "number":
                yield column.name, "input"
    for target in dataset.schema.targets:
        if target.classes is None and target.labels is None and not target.text and not target.absent:
            for name in target.names:
                if name in dataset.fields.arrays:
                    yield name, "target"


def few_beyond(values: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], tuple[float, float]] | None:
    """The places of the few values (samples,) that lie far beyond all others, and the ends of these; None where none do."""
    import numpy as np

    known = np.flatnonzero(np.isfinite(values))
    numbers = values[known].astype(np.float64)
    if len(known) < FEWEST:
        return None
    for sign in (1.0, -1.0):
        order = np.argsort(sign * numbers, kind="stable")
        ascending = (sign * numbers)[order]
        count = beyond_end(ascending) or again_at_end(ascending) or in_other_unit(ascending)
        if count:
            others = numbers[order[:-count]]
            return np.sort(known[order[-count:]]), (float(others.min()), float(others.max()))
    return None


def beyond_end(ascending: np.ndarray[Any, Any]) -> int:
    """How many of the last ascending values (samples,) lie far beyond all others."""
    import numpy as np

    most = max(1, int(FEW * len(ascending)))
    gaps, ranges = np.diff(ascending)[-most:], (ascending - ascending[0])[-1 - most : -1]
    for place in np.flatnonzero((ranges > 0) & (gaps > TIMES * ranges)):
        count = most - int(place)
        if is_beyond(ascending, count):
            return count
    return 0


def again_at_end(ascending: np.ndarray[Any, Any]) -> int:
    """How often the last of ascending values (samples,) comes, where it is one alone far beyond all others: a code for what is
    missing."""
    import numpy as np

    last = float(ascending[-1])
    count = len(ascending) - int(np.searchsorted(ascending, last))
    if last == 0 or not OFTEN <= count <= MOST_OFTEN * len(ascending):
        return 0
    others = ascending[:-count]
    reach = float(others[-1] - others[0])
    code = is_of_nines(last)
    apart = code and abs(last) > SINGLE and others[-1] <= 0 < last
    times = OTHER_SIDE if apart else OF_NINES if code else TIMES
    if not 0 < times * reach < last - float(others[-1]) or len(np.unique(others)) < OTHERS:
        return 0
    return count if apart or is_beyond(ascending, count) else 0


def in_other_unit(ascending: np.ndarray[Any, Any]) -> int:
    """How many of the last ascending values (samples,), all above 0 or all below, are others a hundred or a thousand times, or
    such a part of them: the others span less than that, and end far before."""
    import numpy as np

    most = int(MOST_SLIPS * len(ascending))
    if ascending[0] * ascending[-1] <= 0 or most < OFTEN:
        return 0
    sizes = np.log(np.abs(ascending))
    sizes = sizes if sizes[-1] > sizes[0] else -sizes  # each way they ascend
    count = most - int(np.argmax(np.diff(sizes)[-most:]))
    others, few = sizes[:-count], sizes[-count:]
    if count < OFTEN or len(np.unique(others)) < DIFFERENT:
        return 0
    tail = others[-max(SHORTEST, len(others) // TAIL) :]
    if few[0] - others[-1] <= OF_UNITS * float((tail - tail[0]).mean()):
        return 0
    ends = others[0], others[-1]
    steps = [step for step in map(math.log, UNITS) if ends[1] < ends[0] + step]
    return count if any(ends[0] <= few[0] - step and few[-1] - step <= ends[1] for step in steps) else 0


def is_of_nines(value: float) -> bool:
    """Whether a number is one of nines alone, as 99 and -999: what people write for what is missing."""
    return value.is_integer() and {*str(abs(int(value)))} == {"9"}


def is_beyond(ascending: np.ndarray[Any, Any], count: int) -> bool:
    """Whether the last so many of ascending values (samples,) are beyond the tail of the others."""
    import numpy as np

    others, middle = ascending[:-count], float(np.median(ascending[:-count]))
    distances = np.sort(np.abs(others - middle))
    distances = distances[distances > 0]
    if len(distances) < DIFFERENT:
        return False
    tail = np.log(distances[-max(SHORTEST, len(distances) // TAIL) :])
    beyond = math.log(float(ascending[-count]) - middle) - float(tail[-1])
    return beyond > SURE * float((tail - tail[0]).mean())


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    usual = [*range(100), *range(98)]
    return [
        (table(c=[*usual, 1100, 3300]), True),
        (table(c=[*usual, 1080, 3300]), False),
        (table(c=[*usual[1:], 3300, 3310, 3320]), False),
        (table(c=[*[each % 9 for each in usual[12:]], *[-999] * 14]), False),
        (table(c=[*[3300 + each for each in usual[12:]], *[0] * 14]), False),
        (table(c=[0] * 198 + [1, 3300]), False),
    ]
