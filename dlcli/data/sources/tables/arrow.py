"""Columns of Arrow as NumPy arrays: numbers with NaN, text with None, dates as text that sorts by time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.padded import padded_rows
from dlcli.data.several_labels import BLANK, MARK
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow


LARGEST_OF_32_BITS = 3.4e38
LISTS_OF_WORDS = (
    'join each to a text, as "good old tea": an input of kind text, with TextVectorization (of letters, as "tea", with '
    "split: character); or write whole numbers for them, from 1 on"
)
"""What helps where an input is to be lists of words."""


def unheld_type(kind: pyarrow.DataType, *, labels: bool) -> str | None:
    """What a type is that is no column of numbers, text or times, and no list of numbers, or of `labels`; None of those."""
    import pyarrow

    types = pyarrow.types
    if is_list(kind):
        inner = kind.value_type
        if labels and (is_text(inner) or types.is_null(inner)):
            return None
        return None if types.is_integer(inner) or types.is_floating(inner) or is_list(inner) else lists_of(inner)
    held = is_number_type(kind) or is_text(kind) or types.is_temporal(kind) or types.is_null(kind)
    return None if held else str(kind)


def lists_of(inner: pyarrow.DataType) -> str:
    """What lists of a type hold, in words."""
    return "lists of words" if is_text(inner) else f"lists of {inner}"


def left_out(kinds: Mapping[str, pyarrow.DataType], *, labels: Collection[str]) -> dict[str, str]:
    """The columns that nothing can hold, with the note of each; `labels` are those that may hold lists of names."""
    told = {name: unheld_type(kind, labels=name in labels) for name, kind in kinds.items()}
    return {name: f"column '{name}' holds {what} and is left out" for name, what in told.items() if what is not None}


def check_type(name: str, kind: pyarrow.DataType, path: Path, *, labels: Collection[str]) -> None:
    """Raises `DataError` for a type that is no column of numbers, text or times, and no list of numbers.

    `labels` are the columns that may hold lists of names.
    """
    whole = unheld_type(kind, labels=name in labels)
    if whole is None:
        return
    raise DataError(
        f"column '{name}' holds {whole}, which is neither numbers, text nor times, nor lists of numbers",
        file=path,
        hint=LISTS_OF_WORDS
        if is_list(kind) and is_text(kind.value_type)
        else "write the columns that matter under data.inputs",
        kind="unsupported_type",
    )


def is_number_type(kind: pyarrow.DataType) -> bool:
    """Whether a type is a number, yes or no counting as one."""
    import pyarrow

    types = pyarrow.types
    return any(is_kind(kind) for is_kind in (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal))


def is_text(kind: pyarrow.DataType) -> bool:
    """Whether a type is text, or one of few texts."""
    import pyarrow

    if pyarrow.types.is_dictionary(kind):
        kind = kind.value_type
    types = pyarrow.types
    return any(is_kind(kind) for is_kind in (types.is_string, types.is_large_string, types.is_string_view))


def is_complete(column: pyarrow.ChunkedArray) -> bool:
    """Whether numbers are all there and finite in 32 bits."""
    import pyarrow.compute as compute

    if column.null_count:
        return False
    ends = compute.min_max(column).as_py()
    return bool(ends["min"] is not None and max(abs(ends["min"]), abs(ends["max"])) < LARGEST_OF_32_BITS)


def is_list(kind: pyarrow.DataType) -> bool:
    """Whether a type is a list of values."""
    import pyarrow

    types = pyarrow.types
    return any(is_kind(kind) for is_kind in (types.is_list, types.is_large_list, types.is_fixed_size_list))


def array_of(
    name: str,
    column: pyarrow.ChunkedArray,
    path: Path,
    *,
    as_text: bool = False,
    has_empty: bool = False,
    even: bool = False,
    before: int = 0,
) -> np.ndarray[Any, Any]:
    """A column as an array (rows,), or (rows, …) for lists, with padding behind shorter ones unless all are to be `even`.

    With `has_empty` numbers are float64 even where none is empty, because in other rows some are. `before` are the rows of
    the file before these.
    """
    import pyarrow

    kind = column.type
    if is_list(kind):
        inner = kind.value_type
        return (
            joined_labels(column)
            if is_text(inner) or pyarrow.types.is_null(inner)
            else list_array(name, column, path, even=even, before=before)
        )
    if as_text or is_text(kind):
        return texts(column)
    if pyarrow.types.is_duration(kind):
        column = seconds(column)
    elif pyarrow.types.is_temporal(kind):
        return times(column)
    if pyarrow.types.is_boolean(kind):
        column = column.cast(pyarrow.uint8())
    if pyarrow.types.is_decimal(kind) or pyarrow.types.is_null(kind):
        column = column.cast(pyarrow.float64())
    if has_empty or (column.null_count and not pyarrow.types.is_floating(column.type)):
        column = column.cast(pyarrow.float64())
    if column.null_count:
        column = column.fill_null(pyarrow.scalar(float("nan"), column.type))
    return plain_numbers(column)


def plain_numbers(column: pyarrow.ChunkedArray) -> np.ndarray[Any, Any]:
    """Numbers (rows,) without empty cells.

    Arrow's own way loads pandas where that is installed, which takes longer than reading a small table.
    """
    import numpy as np

    parts = [plain_chunk(chunk) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.empty(0, column.type.to_pandas_dtype())


def plain_chunk(chunk: pyarrow.Array) -> np.ndarray[Any, Any]:
    """One chunk of numbers, or of yes and no, without empty cells."""
    import numpy as np
    import pyarrow

    if pyarrow.types.is_boolean(chunk.type):
        chunk = chunk.cast(pyarrow.uint8())
    dtype = np.dtype(chunk.type.to_pandas_dtype())
    buffer = chunk.buffers()[1]
    if buffer is None or not len(chunk):
        return np.empty(0, dtype)
    return np.frombuffer(buffer, dtype, len(chunk), chunk.offset * dtype.itemsize)


def texts(column: pyarrow.ChunkedArray) -> np.ndarray[Any, Any]:
    """Text as objects (rows,), None for an empty cell; cells that are the same share their string."""
    import numpy as np
    import pyarrow

    if not pyarrow.types.is_dictionary(column.type):
        column = column.cast(pyarrow.string()).dictionary_encode()
    parts = [np.empty(0, object)]
    for chunk in column.chunks:
        names = np.array([*chunk.dictionary.cast(pyarrow.string()).to_pylist(), None], object)
        codes = chunk.indices.cast(pyarrow.int64()).fill_null(len(names) - 1)
        parts.append(names[plain_numbers(pyarrow.chunked_array([codes]))])
    return np.concatenate(parts)


def times(column: pyarrow.ChunkedArray) -> np.ndarray[Any, Any]:
    """Times (rows,) as text whose order is that of time: `2024-01-31 09:30:00`."""
    import pyarrow

    if pyarrow.types.is_timestamp(column.type) and column.type.tz is not None:
        column = column.cast(pyarrow.timestamp(column.type.unit))
    return texts(column.cast(pyarrow.string()))


PARTS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""Parts of a second by the unit of a duration."""


