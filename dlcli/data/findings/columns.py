"""Columns that cannot help: always the same value, or a number that names the row."""

from __future__ import annotations

from dlcli.data.dataset import Dataset
from dlcli.data.findings.finding import Finding


def input_columns(dataset: Dataset) -> list[str]:
    """The names of all columns that are input."""
    return [column.name for each in dataset.schema.inputs for column in each.columns or []]


def constant_columns(dataset: Dataset) -> Finding | None:
    """A column whose cells are all the same in training."""
    import numpy as np

    constant: list[str] = []
    for each in dataset.schema.inputs:
        if each.columns is None:
            continue
        tensor, start = dataset.splits["train"].inputs[each.name][:].reshape(-1, each.shape[-1]), 0
        for column in each.columns:
            part = tensor[:, start : start + column.width]
            if not len(part) or np.all(part == part[0]):
                constant.append(column.name)
            start += column.width
    if not constant:
        return None
    return Finding("constant columns", "warning", listed(constant), "leave them out of data.inputs: they cannot help")


def identifier_columns(dataset: Dataset) -> Finding | None:
    """A column of whole numbers that only ever goes up by one: it counts the rows."""
    import numpy as np

    if dataset.fields.windows is not None:
        return None  # the time of a series may well be an input
    found = []
    for name in input_columns(dataset):
        rows = dataset.rows
        values = dataset.column(name, rows)
        if values.dtype.kind in "iu" and len(values) > 2 and len(np.unique(values - rows)) == 1:
            found.append(name)
    if not found:
        return None
    return Finding(
        "identifier columns",
        "warning",
        f"{listed(found)} {'counts' if len(found) == 1 else 'count'} the rows",
        "leave them out of data.inputs: a model could learn the rows by heart",
    )


def listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(f"'{name}'" for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
