"""Columns that always hold the same value and cannot help."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.data.dataset import Dataset
from dlcli.data.fields.padded import real_values
from dlcli.data.findings.columns import settings_without
from dlcli.finding import Finding, only_name


def constant_columns(dataset: Dataset) -> Finding | None:
    """A column whose cells are all the same in training, or an array that is the same in each sample."""
    import numpy as np

    constant: list[str] = []
    for each in dataset.schema.inputs:
        if each.columns is None:
            if not each.text and is_the_same_always(dataset, each.name):
                constant.append(each.name)
            continue
        tensor, start = real_values(dataset.splits["train"].inputs[each.name][:], each.padding), 0
        tensor = tensor.reshape(-1, each.shape[-1])
        for column in each.columns:
            part = tensor[:, start : start + column.width]
            if not len(part) or (np.all(part == part[0]) and not differs(dataset, column.name)):
                constant.append(column.name)
            start += column.width
    if not constant:
        return None
    return Finding(
        code="constant_columns",
        severity="warning",
        where=only_name(constant),
        facts={"columns": constant},
        advice=settings_without(dataset, constant, why="they cannot help"),
    )


def is_the_same_always(dataset: Dataset, name: str) -> bool:
    """Whether an array holds the same in every training sample."""
    import numpy as np

    values = dataset.splits["train"].inputs[name]
    if len(values) < 2 or values.dtype.kind not in "fiub" or not np.array_equal(values[0], values[1]):
        return False  # two samples that differ are enough, whatever the others take to read
    return bool((values[:] == values[0]).all())


def differs(dataset: Dataset, name: str) -> bool:
    """Whether the source has whole numbers in a column that 64 bits with decimals make equal."""
    values = dataset.column(name, dataset.splits["train"].source_rows)
    return bool(values.dtype.kind in "iu" and values.min() != values.max())


def cases(table: Callable[..., Dataset]) -> list[tuple[Dataset, bool]]:
    """Tables of which the first shows it and the others do not."""
    return [
        (table(c=[3] * 200), True),
        (table(c=[3, 4] * 100), False),
        (table(picture=(8, 8, 3)), False),
    ]
