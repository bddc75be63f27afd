"""Rows of plain values, as JSON or csv hands them over, as the fields that a trained model takes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data import Fields, Schema
from dlcli.data.encode import is_written_number
from dlcli.data.fields.fields import Place
from dlcli.data.fields.padded import padded_rows
from dlcli.data.schema import ColumnSchema, InputSchema
from dlcli.errors import DataError
from dlcli.spec import describe, written_otherwise

if TYPE_CHECKING:
    import numpy as np

Row = Mapping[str, Any]


@dataclass(frozen=True)
class RowsPlace:
    """Where rows stand: so many came `before` them from `file`; the first of all at line `first_line`, 0 where none is known."""

    file: str
    before: int = 0
    first_line: int = 0


def row_fields(
    rows: Sequence[Row], schema: Schema, place: RowsPlace, *, names: Collection[str], keep: Sequence[str] = ()
) -> Fields:
    """The fields of rows that have the keys `names`; a key that a row lacks is an empty cell. `keep` are passed on as they are.

    Raises `DataError` at the row of what is no list of the shape of an input.
    """
    import numpy as np

    places = [Place(place.file, place.before + len(rows), place.first_line)]
    fields = Fields({}, places, kept=np.arange(place.before, place.before + len(rows)), columns=tuple(names))
    arrays: dict[str, Any] = {}
    for each in schema.inputs:
        if each.columns is not None:
            for column in each.columns:
                if column.name in names:
                    arrays[column.name] = cells_of(column, single_values(column.name, rows, fields))
        elif each.text:
            arrays |= {
                name: texts_or_numbers(single_values(name, rows, fields)) for name in each.fields if name in names
            }
        else:
            arrays |= array_field(each, rows, fields, names)
    for name in keep:
        if name not in arrays and name in names:
            arrays[name] = objects_of([row.get(name) for row in rows])
    return Fields(arrays, places, kept=fields.kept, columns=tuple(names))


def single_values(name: str, rows: Sequence[Row], fields: Fields) -> list[Any]:
    """The values that rows have of a column. Raises `DataError` at the row of one that is a list or an object."""
    values = [row.get(name) for row in rows]
    odd = next((at for at, value in enumerate(values) if isinstance(value, list | dict)), None)
    if odd is not None:
        file, line, words = fields.where(odd)
        message = f"'{name}' in {words} holds {describe(values[odd])}, expected a single value"
        raise DataError(message, file=file, line=line, kind="type_differs_from_training")
    return values


def cells_of(column: ColumnSchema, values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """The values of a column (rows,): numbers, where nothing else was written, or text."""
    return texts_of_cells(values) if column.kind == "category" else texts_or_numbers(values)


def texts_or_numbers(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Values (rows,) as numbers with NaN for an empty one, where they are or are written as numbers; else as text."""
    import numpy as np

    if all(value is None or isinstance(value, int | float) for value in values):
        numbers = [math.nan if value is None else value for value in values]
        if all(type(value) is int and abs(value) < 2**63 for value in numbers):
            return np.array(numbers, np.int64)
        return np.array(numbers, np.float64)
    return texts_of_cells(values)


