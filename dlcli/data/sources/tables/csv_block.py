"""Some rows of a CSV file: parsed once as what they seem to be, and looked at closely where that is doubtful."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data.sources.tables.arrow import is_complete, plain_numbers
from dlcli.data.sources.tables.cells import LONGEST_WHOLE, Evidence, evidence_of, typed_cells
from dlcli.data.sources.tables.csv_form import CsvForm

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

CHUNK = 1 << 20  # unseen: time alone
"""Bytes that are parsed at a time; a row has to fit."""
PIECE = 1 << 16  # unseen: time alone


@dataclass(frozen=True)
class Seen:
    """What a block holds: how many rows, and by column its evidence and, where they are kept, its values (rows,)."""

    rows: int
    evidence: Mapping[str, Evidence]
    values: Mapping[str, np.ndarray[Any, Any]]
    complete: frozenset[str] = frozenset()
    """Columns without an empty cell or a number that is infinite in 32 bits."""


@dataclass(frozen=True)
class Grid:
    """What is to be read of rows of `width` cells: the columns by name, each with its number from 0."""

    width: int
    columns: Mapping[str, int]
    text: frozenset[str] = frozenset()
    """Columns that are names by the word of the configuration."""


def parsed_rows(
    data: bytes, form: CsvForm, grid: Grid, *, types: Mapping[str, pyarrow.DataType], threads: bool = True
) -> pyarrow.Table:
    """The columns of rows that are plain text, null where a cell is empty; a type that is not given is guessed.

    Raises `pyarrow.ArrowInvalid` for a row of another width and for a cell that is not of its type.
    """
    import pyarrow
    import pyarrow.csv

    if not data.strip():
        return pyarrow.table({name: pyarrow.array([], types.get(name, pyarrow.null())) for name in grid.columns})
    numbers = [str(number) for number in grid.columns.values()]
    convert = pyarrow.csv.ConvertOptions(
        column_types={str(grid.columns[name]): kind for name, kind in types.items() if name in grid.columns},
        include_columns=numbers,
        null_values=["", *form.empty],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        decimal_point=form.decimal,
    )
    parse = pyarrow.csv.ParseOptions(delimiter=form.mark, newlines_in_values=b'"' in data)

    def table(size: int) -> pyarrow.Table:
        read = pyarrow.csv.ReadOptions(
            column_names=[str(number) for number in range(grid.width)], block_size=size, use_threads=threads
        )
        return pyarrow.csv.read_csv(pyarrow.BufferReader(data), read, parse, convert)

    try:
        found = table(min(len(data) + 1, CHUNK))
    except pyarrow.ArrowInvalid:
        if len(data) < CHUNK:
            raise
        found = table(len(data) + 1)  # a row may be longer than what was parsed at a time
    return found.rename_columns(list(grid.columns)) if numbers else found


def seen_in(data: bytes, form: CsvForm, grid: Grid, *, keep: Collection[str], threads: bool) -> Seen:
    """What a block of plain text holds. Raises `pyarrow.ArrowInvalid` for a row of another width."""
    import pyarrow

    text = {name: pyarrow.string() for name in grid.text}
    table = parsed_rows(data, form, grid, types=text, threads=threads)
    # With no column asked for, one is read to count the rows.
    if not grid.columns:
        count = Grid(grid.width, {"": 0})
        return Seen(parsed_rows(data, form, count, types={"": pyarrow.string()}, threads=threads).num_rows, {}, {})
    doubtful = [*doubtful_columns(data, form, grid, table)]
    closely = table.select([name for name in doubtful if pyarrow.types.is_string(table.column(name).type)])
    again = [name for name in doubtful if name not in closely.column_names]
    if again:
        rest = Grid(grid.width, {name: grid.columns[name] for name in again})
        texts = parsed_rows(data, form, rest, types=dict.fromkeys(again, pyarrow.string()), threads=threads)
        for name in again:
            closely = closely.append_column(name, texts.column(name))
    evidence, values = {}, {}
    for name in grid.columns:
        if name in doubtful:
            cells = closely.column(name)
            evidence[name] = Evidence() if name in grid.text else evidence_of(cells, form)
            kind = "text" if name in grid.text else evidence[name].kind
            if name in keep:
                values[name] = typed_cells(cells, "text" if kind == "damaged" else kind, form)
        else:
            evidence[name] = plain_evidence(table.column(name))
            if name in keep:
                values[name] = plain_values(table.column(name))
    complete = frozenset(name for name in grid.columns if name not in doubtful and is_complete(table.column(name)))
    texts_complete = frozenset(
        name
        for name in doubtful
        if not closely.column(name).null_count
        and not evidence[name].numbers + evidence[name].percent + evidence[name].dressed
    )
    return Seen(table.num_rows, evidence, values, complete | texts_complete)


def plain_evidence(column: pyarrow.ChunkedArray) -> Evidence:
    """The evidence of cells that are numbers beyond doubt, or all empty."""
    import pyarrow
    import pyarrow.compute as compute

    present = len(column) - column.null_count
    whole = present if pyarrow.types.is_integer(column.type) else 0
    natural = whole if whole and compute.min(column).as_py() >= 0 else 0
    return Evidence(cells=len(column), present=present, whole=whole, natural=natural, numbers=present, meant=present)


def plain_values(column: pyarrow.ChunkedArray) -> np.ndarray[Any, Any]:
    """Numbers (rows,): int64, or float64 with NaN for an empty cell."""
    import pyarrow
    import pyarrow.compute as compute

    if column.null_count or pyarrow.types.is_null(column.type):
        column = compute.fill_null(column.cast(pyarrow.float64()), float("nan"))
    return plain_numbers(column)


def doubtful_columns(data: bytes, form: CsvForm, grid: Grid, table: pyarrow.Table) -> list[str]:
    """The columns of which the parser's guess is not enough to know what is written there."""
    import pyarrow

    whole = [name for name in grid.columns if pyarrow.types.is_integer(table.column(name).type)]
    doubtful = {
        name for name in grid.columns if name in grid.text or not is_plainly_numbers(table.column(name), b"+" in data)
    }
    if (b"x" in data and b"0x" in data) or (b"X" in data and b"0X" in data):
        doubtful |= {*whole}  # which the parser takes for numbers
    if form.decimal != "." and b"." in data:
        doubtful |= {*grid.columns}  # which may separate thousands
    numbers = [name for name in grid.columns if name not in doubtful]
    zeros = leading_zeros(data) if numbers else ()
    if len(zeros):
        at = columns_at(data, zeros, form.mark, table.num_rows, grid.width)
        doubtful |= {name for name in numbers if at is None or grid.columns[name] in at}
    return [name for name in grid.columns if name in doubtful]


