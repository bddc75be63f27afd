"""Empty cells, and what fills them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcli.data.dataset import Dataset
from dlcli.data.fields.values import missing
from dlcli.data.findings.columns import input_columns
from dlcli.finding import Finding, only_name


def values_in(dataset: Dataset, name: str) -> Any:
    """A column with the rows that were left out; of a part of the data only its own rows."""
    return dataset.fields.arrays[name][:] if dataset.whole is None else dataset.column(name, dataset.rows)


def missing_values(dataset: Dataset) -> Finding | None:
    """Columns with empty cells, as the source holds them; an empty cell of a target of several labels has none of them."""
    targets = [each for each in dataset.schema.targets if each.labels is None]
    names = [*input_columns(dataset), *(name for target in targets for name in target.names)]
    counts = {name: count for name in names if (count := int(missing(values_in(dataset, name)).sum()))}
    return empty_cells(counts) if counts else None


def empty_cells(counts: dict[str, int]) -> Finding:
    """What is said of columns with so many empty cells each."""
    return Finding(code="missing_values", severity="note", where=only_name(list(counts)), facts={"columns": counts})


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(c=[None, *range(199, 0, -1)], keys={"missing": "mean"}), True),
        (table(c=[*range(200, 0, -1)], keys={"missing": "mean"}), False),
    ]
