"""Empty cells, and what fills them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from dlcli.data.dataset import Dataset
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import is_lazy
from dlcli.data.fields.values import missing
from dlcli.data.findings.columns import input_columns
from dlcli.finding import Finding, only_name


def values_in(dataset: Dataset, name: str) -> Any:
    """A column with the rows that were left out; of a part of the data only its own rows."""
    return dataset.fields.arrays[name][:] if dataset.whole is None else dataset.column(name, dataset.rows)


def missing_values(dataset: Dataset) -> Finding | None:
    """Columns and arrays with empty cells, as the source holds them; one of a target of several labels has none of them."""
    held = {name for each in dataset.schema.targets if each.labels is None for name in each.names}
    names = [*input_columns(dataset), *input_arrays(dataset), *sorted(held)]
    counts = {name: count for name in names if (count := int(missing(values_in(dataset, name)).sum()))}
    return empty_cells(counts, dataset.fields, targets=held) if counts else None


def input_arrays(dataset: Dataset) -> list[str]:
    """The arrays in memory that are input."""
    names = [each.array or each.name for each in dataset.schema.inputs if each.columns is None and not each.texts]
    arrays = dataset.fields.arrays
    return [name for name in names if name in arrays and not is_lazy(arrays[name])]


def empty_cells(counts: dict[str, int], fields: Fields, *, targets: Collection[str] = ()) -> Finding:
    """What is said of fields with so many empty cells each."""
    facts = {
        "columns": counts,
        "targets": [name for name in counts if name in targets],
        "arrays": [name for name in counts if fields.arrays[name].ndim > 1],
    }
    return Finding(code="missing_values", severity="note", where=only_name(list(counts)), facts=facts)


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(c=[None, *range(199, 0, -1)], keys={"missing": "mean"}), True),
        (table(c=[*range(200, 0, -1)], keys={"missing": "mean"}), False),
    ]
