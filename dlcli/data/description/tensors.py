"""Describes data: for each split and tensor its size, axes, type, range, what is missing and its classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from dlcli.data.dataset import Dataset, Samples, class_indices
from dlcli.data.description.spread import mean_of
from dlcli.data.encode import is_written_number
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column, block_rows, is_lazy, nbytes
from dlcli.data.fields.padded import PADDING, real_values
from dlcli.data.fields.values import missing
from dlcli.data.schema import TargetSchema

if TYPE_CHECKING:
    import numpy as np

MOST_DECODED = 1 << 30
"""Files are decoded for their range up to so many bytes; of more, some that are spread evenly."""


@dataclass(frozen=True)
class Tensor:
    """One tensor of one split; the keys of `dlcli inspect-data --json`. `classes` counts the samples of each class.

    `seen` is how many samples the range is of.
    """

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
    seen: int = 0


@dataclass
class Range:
    """The least and greatest of many numbers, and their mean; of text only its bytes."""

    low: float = float("inf")
    high: float = float("-inf")
    mean: float = 0.0
    count: int = 0
    text_bytes: int = 0
    samples: int = 0

    def add(self, values: np.ndarray[Any, Any], *, samples: int | None = None) -> None:
        """Takes a block (samples, …), or what counts of so many samples, into account; NaN is no number."""
        import numpy as np

        self.samples += len(values) if samples is None else samples
        if values.dtype == object:
            self.text_bytes += sum(len(value.encode()) for value in values.ravel() if value is not None)
        elif values.dtype.kind in "fiub":
            known = values[~np.isnan(values)] if values.dtype.kind == "f" and np.isnan(values).any() else values
            if known.size:
                self.low, self.high = min(self.low, known.min().item()), max(self.high, known.max().item())
                self.count += known.size
                share = known.size / self.count
                self.mean = self.mean * (1 - share) + mean_of(known) * share


def field_blocks(column: Column) -> Iterator[np.ndarray[Any, Any]]:
    """All of a field (samples, …) in blocks of samples that fit in memory; of many files some, spread evenly."""
    import numpy as np

    size, samples = block_rows(column), len(column)
    if is_lazy(column) and samples and nbytes(column) > MOST_DECODED and getattr(column, "chunks", None) is None:
        count = max(1, samples * MOST_DECODED // nbytes(column))
        chosen = np.unique(np.linspace(0, samples - 1, count).astype(np.int64))
        yield from (column[chosen[start : start + size]] for start in range(0, len(chosen), size))
        return
    yield from (column[start : start + size] for start in range(0, samples, size))


def tensor(
    split: str,
    role: str,
    name: str,
    column: Column,
    axes: list[str],
    *,
    missing: int,
    classes: Mapping[str, int] | None = None,
    counted: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]] | None = None,
) -> Tensor:
    """The description of an array (samples, …); text has no range. `counted` takes of a block what counts."""
    seen = Range()
    for block in field_blocks(column):
        seen.add(block if counted is None else counted(block), samples=len(block))
    return of_range(split, role, name, column, axes, seen, missing=missing, classes=classes)


def of_range(
    split: str,
    role: str,
    name: str,
    column: Column,
    axes: list[str],
    seen: Range,
    *,
    missing: int,
    classes: Mapping[str, int] | None = None,
) -> Tensor:
    """The description of a field whose range is known."""
    text = column.dtype == object
    return Tensor(
        split,
        role,
        name,
        list(column.shape),
        axes,
        column.ndim,
        "text" if text else str(column.dtype),
        seen.text_bytes if text else nbytes(column),
        seen.low if seen.count else None,
        seen.high if seen.count else None,
        seen.mean if seen.count else None,
        missing,
        classes,
        seen.samples,
    )


def describe_dataset(dataset: Dataset) -> list[Tensor]:
    """Inputs and targets of each split, as they are before preparation."""
    described = []
    for split, samples in dataset.splits.items():
        for schema in dataset.schema.inputs:
            names = [column.name for column in schema.columns or []]
            count = empty_cell_count(dataset.fields, names, samples)
            tensors = samples.inputs[schema.name]
            real = None if schema.padding is None else partial(real_values, padding=schema.padding)
            described.append(tensor(split, "input", schema.name, tensors, schema.axes, missing=count, counted=real))
        for target in dataset.schema.targets:
            encoded = samples.targets[target.name]
            counts = dataset.class_counts(split, target) or label_counts(target, encoded)
            numbers = class_numbers(target)
            some = target.has_void or target.padded or numbers is not None
            counted = partial(own_values, target, numbers) if some else None
            described.append(
                tensor(split, "target", target.name, encoded, target.axes, missing=0, classes=counts, counted=counted)
            )
    return described


def label_counts(target: TargetSchema, encoded: Column) -> dict[str, int] | None:
    """How many samples have each label, of a target of several labels a sample; None of another."""
    import numpy as np

    if target.labels is None:
        return None
    counts = np.zeros(len(target.labels), np.int64)
    for block in field_blocks(encoded):
        counts += np.asarray(block).sum(axis=0, dtype=np.float64).astype(np.int64)
    return dict(zip(target.labels, counts.tolist(), strict=True))


def class_numbers(target: TargetSchema) -> np.ndarray[Any, Any] | None:
    """The numbers (classes,) that stand in the data for classes which are an index for the model: -1 and 1 are 0 and 1."""
    import numpy as np

    names = target.classes or []
    if target.encode != "index" or not names or not all(map(is_written_number, names)):
        return None
    return np.array([float(name) for name in names])


def own_values(
    target: TargetSchema, numbers: np.ndarray[Any, Any] | None, values: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """The places of a target (samples, …) that have a class, (places, …), as `numbers` where its classes are some."""
    indices = class_indices(values, target)
    if indices is None:
        return real_values(values, PADDING if target.padded else None)
    known = indices >= 0
    return values[known] if numbers is None else numbers[indices[known]]


def empty_cell_count(fields: Fields, names: list[str], samples: Samples) -> int:
    """How many cells of some columns are empty in the rows of a split."""
    import numpy as np

    count, start = 0, 0
    for part in fields.parts(names) if names else ():
        low, high = np.searchsorted(samples.rows, [start, start + part.samples])
        rows = samples.rows[low:high] - start
        count += sum(int(missing(part.arrays[name][rows]).sum()) for name in names)
        start += part.samples
    return count


def describe_fields(fields: Fields) -> list[Tensor]:
    """Every column or array of a source of which no target is known."""
    role = "column" if fields.is_table else "array"
    if fields.chunks is None:
        return [
            tensor(
                "all",
                role,
                name,
                values,
                list(fields.axes_of(name)),
                missing=empty_in(values),
                counted=partial(real_values, padding=PADDING) if name in fields.padded else None,
            )
            for name, values in fields.arrays.items()
        ]
    # In one pass over all columns together: a table is read from disk row by row.
    seen = {name: Range() for name in fields.arrays}
    empty = dict.fromkeys(fields.arrays, 0)
    for part in fields.parts(fields.arrays):
        for name, values in part.arrays.items():
            seen[name].add(values[:])
            empty[name] += int(missing(values[:]).sum())
    return [
        of_range("all", role, name, values, list(fields.axes_of(name)), seen[name], missing=empty[name])
        for name, values in fields.arrays.items()
    ]


def empty_in(column: Column) -> int:
    """How many cells of a field (samples, …) are empty; files are not read for it."""
    return (
        0
        if is_lazy(column) and column.dtype == object
        else sum(int(missing(block).sum()) for block in field_blocks(column))
    )
