"""What the sources of arrays share: usual names, own splits told by name, and reading a large array in chunks."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.chunks import ChunkedColumn, Chunks
from dlcli.data.fields.fields import Fields, Place
from dlcli.data.fields.join import joined_splits
from dlcli.data.fields.lazy import Column, nbytes
from dlcli.data.fields.padded import PADDING, Padded, padded_fields, real_places
from dlcli.data.memory import free_memory
from dlcli.data.schema import Schema
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError, ResourceError
from dlcli.spec import did_you_mean

if TYPE_CHECKING:
    import numpy as np

CHUNK_BYTES = 1 << 22

Slice = Callable[[int, int], "np.ndarray[Any, Any]"]
"""Reads the samples from one number up to another."""


def chunked(name: str, shape: Sequence[int], dtype: Any, read: Slice, *, multiple: int = 1) -> ChunkedColumn:
    """An array (samples, …) in chunks of about CHUNK_BYTES, each a multiple of so many samples as are stored together."""
    import numpy as np

    samples = shape[0]
    rows = max(1, CHUNK_BYTES // max(array_bytes(shape[1:], np.dtype(dtype)), 1))
    rows = max(multiple, rows - rows % multiple)
    starts = range(0, samples, rows)

    def read_chunk(number: int, names: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
        start = starts[number]
        return {name: read(start, min(start + rows, samples))}  # unseen: a slice ends where the data does

    chunks = Chunks([min(start + rows, samples) - start for start in starts], read_chunk)
    return chunks.column(name, dtype, shape[1:])


def checked(name: str, array: np.ndarray[Any, Any], path: Path) -> np.ndarray[Any, Any]:
    """The array, text in it as Python's own. Raises `DataError` for what is neither numbers nor text."""
    import numpy as np

    if array.dtype.kind == "S":
        try:
            array = np.char.decode(array, "utf-8")
        except UnicodeDecodeError:
            raise DataError(
                f"the array '{name}' holds bytes that are no UTF-8 text", file=path, kind="wrong_encoding"
            ) from None
    if array.dtype.kind == "U":
        return array.astype(object)
    if array.dtype.kind == "f" and array.dtype.itemsize > np.dtype(np.float64).itemsize:
        with np.errstate(over="ignore"):
            return array.astype(np.float64)  # what is more than 64 bits Python has no number for
    if array.dtype.kind not in "fiub":
        raise DataError(
            f"the array '{name}' has the type {array.dtype}; expected numbers or text",
            file=path,
            kind="unsupported_type",
        )
    return array


