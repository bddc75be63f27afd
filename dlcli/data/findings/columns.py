"""What several rules ask of columns."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.data.dataset import Dataset
from dlcli.data.sources.source import FEATURES
from dlcli.finding import Setting


def input_columns(dataset: Dataset) -> list[str]:
    """The names of all columns that are input."""
    return [column.name for each in dataset.schema.inputs for column in each.columns or []]


def settings_without(dataset: Dataset, columns: Sequence[str], *, why: str) -> list[Setting]:
    """The inputs without some columns, where these are a plain list and others are left."""
    inputs = dataset.schema.inputs
    if len(inputs) > 1 or inputs[0].columns is None or inputs[0].name != FEATURES:
        return []
    names = input_columns(dataset)
    others = [name for name in names if name not in columns]
    return [Setting(key="data.inputs", old=names, new=others, why=why)] if others else []


def categories_of(dataset: Dataset) -> dict[str, list[str]]:
    """The names that training holds, of every input column of names."""
    return {
        column.name: column.categories
        for each in dataset.schema.inputs
        for column in each.columns or []
        if column.kind == "category" and column.categories
    }