def texts_of_cells(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Values (rows,) as text, None for an empty one; yes and no as JSON writes them."""
    return objects_of([value if value is None or isinstance(value, str) else cell_text(value) for value in values])


def cell_text(value: Any) -> str:
    """A value that is no text as one would write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def objects_of(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Values as a column: (rows,) objects."""
    import numpy as np

    column = np.empty(len(values), object)
    column[:] = values
    return column


def array_field(schema: InputSchema, rows: Sequence[Row], fields: Fields, names: Collection[str]) -> dict[str, Any]:
    """An input that is an array, by the name under which the rows have it: its own, or that of the array in training."""
    import numpy as np

    name = next((name for name in (schema.array, schema.name) if name is not None and name in names), None)
    if name is None:
        return {}
    values = [row.get(name) for row in rows]
    if schema.padding is not None:
        padded = padded_rows(values)
        if padded is not None:
            return {name: padded}
    try:
        array = np.array(values)
    except ValueError:  # lists in lists of several lengths
        array = objects_of(values)
    if array.dtype.kind in "fiub" and list(array.shape[1:]) == schema.shape:
        return {name: array}
    if schema.shape[-1:] == [1] and array.dtype.kind in "fiub" and list(array.shape[1:]) == schema.shape[:-1]:
        return {name: array[..., None]}  # grey pictures without an axis for their one colour
    raise wrong_shape(name, schema, values, fields)


def wrong_shape(name: str, schema: InputSchema, values: Sequence[Any], fields: Fields) -> DataError:
    """The error at the first row that is no list of numbers of a shape."""
    import numpy as np

    expected = f"lists of {' × '.join(map(str, schema.shape))} numbers" if schema.shape else "a number"
    for row, value in enumerate(values):
        try:
            array = np.asarray(value)
        except ValueError:
            found = "lists of several lengths"
        else:
            if array.dtype.kind in "fiub" and list(array.shape) in (schema.shape, schema.shape[:-1]):
                continue
            numbers = array.dtype.kind in "fiub"
            shape = " × ".join(map(str, array.shape)) or "1"
            found = "nothing" if value is None else f"{shape} numbers" if numbers else "something else than numbers"
        file, line, words = fields.where(row)
        return DataError(
            f"'{name}' in {words} holds {found}, expected {expected}",
            file=file,
            line=line,
            kind="shape_differs_from_training",
        )
    file, line, _ = fields.where(0)
    return DataError(f"'{name}' holds rows of several shapes", file=file, line=line, kind="several_shapes")


def check_keys(keys: Collection[str], schema: Schema, place: RowsPlace) -> None:
    """Raises `DataError` where rows lack what a model takes, and that has nothing to stand for it."""
    for each in schema.inputs:
        one = each.columns is None and each.texts is None
        needed = [each.array or each.name] if one else each.fields
        for name in needed:
            if name not in keys and not (one and each.name in keys):
                # Of csv the header says it, of lines each its own; of a request no line is known.
                line = place.first_line - 1 if place.first_line > 1 else (place.before + 1) * place.first_line or None
                raise DataError(
                    f"the rows lack '{name}'; they have: {', '.join(keys) or 'nothing'}",
                    file=place.file,
                    line=line,
                    hint=written_otherwise(name, keys) or f"the model takes: {', '.join(schema.input_fields)}",
                    kind="no_such_column",
                )


def plain_row(schema: Schema) -> dict[str, Any]:
    """A row that the model takes: the middle of what was seen of numbers, the first of names, words without meaning."""
    row: dict[str, Any] = {}
    for each in schema.inputs:
        for column in each.columns or []:
            row[column.name] = plain_cell(column)
        if each.columns is None and each.text:
            row |= dict.fromkeys(each.fields, "a")
        elif each.columns is None:
            row[each.name] = nested(each.shape, 1 if each.padding == 0 else 0)
    return row


def plain_cell(column: ColumnSchema) -> Any:
    """A value of a column."""
    if column.kind == "category":
        return column.categories[0] if column.categories else ""
    if column.kind == "time":
        return "2024-01-31 09:30"
    if column.seen is None:
        return 0.0
    low, high = column.seen
    middle = float(f"{(low + high) / 2:.3g}")
    return middle if low <= middle <= high else low


def nested(shape: Sequence[int], value: float) -> Any:
    """Lists in lists of a shape that hold one value everywhere."""
    return value if not shape else [nested(shape[1:], value) for _ in range(shape[0])]


def typed_cell(cell: str, *, decimal: str, thousands: str | None, empty: Collection[str]) -> str | None:
    """A cell of a csv as the rows of a model have it: None where it is empty, a number with a point before its decimals."""
    text = cell.strip()
    if not text or text in empty:
        return None
    if thousands is None and decimal == ".":
        return cell
    plain = text.replace(thousands or "", "").replace(decimal, ".")
    return plain if is_written_number(plain) else cell
