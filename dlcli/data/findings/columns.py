"""What several rules ask of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.data.sources.source import FEATURES
from dlcli.finding import Setting

if TYPE_CHECKING:
    import numpy as np


def input_columns(dataset: Dataset) -> list[str]:
    """The names of all columns that are input."""
    return [column.name for each in dataset.schema.inputs for column in each.columns or []]


MOST_NUMBERS = 64  # unseen: time alone
"""So many numbers a sample may an array have that is looked at as columns; more are a signal or a picture."""


def training_columns(dataset: Dataset) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Every column of the training split that is input (samples,) by name: of a table, and the numbers of a short array."""
    train = dataset.splits["train"]
    for schema in dataset.schema.inputs:
        for column in schema.columns or []:
            yield column.name, dataset.column(column.name, train.source_rows)
        whole = schema.padding is None and len(schema.shape) <= 1
        if schema.columns is not None or schema.text or not whole or train.streams:
            continue
        width = schema.shape[0] if schema.shape else 1
        if width <= MOST_NUMBERS:
            values = train.inputs[schema.name][:].reshape(len(train), width)
            for place in range(width):
                yield (schema.name if width == 1 else f"{schema.name}[{place}]"), values[:, place]


def training_texts(dataset: Dataset) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """The texts (samples,) of the training split by name; none of what is read when it is asked for."""
    train = dataset.splits["train"]
    for schema in dataset.schema.inputs:
        if schema.text and not schema.texts and schema.pieces is None and not train.streams:
            yield schema.fields[0], train.inputs[schema.name][:]


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
