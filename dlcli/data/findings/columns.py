"""Columns that cannot help: always the same value, or a number that names the row."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.data.dataset import Dataset
from dlcli.data.sources.source import FEATURES
from dlcli.finding import Finding, Setting, only


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
    return Finding(
        code="constant_columns",
        severity="warning",
        where=only(constant),
        facts={"columns": constant},
        advice=settings_without(dataset, constant, why="they cannot help"),
    )


def identifier_columns(dataset: Dataset) -> Finding | None:
    """A column of whole numbers that only ever goes up by one: it counts the rows."""
    import numpy as np

    if dataset.fields.windows is not None:
        return None  # the time of a series may well be an input
    counting = []
    for name in input_columns(dataset):
        rows = dataset.rows
        values = dataset.column(name, rows)
        if values.dtype.kind in "iu" and len(values) > 2 and len(np.unique(values - rows)) == 1:
            counting.append(name)
    if not counting:
        return None
    return Finding(
        code="identifier_columns",
        severity="warning",
        where=only(counting),
        facts={"columns": counting},
        advice=settings_without(dataset, counting, why="a model could learn the rows by heart"),
    )


def settings_without(dataset: Dataset, columns: Sequence[str], *, why: str) -> list[Setting]:
    """The inputs without some columns, where these are a plain list and others are left."""
    inputs = dataset.schema.inputs
    if len(inputs) > 1 or inputs[0].columns is None or inputs[0].name != FEATURES:
        return []
    names = input_columns(dataset)
    others = [name for name in names if name not in columns]
    return [Setting(key="data.inputs", old=names, new=others, why=why)] if others else []
