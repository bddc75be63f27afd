"""Columns without a single value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dlcli.data.dataset import Dataset
from dlcli.data.fields.values import missing
from dlcli.data.findings.columns import input_columns, settings_without
from dlcli.finding import Finding, Setting, only_name


def empty_columns(dataset: Dataset) -> Finding | None:
    """An input column of which no cell of the training rows holds anything."""
    rows = dataset.splits["train"].source_rows
    empty = [name for name in input_columns(dataset) if len(rows) and missing(dataset.column(name, rows)).all()]
    return hollow_columns(empty, settings_without(dataset, empty, why="they hold nothing")) if empty else None


def hollow_columns(columns: list[str], advice: Sequence[Setting] = ()) -> Finding:
    """What is said of columns that hold nothing."""
    facts = {"columns": columns}
    return Finding(code="empty_columns", severity="warning", where=only_name(columns), facts=facts, advice=advice)


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    nothing = {"missing": {"constant": 0}}
    return [
        (table(c=[None] * 200, keys=nothing), True),
        (table(c=[None] * 199 + [1], keys={**nothing, "split": {"validation": 0, "test": 0}}), False),
    ]
