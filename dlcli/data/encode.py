"""Encodes raw rows as the tensors that a model takes, by the schema that training has learnt."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.chunks import ChunkedColumn, Chunks
from dlcli.data.fields.fields import Fields
from dlcli.data.fields.lazy import Column, is_lazy, nbytes, pixel_type, some_places
from dlcli.data.fields.padded import ID_PADDING, PADDING, of_length, real_places
from dlcli.data.fields.values import check_finite, missing
from dlcli.data.first_pass import Empty, cell_names
from dlcli.data.schema import ColumnSchema, InputSchema
from dlcli.data.text_strip import stripped
from dlcli.data.times import First, are_short_days, seconds_as, time_features
from dlcli.data.unlike import Unlike
from dlcli.data.written_numbers import LEADING_ZERO, NUMBER
from dlcli.errors import DataError
from dlcli.spec import written_otherwise

if TYPE_CHECKING:
    import numpy as np

BUFFER_BYTES = 1 << 27
"""How much encoded data of one input is kept to be shuffled together, where it is read in chunks."""

TOGETHER = 1024  # unseen: time alone
"""Rows of which one column after the other is put in its place, so that they stay near the processor."""


def encoded_input(schema: InputSchema, fields: Fields) -> tuple[Column, list[Unlike]]:
    """One input (samples, *shape), and what of it is unlike the training split.

    Of a source in chunks it is a lazy field that is encoded a chunk at a time; files stay lazy too. Raises `DataError` for a
    missing column, an empty cell without a fill value, text among numbers, infinite values.
    """
    if fields.chunks is None:
        return encode_input(schema, fields)
    names = present(schema, fields)
    stored = "object" if schema.text else "float64" if schema.columns else fields.arrays[names[0]].dtype

    def read(number: int, _: Collection[str]) -> Mapping[str, Any]:
        return {schema.name: encode_input(schema, fields.part(number, names))[0]}

    chunks = Chunks(fields.chunks.rows, read)
    chunks.keep = chunks_at_once(chunks.column(schema.name, stored, schema.shape))
    return chunks.column(schema.name, stored, schema.shape), []


def chunks_at_once(column: ChunkedColumn) -> int:
    """How many chunks of an input are kept and shuffled together: as many as BUFFER_BYTES hold, at least two."""
    largest = max(column.chunks.rows, default=1) * nbytes(column) // max(len(column), 1)
    return max(2, BUFFER_BYTES // max(largest, 1))


MOST_NAMED = 5


def present(schema: InputSchema, fields: Fields) -> list[str]:
    """The names of the fields that an input is made of, all of which the data has.

    Raises `DataError` for one that it lacks.
    """
    if schema.columns is None and schema.texts is None:
        name = schema.array or schema.name
        if name not in fields.arrays and schema.name in fields.arrays:
            name = schema.name  # data to predict may bear the input's own name
        if name not in fields.arrays:
            raise DataError(
                f"the data has no {'column' if schema.text else 'array'} '{name}'; it has: {', '.join(fields.names)}",
                file=fields.places[0].file,
                kind="no_such_column",
            )
        return [name]
    names = schema.texts or [column.name for column in schema.columns or []]
    absent = [name for name in names if name not in fields.arrays]
    if absent:
        named = ", ".join(f"'{name}'" for name in absent[:MOST_NAMED])
        more = f" and {len(absent) - MOST_NAMED} more" if len(absent) > MOST_NAMED else ""
        column = "column" if len(absent) == 1 else "columns"
        renamed = [hint for name in absent[:MOST_NAMED] if (hint := written_otherwise(name, fields.names)) is not None]
        raise DataError(
            f"the data lacks the {column} {named}{more}; it has: {', '.join(fields.names)}",
            file=fields.places[0].file,
            hint=", ".join(renamed) or None,
            kind="no_such_column",
        )
    return names


def encode_input(schema: InputSchema, fields: Fields) -> tuple[Column, list[Unlike]]:
    """An input (samples, …) of fields that are in memory, or read file by file."""
    import numpy as np

    names = present(schema, fields)
    if schema.text:
        texts = [stripped(encode_text(schema, name, fields), schema.strip) for name in names]
        return (texts[0] if schema.texts is None else np.stack([each[:] for each in texts], axis=1)), []
    if schema.columns is None and schema.padding is not None:
        return encode_padded(schema, names[0], fields)
    if schema.columns is None:
        return encode_array(schema, names[0], fields), other_pixels(schema, fields.arrays[names[0]])
    return encode_table(schema, schema.columns, fields)


def other_pixels(schema: InputSchema, values: Column) -> list[Unlike]:
    """Whether pictures have fewer or more bits than those of training had: white is another number then."""
    stored = pixel_type(values)
    if stored is None or schema.stored is None or stored == schema.stored:
        return []
    return [Unlike("other_type", schema.name, len(values), first=stored, stored=schema.stored)]


def encode_table(
    schema: InputSchema, columns: Sequence[ColumnSchema], fields: Fields
) -> tuple[np.ndarray[Any, Any], list[Unlike]]:
    """The columns of a table side by side, names as one-hot vectors: (samples, features) in 64 bits."""
    import numpy as np

    tensor = np.zeros((fields.samples, schema.shape[-1]))
    numbers: dict[int, np.ndarray[Any, Any]] = {}
    unlike, start = list[Unlike](), 0
    for column in columns:
        values = filled_column(column, fields)
        if column.kind == "number":
            numbers[start] = values
        elif column.kind == "time":
            tensor[:, start : start + column.width] = time_features(values, column.parts)
        else:
            codes = codes_of(values, column.categories)
            known = np.flatnonzero(codes >= 0)
            tensor[known, start + codes[known]] = 1
            if len(known) < len(codes):
                unlike.append(unknown_names(column.name, values, codes))
        start += column.width
    # A column at a time would go through all of the tensor's memory once a column.
    for row in range(0, len(tensor), TOGETHER):
        for place, values in numbers.items():
            tensor[row : row + TOGETHER, place] = values[row : row + TOGETHER]
    return tensor, unlike


def codes_of(values: np.ndarray[Any, Any], names: Sequence[str]) -> np.ndarray[Any, Any]:
    """Which of the names each value (rows,) is, -1 for none; where no name is the same, one that is the same number."""
    import numpy as np

    index: dict[Any, int] = {name: number for number, name in enumerate(names)}
    alike = Counter(map(plain_name, names))
    index = {plain: number for number, name in enumerate(names) if alike[plain := plain_name(name)] == 1} | index
    codes = {value: index.get(value, index.get(plain_name(value), -1)) for value in {*values.tolist()}}
    return np.fromiter((codes[value] for value in values.tolist()), np.int64, len(values))


def plain_name(name: str | None) -> str | None:
    """A name without blanks around it; a whole number without decimals, so that `1.0` is `1`; one with a leading zero stays."""
    text = None if name is None else str(name).strip()
    if text is None or not is_written_number(text) or not math.isfinite(float(text)):
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def unknown_names(name: str, values: np.ndarray[Any, Any], codes: np.ndarray[Any, Any]) -> Unlike:
    """The names that the training split did not have: those whose code is negative."""
    unknown = values[codes < 0]
    return Unlike("unknown_name", name, len(unknown), first=str(unknown[0]))


def encode_text(schema: InputSchema, name: str, fields: Fields) -> Column:
    """An input of text (samples, …), as it is. Raises `DataError` for numbers and for empty cells."""
    values = fields.arrays[name]
    if values.dtype != object or values.ndim > 1:
        raise DataError(
            f"'{name}' holds no text, but was text in training",
            file=fields.places[0].file,
            kind="type_differs_from_training",
        )
    if is_lazy(values):
        return values
    empty = missing(values[:])
    if not empty.any():
        return values
    fill = schema.fills.get(name, schema.fill)
    if fill is None:
        raise empty_cells_error({name: empty}, fields)
    filled_in = values[:].copy()
    filled_in[empty] = fill
    return filled_in


def encode_padded(schema: InputSchema, name: str, fields: Fields) -> tuple[Column, list[Unlike]]:
    """An input of samples of unequal length (samples, places, …), as long as those of training, and how many are longer.

    Raises `DataError` for an id that stands for padding.
    """
    import numpy as np

    places = schema.shape[0] + schema.ends
    values = fields.arrays[name][:]
    if values.dtype.kind not in "fi" or values.ndim not in {2, 1 + len(schema.shape)}:
        return encode_array(schema, name, fields), []
    there = real_places(values, PADDING)
    longer = int((there.sum(axis=1) > places).sum())
    values = of_length(values, places)
    if schema.padding == ID_PADDING:
        values = np.where(values == PADDING, ID_PADDING, refuse_padding_id(name, values, fields))
    elif values.ndim == 2:
        values = values[..., None]
    encoded = encode_array(schema, name, replace(fields, arrays={name: values}))
    return encoded, [Unlike("longer", name, longer, places=places)] if longer else []


def refuse_padding_id(name: str, values: np.ndarray[Any, Any], fields: Fields) -> np.ndarray[Any, Any]:
    """Ids (samples, places) none of which is that of padding. Raises `DataError` at the row of one that is."""
    import numpy as np

    rows = np.flatnonzero((values == ID_PADDING).any(axis=1))
    if not len(rows):
        return values
    file, line, words = fields.where(int(rows[0]), name)
    raise DataError(
        f"'{name}' holds the id 0 in {words}, which stands for the places behind the end of a shorter sample",
        file=file,
        line=line,
        hint=f"count ids from 1; or, if they are numbers, write data.inputs: {{{name}: {{columns: {name}, kind: number}}}}",
        kind="id_of_padding",
    )


def encode_array(schema: InputSchema, name: str, fields: Fields) -> Column:
    """An input that is one array, as it is, checked.

    Raises `DataError` for another shape than in training, for text and for empty cells.
    """
    import numpy as np

    values = fields.arrays[name]
    if schema.ends and values.ndim > 1:
        values = some_places(values, 0, values.shape[1] - schema.ends)
    if list(values.shape[1:]) != schema.shape:
        raise DataError(
            f"'{name}' has the shape {tuple(values.shape[1:])} a sample, expected {tuple(schema.shape)}",
            file=fields.places[0].file,
            kind="shape_differs_from_training",
        )
    if values.dtype.kind not in "fiub":
        held = "text" if values.dtype == object else f"the type {values.dtype}"
        raise DataError(f"'{name}' holds {held}; expected numbers", file=fields.places[0].file, kind="not_a_number")
    if is_lazy(values) or values.dtype.kind != "f":  # unseen: time and memory alone
        return values
    check_finite(name, values[:], fields)
    empty = missing(values[:])
    if not empty.any():
        return values
    if schema.fill is not None:
        return np.where(np.isnan(values[:]), schema.fill, values[:])
    raise empty_cells_error({name: empty}, fields)


def filled_column(column: ColumnSchema, fields: Fields) -> np.ndarray[Any, Any]:
    """The values (rows,) of a column with its empty cells filled.

    Raises `DataError` for text where training had numbers, and for empty cells that nothing fills.
    """
    import numpy as np

    values = fields.arrays[column.name][:]
    if column.kind == "category":
        values = np.array(cell_names(values), dtype=object)
    elif column.kind == "time" and values.dtype == object:
        values = time_column(column.name, values, fields, first=column.first)
    elif values.dtype == object and all(value is None or is_written_number(value) for value in values):
        values = np.array([np.nan if value is None else float(value) for value in values])
    elif values.dtype == object:
        row = next(row for row, value in enumerate(values) if value is not None and not is_written_number(value))
        file, line, words = fields.where(row, column.name)
        raise DataError(
            f"column '{column.name}' held numbers in training, but {words} is '{values[row]}'",
            file=file,
            line=line,
            kind="type_differs_from_training",
        )
    check_finite(column.name, values, fields)
    empty = missing(values)
    if not empty.any():
        return values
    if column.fill is None:
        raise empty_cells_error({column.name: empty}, fields)
    values = values.copy()
    values[empty] = column.fill
    return values


def time_column(
    name: str, values: np.ndarray[Any, Any], fields: Fields, *, first: First | None = None
) -> np.ndarray[Any, Any]:
    """Times as text (rows,) as seconds since 1970, NaN for an empty cell. Raises `DataError` at the row of what is none."""
    import numpy as np

    known = {text: seconds_as(str(text), first) for text in {*values.tolist()} if text is not None}
    odd = next((row for row, value in enumerate(values) if value is not None and known[value] is None), None)
    if odd is not None:
        file, line, words = fields.where(odd, name)
        raise DataError(
            f"column '{name}' is of kind time, but {words} is '{values[odd]}'",
            file=file,
            line=line,
            hint=time_hint(values, first),
            kind="not_a_time",
        )
    seconds = [math.nan if value is None else known[value] for value in values]
    return np.array(seconds, np.float64)


def time_hint(values: np.ndarray[Any, Any], first: First | None) -> str:
    """How to write times that cannot be told."""
    write = "write the year first and every part with all its digits: 2024-01-31 09:30"
    if first is None and are_short_days(str(value) for value in values.tolist() if value is not None):
        return f"whether day or month comes first cannot be told: {write}"
    return write


def is_written_number(cell: Any) -> bool:
    """Whether a cell that was read as text is written as a number; one with a leading zero is a name."""
    text = str(cell).strip()
    return re.fullmatch(NUMBER, text) is not None and re.fullmatch(LEADING_ZERO, text) is None


UNKNOWN = "write what is missing; a run fills empty cells only where it was trained with data.missing: mean, median, …"


def empty_cells_error(empty: Mapping[str, np.ndarray[Any, Any]], fields: Fields) -> DataError:
    """The error of empty cells of new data for which training has learnt no value, from a mask (rows,) of each column."""
    import numpy as np

    found = {name: Empty(int(rows.sum()), int(np.argmax(rows))) for name, rows in empty.items()}
    return empty_error(found, fields, hint=UNKNOWN)


def empty_error(empty: Mapping[str, Empty], fields: Fields, *, hint: str | None = None) -> DataError:
    """The error of empty cells that nothing was said about: how many in which columns, and the first."""
    first = min(empty, key=lambda name: empty[name].first)
    file, line, words = fields.where(empty[first].first, first)
    return DataError(
        f"empty cells: {empty_counts(empty)}; the first in {words}",
        file=file,
        line=line,
        hint=hint or "write data.missing: drop, mean, median, most_frequent or {constant: 0}",
        kind="empty_cells",
    )


def empty_counts(empty: Mapping[str, Empty]) -> str:
    """How many cells are empty in which columns."""
    return ", ".join(f"'{name}' {each.count}" for name, each in empty.items())
