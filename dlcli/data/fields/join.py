"""Joins what several sources have read into one, the rows of one after those of the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.chunks import ChunkedColumn, Chunks
from dlcli.data.fields.fields import Fields, FileEach, Place
from dlcli.data.fields.lazy import Column, Joined, is_lazy
from dlcli.data.fields.padded import of_length
from dlcli.errors import DataError
from dlcli.spec import did_you_mean

if TYPE_CHECKING:
    import numpy as np


def joined_parts(parts: Sequence[Fields], *, splits: Mapping[str, np.ndarray[Any, Any]]) -> Fields:
    """The fields of all parts. Raises `DataError` where they have other fields, shapes, types or classes than the first."""
    padded = frozenset[str]().union(*(each.padded for each in parts))
    parts = [
        replace(each, arrays=dict(zip(each.arrays, of_longest(each, parts, padded), strict=True)), padded=padded)
        for each in parts
    ]
    first = parts[0]
    for other in parts[1:]:
        check_same_columns(first, other)
    parts = [with_classes_of(first, each) for each in parts]
    chunked = [each.chunks for each in parts if each.chunks is not None]
    chunks = Chunks.joined(chunked) if len(chunked) == len(parts) else None
    arrays: dict[str, Column] = {}
    for name in first.arrays:
        columns = [each.arrays[name] for each in parts]
        if chunks is not None and all(isinstance(column, ChunkedColumn) for column in columns):
            arrays[name] = chunks.column(name, Joined(columns).dtype, columns[0].shape[1:])
        else:
            arrays[name] = one_after_the_other(columns)
    notes = tuple(dict.fromkeys(note for each in parts for note in each.notes))
    complete = frozenset.intersection(*(each.complete for each in parts))
    return replace(
        first, arrays=arrays, places=places_of(parts), notes=notes, splits=splits, chunks=chunks, complete=complete
    )


def of_longest(part: Fields, parts: Sequence[Fields], padded: Collection[str]) -> list[Column]:
    """The fields of a part, those of unequal length as long as the longest sample of any part."""
    longest = {name: max(each.arrays[name].shape[1] for each in parts if name in each.arrays) for name in padded}
    return [of_length(values[:], longest[name]) if name in longest else values for name, values in part.arrays.items()]


def joined_splits(parts: Mapping[str, Fields]) -> Fields:
    """The fields of several splits, which each part stands for; of one that has splits itself its training split."""
    import numpy as np

    splits: dict[str, np.ndarray[Any, Any]] = {}
    start = 0
    for name, fields in parts.items():
        own = np.arange(fields.samples) if fields.splits is None else fields.splits["train"]
        splits[name] = own + start
        start += fields.samples
    return joined_parts(list(parts.values()), splits=splits)


def one_after_the_other(columns: Sequence[Column]) -> Column:
    """Columns (samples, …) joined along the samples: in memory, unless one of them is not."""
    import numpy as np

    return Joined(columns) if any(map(is_lazy, columns)) else np.concatenate([column[:] for column in columns])


def places_of(parts: Sequence[Fields]) -> Sequence[Place]:
    """Where the rows of all parts stand."""
    if all(isinstance(each.places, FileEach) for each in parts):
        return FileEach([place.file for each in parts for place in each.places])
    return [place for each in parts for place in each.places]


def check_same_columns(first: Fields, other: Fields) -> None:
    """Refuses parts that cannot be one table."""
    file = other.places[0].file
    names, others = set(first.arrays), set(other.arrays)
    if names != others:
        absent = sorted(names - others) or sorted(others - names)
        what = "lacks" if names - others else "has besides"
        raise DataError(
            f"it {what} the column '{absent[0]}'; the training data has: {', '.join(first.arrays)}",
            file=file,
            hint=did_you_mean(absent[0], others) if names - others else None,
            kind="columns_differ",
        )
    if other.windows is not None and other.windows != first.windows:
        raise DataError(
            "its series are cut into other windows than those of the training data", file=file, kind="windows_differ"
        )
    for name, column in first.arrays.items():
        mine, theirs = column, other.arrays[name]
        if mine.shape[1:] != theirs.shape[1:]:
            shapes = f"{tuple(theirs.shape[1:])} a sample, in the training data {tuple(mine.shape[1:])}"
            raise DataError(f"'{name}' has the shape {shapes}", file=file, kind="several_shapes")
        if (mine.dtype == object) != (theirs.dtype == object):
            held, here = ("text", "numbers") if mine.dtype == object else ("numbers", "text")
            raise DataError(
                f"column '{name}' holds {here}, in the training data {held}", file=file, kind="types_differ"
            )


def with_classes_of(first: Fields, other: Fields) -> Fields:
    """The fields with class indices that mean the classes of the first part. Refuses a class that it does not have."""
    import numpy as np

    arrays = dict(other.arrays)
    for name, classes in first.classes.items():
        own = other.classes.get(name, classes)
        unknown = [each for each in own if each not in classes]
        if unknown:
            raise DataError(
                f"there is a class '{unknown[0]}' that the training data does not have",
                file=other.places[0].file,
                hint=did_you_mean(unknown[0], classes),
                kind="unknown_class",
            )
        if own != classes:
            arrays[name] = np.array([classes.index(each) for each in own])[other.arrays[name][:]]
    return replace(other, arrays=arrays, classes=first.classes)
