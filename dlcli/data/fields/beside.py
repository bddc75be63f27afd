"""Joins what several sources have read side by side: rows that have the same key, or that stand at the same place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Fields, Home
from dlcli.data.fields.lazy import Column, Selected, is_lazy
from dlcli.data.fields.values import rows_in_words
from dlcli.data.target_labels import label_key
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np


PLAIN = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?")
"""A number as it is written where it counts something; `007` and `1e5` name things."""


def beside(parts: Sequence[Fields], *, keys: Sequence[str], text: Collection[str] = ()) -> Fields:
    """The fields of all parts in the rows of the first; the key, which all have, is no input by default.

    The columns of the key were read as text, to be compared as they are written; those that are not in `text` are numbers
    again where each of their cells is one.

    Raises `DataError` for rows that do not belong together one by one, and for names that two parts have.
    """
    first, others = parts[0], parts[1:]
    check_names(parts, keys)
    orders = [order_of(first, other, keys) for other in others]
    arrays = {
        name: key_as_numbers(column) if name in keys and name not in text else column
        for name, column in first.arrays.items()
    }
    for other, order in zip(others, orders, strict=True):
        arrays |= {name: reordered(column, order) for name, column in other.arrays.items() if name not in keys}
    homes = {
        name: Home(replace(other, arrays={}, chunks=None), order)
        for other, order in zip(others, orders, strict=True)
        for name in other.names
        if name not in keys
    }
    inputs = None
    if keys or any(each.inputs is not None for each in parts):
        named = [name for each in parts for name in each.inputs or each.arrays]
        inputs = tuple(name for name in named if name not in keys)
    return replace(
        first,
        arrays=arrays,
        axes={name: axes for each in parts for name, axes in each.axes.items()},
        classes={name: classes for each in parts for name, classes in each.classes.items()},
        inputs=inputs,
        homes=homes,
        target=next((each.target for each in parts if each.target is not None), None),
        texts=frozenset().union(*(each.texts for each in parts)),
        columns=tuple(dict.fromkeys(name for each in parts for name in each.names)),
        complete=frozenset().union(*(each.complete for each in others)) - {*keys} | first.complete,
        notes=tuple(dict.fromkeys(note for each in parts for note in each.notes)),
        beside=(*first.beside, *(str(file) for each in others for file in each.files)),
    )


def key_as_numbers(column: Column) -> Column:
    """A column of text (rows,) as numbers where each of its cells is one, else as it is."""
    import numpy as np

    cells = column[:].tolist()
    if (
        column.dtype != object
        or not cells
        or not all(isinstance(each, str) and PLAIN.fullmatch(each) for each in cells)
    ):
        return column
    return np.array(cells, np.float64 if any("." in each for each in cells) else np.int64)


def part_name(fields: Fields) -> str:
    """What a part is called: its first file."""
    return fields.places[0].file.rpartition("/")[2] if len(fields.places) else "a source"


def check_names(parts: Sequence[Fields], keys: Sequence[str]) -> None:
    """Refuses parts that lack the key, and names that two of them have."""
    holder: dict[str, Fields] = {}
    for part in parts:
        for name in keys:
            part.check_column(name)
        for name in part.names:
            if name in holder and name not in keys:
                raise DataError(
                    f"'{name}' is in {part_name(holder[name])} and in {part_name(part)}",
                    file=part.places[0].file,
                    hint=f"write on: {name} if it says which rows belong together; else rename one",
                    kind="doubled_column",
                )
            holder.setdefault(name, part)


def order_of(first: Fields, other: Fields, keys: Sequence[str]) -> np.ndarray[Any, Any] | None:
    """The rows (rows,) of another part that belong to those of the first; None where they stand in the same order.

    Raises `DataError` for rows that do not belong together.
    """
    if keys:
        return order_by(first, other, keys)
    if other.samples != first.samples:
        raise DataError(
            f"{part_name(first)} has {rows_in_words(first.samples)} and {part_name(other)} has {rows_in_words(other.samples)}",
            file=other.places[0].file,
            hint="write on: COLUMN, the column that says which rows belong together",
            kind="unequal_rows",
        )
    return None


def order_by(first: Fields, other: Fields, keys: Sequence[str]) -> np.ndarray[Any, Any]:
    """For each row of the first part the row (rows,) of the other that has the same key. Raises `DataError` where none has."""
    import numpy as np

    rows_of_first, rows_of_other = rows_by_key(first, keys), rows_by_key(other, keys)
    for part, rows, there in ((first, rows_of_first, other), (other, rows_of_other, first)):
        known = rows_of_other if part is first else rows_of_first
        missing = [key for key in rows if key not in known]
        if missing:
            file, line, words = part.where(rows[missing[0]])
            more = ("", ", nor 1 other")[len(missing) - 1] if len(missing) < 3 else f", nor {len(missing) - 1} others"
            alike = same_in_another_form(missing[0], known)
            raise DataError(
                f"the key {key_in_words(missing[0])} in {words} of {part_name(part)} is not in {part_name(there)}{more}",
                file=file,
                line=line,
                hint=f"there it is {key_in_words(alike)}: write both alike" if alike else "leave such rows out of both",
                kind="unmatched_key",
            )
    return np.fromiter((rows_of_other[key] for key in rows_of_first), np.int64, len(rows_of_first))


def key_text(value: Any) -> str:
    """A value of a key as it is compared: whole numbers are the same in any type."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def same_in_another_form(key: Sequence[str], known: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The key that means the same and is written otherwise (`7`, `7.0`, ` 7`), if there is one."""
    wanted = [*map(label_key, key)]
    return next((each for each in known if [*map(label_key, each)] == wanted), None)


def rows_by_key(fields: Fields, keys: Sequence[str]) -> dict[tuple[str, ...], int]:
    """The row of each key. Raises `DataError` for a key that stands twice."""
    columns = [[key_text(value) for value in fields.arrays[name][:].tolist()] for name in keys]
    rows: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(zip(*columns, strict=True)):
        if key in rows:
            file, line, words = fields.where(row)
            _, _, before = fields.where(rows[key])
            raise DataError(
                f"the key {key_in_words(key)} of {part_name(fields)} stands twice, in {before} and in {words}",
                file=file,
                line=line,
                hint="a key belongs to one row of each; name more columns: on: [a, b]",
                kind="double_key",
            )
        rows[key] = row
    return rows


def key_in_words(key: tuple[str, ...]) -> str:
    """A key for a message."""
    return f"'{', '.join(key)}'"


def reordered(column: Column, order: np.ndarray[Any, Any] | None) -> Column:
    """A field (rows, …) in another order of its rows; None leaves it as it is."""
    if order is None:
        return column
    return Selected(column, order) if is_lazy(column) else column[order]
