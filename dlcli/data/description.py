"""Describes data: for each split and tensor its size, axes, type, range, what is missing and its classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset
from dlcli.data.fields import Fields
from dlcli.data.target import missing

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Tensor:
    """One tensor of one split; the keys of `dlcli inspect-data --json`. `classes` counts the samples of each class."""

    split: str
    role: str
    name: str
    shape: list[int]
    axes: list[str]
    ndim: int
    dtype: str
    bytes: int
    min: float | None
    max: float | None
    mean: float | None
    missing: int
    classes: Mapping[str, int] | None = None


def tensor(
    split: str,
    role: str,
    name: str,
    values: np.ndarray[Any, Any],
    axes: list[str],
    *,
    missing: int,
    classes: Mapping[str, int] | None = None,
) -> Tensor:
    """The description of an array; text has no range."""
    import numpy as np

    low = high = mean = None
    if values.dtype.kind in "fiub" and values.size:
        known = values if missing == 0 or values.dtype.kind != "f" else values[~np.isnan(values)]
        if known.size:
            low, high, mean = float(known.min()), float(known.max()), float(known.mean(dtype=np.float64))
    dtype = "text" if values.dtype == object else str(values.dtype)
    size = sum(len(str(value).encode()) for value in values) if values.dtype == object else int(values.nbytes)
    return Tensor(
        split, role, name, list(values.shape), axes, values.ndim, dtype, size, low, high, mean, missing, classes
    )


def describe_dataset(dataset: Dataset) -> list[Tensor]:
    """Inputs and target of each split, as they are before preparation."""
    described = []
    for split, samples in dataset.splits.items():
        for schema in dataset.schema.inputs:
            names = [column.name for column in schema.columns or []]
            count = sum(int(missing(dataset.fields.arrays[name])[samples.rows].sum()) for name in names)
            described.append(
                tensor(split, "input", schema.name, samples.inputs[schema.name], schema.axes, missing=count)
            )
        target = dataset.schema.target
        described.append(
            tensor(
                split,
                "target",
                target.name,
                samples.target,
                target.axes,
                missing=0,
                classes=dataset.class_counts(split),
            )
        )
    return described


def describe_fields(fields: Fields) -> list[Tensor]:
    """Every column or array of a source of which no target is known."""
    role = "column" if fields.is_table else "array"
    return [
        tensor("all", role, name, values, list(fields.axes_of(name)), missing=int(missing(values).sum()))
        for name, values in fields.arrays.items()
    ]
