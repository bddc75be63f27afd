"""Describes the columns of a table one by one: what each holds, its spread as a histogram, its most frequent names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.data.description.spread import spread_of
from dlcli.data.encode import time_column
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.values import missing

if TYPE_CHECKING:
    import numpy as np

MOST_NAMES = 5
MOST_COLUMNS = 1000
"""Columns beyond these are not described one by one."""


@dataclass(frozen=True)
class ColumnSeen:
    """One column in the rows that were looked at; a column of numbers or times has a histogram, one of names their counts.

    Times are seconds since 1970.
    """

    name: str
    kind: str
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    deviation: float | None = None
    missing: int = 0
    different: int = 0
    histogram: list[int] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)


def input_descriptions(dataset: Dataset) -> list[ColumnSeen]:
    """The columns of all inputs in the training rows, in the order of the inputs."""
    names = dict.fromkeys(column.name for each in dataset.schema.inputs for column in each.columns or [])
    rows = dataset.splits["train"].source_rows
    times = {
        column.name: column for each in dataset.schema.inputs for column in each.columns or [] if column.kind == "time"
    }
    described = []
    for name in list(names)[:MOST_COLUMNS]:
        values = dataset.column(name, rows)
        if name in times and values.dtype == object:
            seconds = time_column(name, values, dataset.fields, first=times[name].first)
            described.append(replace(seen(name, seconds), kind="times"))
        else:
            described.append(seen(name, values))
    return described


def columns_in(fields: Fields, rows: np.ndarray[Any, Any]) -> list[ColumnSeen]:
    """The columns of a table of which no target is known, in the rows (rows,)."""
    names = [name for name, column in fields.arrays.items() if column.ndim == 1]
    return [seen(name, fields.arrays[name][rows]) for name in names[:MOST_COLUMNS]]


def seen(name: str, values: np.ndarray[Any, Any]) -> ColumnSeen:
    """The description of one column (rows,)."""
    import numpy as np

    empty = missing(values)
    known = values[~empty]
    if values.dtype == object:
        counts = Counter(known.tolist())
        return ColumnSeen(
            name, "names", missing=int(empty.sum()), different=len(counts), names=dict(counts.most_common(MOST_NAMES))
        )
    known = known[np.isfinite(known)]
    if not len(known):
        return ColumnSeen(name, "numbers", missing=int(empty.sum()))
    spread = spread_of(known)
    return ColumnSeen(
        name,
        "numbers",
        spread.least,
        spread.greatest,
        spread.mean,
        spread.deviation,
        int(empty.sum()),
        len(np.unique(known)),
        spread.histogram,
    )