def check_samples(arrays: Mapping[str, Column], path: Path) -> int:
    """How many samples the arrays (samples, …) have, which must agree. Raises `DataError` where they do not, or are empty."""
    single = next((name for name, array in arrays.items() if not array.ndim), None)
    if single is not None:
        message = f"'{single}' is a single value; expected samples on the first axis"
        raise DataError(message, file=path, kind="no_sample_axis")
    counts = {name: array.shape[0] for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DataError(
            f"the arrays differ in their number of samples (first axis): {shown}",
            file=path,
            kind="sample_counts_differ",
        )
    for name, array in arrays.items():
        if 0 in array.shape[1:]:
            raise DataError(
                f"the array '{name}' has the shape {tuple(array.shape)}: its samples are empty",
                file=path,
                kind="empty_samples",
            )
    samples = next(iter(counts.values()))
    if not samples:
        raise DataError("the arrays hold no samples", file=path, kind="no_samples")
    return samples


def check_array_memory(
    declared: int, path: Path, *, hint: str = "write data.stream: true to read them piece by piece"
) -> None:
    """Refuses what would not fit, before anything is allocated."""
    free = free_memory()
    if declared > free // 2:
        raise ResourceError(
            f"the arrays take {declared / 1e9:,.1f} GB, more than half of the {free / 1e9:.1f} GB of free memory",
            file=path,
            hint=hint,
            kind="out_of_memory",
        )


def array_bytes(shape: Sequence[int], dtype: np.dtype[Any]) -> int:
    """Bytes of an array; a product of Python's own numbers, which cannot overflow."""
    return math.prod(map(int, shape)) * dtype.itemsize


INPUTS = ("x", "x_train", "inputs", "input", "image", "images", "features", "data")
TARGETS = ("y", "y_train", "target", "targets", "label", "labels")
ENDINGS = {
    "train": ("_train", "_training"),
    "validation": ("_validation", "_valid", "_val"),
    "test": ("_test",),
}
"""How the names of arrays end that belong to one split."""


def own_splits(names: Collection[str]) -> dict[str, dict[str, str]]:
    """By common name the arrays of each split: x_train and x_test are the splits of x."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        for split, endings in ENDINGS.items():
            ending = next((each for each in endings if name.lower().endswith(each) and len(name) > len(each)), None)
            if ending is not None:
                found.setdefault(name[: -len(ending)], {})[split] = name
    return {stem: splits for stem, splits in found.items() if "train" in splits and len(splits) > 1}


def usual(names: Collection[str], arrays: Collection[str]) -> list[str]:
    """The array that has one of the usual names."""
    by_lower = {name.lower(): name for name in arrays}
    return [by_lower[name] for name in names if name in by_lower][:1]


def chosen_arrays(
    arrays: Collection[str],
    inputs: str | Sequence[str] | None,
    target: str | None,
    *,
    asked: Collection[str],
    word: str,
    path: Path,
) -> tuple[list[str], str | None]:
    """The arrays that are input and target: those that are named, else those with the usual names.

    `asked` are those that inputs and targets of the data name; what is left beside them is the input where it is one alone.
    Raises `DataError` for a name that is not there, and where no name tells which one is the input.
    """
    names = [inputs] if isinstance(inputs, str) else list(inputs or usual(INPUTS, arrays))
    target = target or next(iter(usual(TARGETS, arrays)), None)
    others = [name for name in arrays if name not in asked]
    for name in (*names, *([target] if target else [])):
        if name not in arrays:
            known = ", ".join(arrays)
            lengths = f"'{name}{LENGTHS}' is missing" if f"{name}{VALUES}" in arrays else None
            raise DataError(
                f"the file has no array '{name}'; it has: {known}",
                file=path,
                hint=lengths or did_you_mean(name, arrays),
                kind="no_such_array",
            )
    if not names and len(others) == 1:
        names = others
    if not names and not asked:
        raise DataError(
            f"which array is the input? the file has: {', '.join(arrays)}",
            file=path,
            hint=f"write {word}: {{path: …, inputs: NAME, target: NAME}}",
            kind="input_not_named",
        )
    return names, target


def by_split(
    arrays: Collection[str], inputs: str | Sequence[str] | None, target: str | None, *, asked: Collection[str]
) -> dict[str, dict[str, str]]:
    """By split the array that each name stands for, if the arrays that are asked for have splits of their own."""
    splits = own_splits(arrays)
    stems = {name: stem for stem, own in splits.items() for name in [stem, own["train"]]}
    if isinstance(inputs, str):
        inputs = [inputs]
    named = [*(inputs or usual(INPUTS, stems)), *([target] if target else usual(TARGETS, stems)), *asked]
    if not named or not all(name in stems for name in named):
        return {}
    found = {
        split: {stems[name]: splits[stems[name]][split] for name in named}
        for split in ENDINGS
        if all(split in splits[stems[name]] for name in named)
    }
    return found if len(found) > 1 else {}


def elsewhere_names(arrays: Collection[str], schema: Schema) -> dict[str, Any]:
    """Which arrays of other data are inputs and target, by the schema of a run; a single array is the single input."""
    inputs = [each.array or each.name for each in schema.inputs]
    if len(inputs) == 1 and inputs[0] not in arrays and len(arrays) == 1:
        inputs = list(arrays)
    targets = [name for target in schema.targets for name in target.names if name in arrays]
    return {"inputs": inputs, "target": next(iter(targets), None)}


def array_fields(
    read: Callable[[str], Column],
    names: Collection[str],
    inputs: str | Sequence[str] | None,
    target: str | None,
    *,
    reading: Reading,
    word: str,
    path: Path,
) -> Fields:
    """The fields of some arrays of a file, of which `read` gives one by its name; with splits if their names say so.

    Beside those that the source names, or that have the usual names, these are the ones that the `reading` asks for.
    """
    read, names = with_pieces(read, names, path)
    wanted = (reading.columns or frozenset()) | reading.often
    asked = [name for name in [*names, *own_splits(names)] if name in wanted]
    splits = by_split(names, inputs, target, asked=asked)
    if splits:
        first = splits["train"]
        goal = target or next(iter(usual(TARGETS, first)), None)
        goal = next((stem for stem, name in first.items() if goal in {stem, name}), None)
        told = [inputs] if isinstance(inputs, str) else [*(inputs or usual(INPUTS, first))]
        own = [stem for stem, name in first.items() if {stem, name} & {*told} or not {stem, name} & {*asked}]
        return joined_splits({split: one(read, each, own, goal, path) for split, each in splits.items()})
    own, goal = chosen_arrays(names, inputs, target, asked=asked, word=word, path=path)
    both = dict.fromkeys([*own, *([goal] if goal else []), *asked])
    fields = one(read, {name: name for name in both}, own, goal, path)
    return replace(fields, columns=tuple(names))


def with_pieces(
    read: Callable[[str], Column], names: Collection[str], path: Path
) -> tuple[Callable[[str], Column], list[str]]:
    """The arrays of a file and how each is read, where `x_values` and `x_lengths` are `x`: samples of unequal length."""
    stems = [name.removesuffix(VALUES) for name in names if name.endswith(VALUES)]
    whole = [stem for stem in stems if stem not in names and f"{stem}{LENGTHS}" in names]
    parts = {f"{stem}{ending}" for stem in whole for ending in (VALUES, LENGTHS)}

    def with_padding(name: str) -> Column:
        if name not in whole:
            return read(name)
        return of_pieces(name, read(f"{name}{VALUES}"), read(f"{name}{LENGTHS}")[:], path)

    return with_padding, [*whole, *(name for name in names if name not in parts)]


VALUES, LENGTHS = "_values", "_lengths"


def of_pieces(name: str, values: Column, lengths: np.ndarray[Any, Any], path: Path) -> np.ndarray[Any, Any]:
    """Values (rows, …) as samples of the `lengths` (samples,). Raises `DataError` for lengths that they do not have."""
    if (
        lengths.ndim != 1
        or lengths.dtype.kind not in "iu"
        or lengths.min(initial=1) < 1
        or int(lengths.sum()) != len(values)
    ):
        held = f"sum up to {lengths.sum():,}"
        if lengths.dtype.kind not in "iu" or lengths.ndim != 1:
            held = f"have the type {lengths.dtype} and the shape {tuple(lengths.shape)}"
        raise DataError(
            f"'{name}{LENGTHS}' must be whole numbers from 1 on, one a sample, whose sum is the {len(values):,} rows of "
            f"'{name}{VALUES}'; they {held}, the least is {lengths.min(initial=1)}",
            file=path,
            kind="sample_counts_differ",
        )
    check_array_memory(
        len(lengths) * int(lengths.max(initial=0)) * values[:1].nbytes, path, hint="leave out the longest samples"
    )
    if values.dtype.kind not in "fiub":
        raise DataError(f"'{name}{VALUES}' holds no numbers", file=path, kind="not_a_number")
    if not real_places(values[:][None], PADDING).all():
        message = f"'{name}{VALUES}' holds {PADDING}, which stands for the places behind the end of a sample"
        raise DataError(message, file=path, hint="write another number", kind="id_of_padding")
    return Padded(values, lengths.cumsum() - lengths, lengths, longest=int(lengths.max(initial=1)))[:]


def one(
    read: Callable[[str], Column], names: Mapping[str, str], inputs: Sequence[str], target: str | None, path: Path
) -> Fields:
    """Some arrays under the names they are to have."""
    stored = {name: read(each) for name, each in names.items()}
    samples = check_samples(stored, path)
    arrays, chunks = in_chunks(stored)
    own = tuple(name for name in inputs if name != target)
    padded = padded_fields(arrays)
    return Fields(arrays, [Place(str(path), samples)], inputs=own, target=target, chunks=chunks, padded=padded)


def in_chunks(arrays: Mapping[str, Column]) -> tuple[dict[str, Column], Chunks | None]:
    """The arrays, with the chunks they are read from if all of them stay on disk: the chunks of the widest of them."""
    columns = {name: each for name, each in arrays.items() if isinstance(each, ChunkedColumn)}
    if len(columns) < len(arrays):
        return dict(arrays), None
    widest = max(columns.values(), key=nbytes).chunks

    def read(number: int, names: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
        start, end = int(widest.starts[number]), int(widest.starts[number + 1])
        return {name: columns[name][start:end] for name in names}

    chunks = Chunks(widest.rows, read)
    return {name: chunks.column(name, each.dtype, each.shape[1:]) for name, each in columns.items()}, chunks


def named_inputs(inputs: str | list[str] | None) -> list[str] | None:
    """What inputs will be called, as far as that is certain: x_train may become x."""
    names = [inputs] if isinstance(inputs, str) else inputs
    return None if names is None or any(name.lower().endswith(ENDINGS["train"]) for name in names) else names