def is_plainly_numbers(column: pyarrow.ChunkedArray, has_plus: bool) -> bool:
    """Whether a guessed column holds what is numbers for a close look too, or nothing at all."""
    import pyarrow
    import pyarrow.compute as compute

    types = pyarrow.types
    if types.is_null(column.type):
        return True
    if types.is_integer(column.type):
        ends = compute.min_max(column).as_py()
        return bool(max(abs(ends["min"] or 0), abs(ends["max"] or 0)) < LONGEST_WHOLE)
    if not types.is_floating(column.type):
        return False
    ends = compute.min_max(column).as_py()
    if ends["min"] is None or math.isnan(compute.sum(column).as_py()):
        return False  # what is written as nan is for a closer look
    if not has_plus and max(abs(ends["min"]), abs(ends["max"])) < LONGEST_WHOLE:
        return True
    # Such as +1, or a number of twenty digits: whole, but not taken for it.
    whole: bool = compute.all(compute.equal(compute.floor(column), column)).as_py()
    return not whole


def leading_zeros(data: bytes) -> Sequence[int]:
    """Where cells begin such as `01234`, as the place of their zero."""
    import numpy as np

    letters, zero, point = np.frombuffer(data, np.uint8), np.uint8(ord("0")), np.uint8(ord("."))
    found: list[np.ndarray[Any, Any]] = []
    # Pieces that stay in the cache: what is computed of a whole block takes three times as long.
    for start in range(0, len(data), PIECE):
        piece = letters[max(start - 1, 0) : start + PIECE + 1]
        # A zero before a digit and behind neither a digit nor a point. Letters are bytes: what lies below wraps around.
        leading = piece[1:-1] == zero
        leading &= (piece[2:] - zero) < 10
        leading &= (piece[:-2] - point) > 11
        found.append(np.flatnonzero(leading) + 1 + max(start - 1, 0))
    places = np.concatenate(found)
    if len(data) > 1 and data[:1] == b"0" and data[1:2].isdigit():
        places = np.concatenate([np.zeros(1, places.dtype), places])
    if not len(places):
        return []
    before, beyond = letters[places - 1], letters[places - 2]
    # Behind a sign within a cell, as in 1e-05 or 2024-01-31, it leads nothing.
    signed = (before == ord("+")) | (before == ord("-"))
    inside = signed & (((beyond | 32) == ord("e")) | ((beyond - zero) < 10) | (beyond == point)) & (places > 1)
    kept: list[int] = places[~inside].tolist()
    return kept


def columns_at(data: bytes, places: Sequence[int], mark: str, rows: int, width: int) -> set[int] | None:
    """The numbers of the columns in which some bytes stand; None where that cannot be counted."""
    import numpy as np

    if b'"' in data:
        return None
    letters = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", np.uint8)
    ends = np.flatnonzero((letters == ord(mark)) | (letters == ord("\n")))
    if len(ends) != rows * width:
        return None
    return set((np.searchsorted(ends, np.asarray(places)) % width).tolist())
