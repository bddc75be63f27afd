"""Columns of numbers that name the row."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.findings.columns import input_columns, settings_without
from dlcli.finding import Finding, only_name


def identifier_columns(dataset: Dataset) -> Finding | None:
    """A column of whole numbers that only ever goes up by one: it counts the rows."""
    import numpy as np

    if dataset.fields.windows is not None:
        return None  # the time of a series may well be an input
    counting = []
    for name in input_columns(dataset):
        rows = dataset.rows
        values = dataset.column(name, rows)
        if (
            values.dtype.kind in "iu"
            and len(values) > 2
            and np.array_equal(np.diff(values).astype(np.int64), np.diff(rows))
        ):
            counting.append(name)
    if not counting:
        return None
    return Finding(
        code="identifier_columns",
        severity="warning",
        where=only_name(counting),
        facts={"columns": counting},
        advice=settings_without(dataset, counting, why="a model could learn the rows by heart"),
    )


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(c=[*range(7, 207)]), True),
        (table(c=[*range(7, 206), 207]), False),
        (table(c=[*range(207, 7, -1)]), False),
    ]