def seconds(column: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray:
    """Durations as seconds."""
    import pyarrow
    import pyarrow.compute as compute

    counts = column.cast(pyarrow.int64()).cast(pyarrow.float64(), safe=False)
    return compute.divide(counts, float(PARTS[column.type.unit]))


def joined_labels(column: pyarrow.ChunkedArray) -> np.ndarray[Any, Any]:
    """Lists of names as text (rows,): each name behind MARK, BLANK for one that is not written; None for an empty cell."""
    import pyarrow
    import pyarrow.compute as compute

    lists = column.cast(pyarrow.list_(pyarrow.string())).combine_chunks()
    names = compute.fill_null(lists.flatten(), "")
    names = compute.if_else(compute.equal(compute.utf8_trim_whitespace(names), ""), BLANK, names)
    lengths = compute.fill_null(compute.list_value_length(lists), 0).to_pylist()
    offsets = pyarrow.array([0, *accumulate(lengths)], pyarrow.int32())
    written = pyarrow.ListArray.from_arrays(offsets, names, mask=lists.is_null())
    joined = compute.binary_join(written, MARK)
    return texts(pyarrow.chunked_array([compute.binary_join_element_wise(pyarrow.scalar(""), joined, MARK)]))


def list_array(name: str, column: pyarrow.ChunkedArray, path: Path, *, even: bool, before: int) -> np.ndarray[Any, Any]:
    """Lists of numbers, at any depth, as (rows, length, …), with padding behind those that are shorter than others.

    Raises `DataError` where they differ in more than their length, or are to be `even` and are not.
    """
    import numpy as np

    rows, padded = column.to_pylist(), None
    decimals = np.float64 if "float" in str(column.type) or "double" in str(column.type) else None
    if None in rows and decimals is not None:
        rows = with_empty_lists(rows)
    for dtype in dict.fromkeys([decimals, np.float64]):  # whole numbers with an empty cell among them are no whole ones
        array = np.zeros(0, object)
        with suppress(ValueError, TypeError):
            array = np.array(rows, dtype=dtype)
        if array.dtype.kind in "fiu" and array.ndim > 1 and array.size:
            return array
        if padded is None and None not in rows:
            with suppress(ValueError, TypeError):
                padded = padded_rows([np.array(row, dtype) for row in rows])
    if padded is None or even:
        told = (
            "lists of different lengths, which are read in memory alone" if padded is not None else uneven(rows, before)
        )
        hint = "write data.stream: false" if padded is not None else None
        raise DataError(f"column '{name}' holds {told}", file=path, hint=hint, kind="several_shapes")
    return padded


def with_empty_lists(rows: list[Any]) -> list[Any]:
    """Lists of numbers with one of NaN for each that is not there, as long as the first that is."""
    import numpy as np

    first = next((row for row in rows if row is not None), [0.0])
    try:
        nothing = np.full(np.shape(first), np.nan).tolist()
    except ValueError:  # lists in it of several lengths, which are told of
        return rows
    return [nothing if row is None else row for row in rows]


def uneven(rows: Sequence[Any], before: int) -> str:
    """What keeps lists from being samples that differ in their length alone, with the first row that shows it."""
    import numpy as np

    first: tuple[int, ...] | None = None
    for number, row in enumerate(rows, start=before + 1):
        if row is None:
            return f"an empty cell in row {number}, among lists that are not equally long"
        if not row:
            return f"an empty list in row {number}"
        try:
            shape = np.shape(np.array(row, np.float64))[1:]
        except (ValueError, TypeError):
            return f"a list in row {number} whose own lists are not equally long"
        if first is not None and shape != first:
            return f"lists of different shapes: in row {number} each place is {shape}, and before {first}"
        first = shape
    return "empty cells, empty lists, or lists that differ in more than their length"
