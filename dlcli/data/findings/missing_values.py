"""Empty cells, and what fills them."""

from __future__ import annotations

from typing import Any

from dlcli.data.dataset import Dataset
from dlcli.data.findings.columns import input_columns
from dlcli.data.findings.finding import Finding
from dlcli.data.values import missing


def values_in(dataset: Dataset, name: str) -> Any:
    """A column with the rows that were left out; of a part of the data only its own rows."""
    return dataset.fields.arrays[name][:] if dataset.whole is None else dataset.column(name, dataset.rows)


def missing_values(dataset: Dataset) -> Finding | None:
    """Columns with empty cells, as the source holds them."""
    names = [*input_columns(dataset), *(name for target in dataset.schema.targets for name in target.names)]
    counts = {name: count for name in names if (count := int(missing(values_in(dataset, name)).sum()))}
    if not counts:
        return None
    shown = ", ".join(f"'{name}' {count}" for name, count in list(counts.items())[:5])
    more = f" and {len(counts) - 5} more columns" if len(counts) > 5 else ""
    return Finding(
        "empty cells", "note", shown + more, "write data.missing: drop, mean, median, most_frequent or {constant: 0}"
    )
