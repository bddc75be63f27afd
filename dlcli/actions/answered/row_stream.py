"""Rows that come one after the other, in csv or as JSON: all whole ones that are there are answered together, and at once."""

from __future__ import annotations

import select
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from dlcli.actions.answered.json_row import json_value_of
from dlcli.actions.answered.out_of_sight import out_of_sight
from dlcli.actions.answered.rows import Row, RowsPlace, check_keys, row_fields, typed_cell
from dlcli.actions.new_data import read_raw
from dlcli.config import Config
from dlcli.data import Fields, Schema
from dlcli.data.sources.tables.column_names import columns_of
from dlcli.data.sources.tables.csv import Csv
from dlcli.data.sources.tables.csv_file import row_end
from dlcli.data.sources.tables.csv_form import CsvForm
from dlcli.data.sources.tables.csv_text import BOM, csv_rows
from dlcli.errors import DataError, UsageError

RowForm: TypeAlias = str
"""`csv` or `jsonl`."""
INPUT = "standard input"
PIECE, BLOCK = 1 << 16, 1 << 22  # unseen: time and memory alone
"""Bytes that are read at a time, and that are answered together where more are there already."""


@dataclass(frozen=True)
class ComingRows:
    """Rows that have come together, the first of them at a place; `keep` are columns that are passed on."""

    place: RowsPlace
    rows: Sequence[Row]
    keep: Sequence[str] = ()

    def fields(self, schema: Schema) -> Fields:
        """They as fields. Raises `DataError` at the row of what a model cannot take, or that lacks a column."""
        names: dict[str, None] = {}
        for number, row in enumerate(self.rows):
            if not names.keys() <= row.keys() or number == 0:
                check_keys(row, schema, self.place_of(number))
            names |= dict.fromkeys(row)
        fields = row_fields(self.rows, schema, self.place, names=names, keep=self.keep)
        for name in self.keep:
            fields.check_column(name)
        return fields

    def place_of(self, number: int) -> RowsPlace:
        """Where one of them stands."""
        return replace(self.place, before=self.place.before + number)

    def halves(self) -> Iterator[ComingRows]:
        """Two parts of them, one behind the other."""
        middle = len(self.rows) // 2
        yield ComingRows(self.place, self.rows[:middle], self.keep)
        yield ComingRows(self.place_of(middle), self.rows[middle:], self.keep)


class RowStream:
    """Rows that come by a stream; in what form is known once the first of them is there."""

    def __init__(self, stream: BinaryIO, form: RowForm | None) -> None:
        self.stream, self.form = stream, form

    def parts(self, config: Config, schema: Schema, *, keep: Sequence[str]) -> Iterator[ComingRows | Fields]:
        """The rows, part after part. Of a series nothing can be said before it has ended: it is read to its end.

        Raises `DataError` at the line of what is no row, and `UsageError` for a run whose data comes from several sources.
        """
        if config.data.source.parts_joined:
            raise UsageError(
                f"the run joins {len(config.data.source.parts_joined)} sources, and standard input is one",
                hint="write the rows into files, and name them: '[a.csv, b.csv]'",
                kind="other_number_of_sources",
            )
        blocks = row_blocks_of(self.stream)
        first = next(blocks, b"").removeprefix(BOM)
        if not first.strip():
            raise DataError("there are no rows on standard input", file=INPUT, kind="no_rows")
        form: RowForm = self.form or ("jsonl" if first.lstrip()[:1] == b"{" else "csv")
        self.form = form
        if schema.windows is not None:
            yield whole_series(first, blocks, config, schema, form, keep)
            return
        none = True
        for place, part in rows_in(first, blocks, form, csv_form_of(config), file=INPUT):
            none &= not any(part)
            if any(part):
                yield ComingRows(place, part, keep)
        if none:
            raise DataError("there are no rows on standard input", file=INPUT, kind="no_rows")


def rows_of_text(content: bytes, form: RowForm, written: CsvForm, *, file: str) -> list[Row]:
    """All rows of a text in one of the forms; csv is `written` so. Raises `DataError` at the line of what is none, in `file`."""
    parts = rows_in(content.removeprefix(BOM), iter(()), form, written, file=file)
    return [row for _, part in parts for row in part]


def rows_in(
    first: bytes, blocks: Iterator[bytes], form: RowForm, written: CsvForm, *, file: str
) -> Iterator[tuple[RowsPlace, list[Row]]]:
    """The rows of blocks in one of the forms, with their place in what errors call `file`."""
    return json_rows(first, blocks, file) if form == "jsonl" else CsvRows(written, file).rows(first, blocks)


def text_lines(stream: BinaryIO) -> Iterator[str]:
    """The lines of a stream as they come. Raises `DataError` for what is not UTF-8."""
    for number, line in enumerate(stream, 1):
        try:
            text = line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            message = f"line {number}: byte 0x{line[error.start]:02x} is not UTF-8"
            raise DataError(message, file=INPUT, line=number, kind="wrong_encoding") from None
        if text.strip():
            yield text


def row_blocks_of(stream: BinaryIO) -> Iterator[bytes]:
    """Whole rows as they come: all that are there, or as many as make a block."""
    rest = b""
    while piece := read_some(stream):
        rest += piece
        while len(rest) < BLOCK and is_ready(stream) and (piece := read_some(stream)):
            rest += piece
        end = row_end(rest)
        if end:
            yield rest[:end]
            rest = rest[end:]
    if rest.strip():
        yield rest


def read_some(stream: BinaryIO) -> bytes:
    """What there is, once there is anything; nothing at the end."""
    return stream.read1(PIECE) if hasattr(stream, "read1") else stream.read(PIECE)


def is_ready(stream: BinaryIO) -> bool:
    """Whether there is more to be read just now. Where the system cannot tell of pipes, each piece is answered by itself."""
    try:
        return bool(select.select([stream], [], [], 0)[0])
    except (OSError, ValueError):
        return False


def json_rows(first: bytes, blocks: Iterator[bytes], file: str) -> Iterator[tuple[RowsPlace, list[Row]]]:
    """Rows as one JSON object a line. Raises `DataError` at the line of what is none."""
    line = 1
    block: bytes | None = first
    while block is not None:
        start, rows, wrong = line, list[Row](), None
        for text in block.split(b"\n"):
            try:
                rows += [json_row(text, line, file)] if text.strip() else []
            except DataError as error:
                wrong = error
                break
            line += 1
        line -= block.endswith(b"\n")
        if rows:
            yield RowsPlace(file, start - 1, 1), rows  # what came before a wrong row is answered
        if wrong is not None:
            raise wrong
        block = next(blocks, None)


def json_row(text: bytes, line: int, file: str) -> Row:
    """One row. Raises `DataError` for what is no object."""
    try:
        row = json_value_of(text)
    except ValueError as error:
        column = getattr(error, "colno", None)
        raise DataError(
            f"line {line} is no JSON object: {getattr(error, 'msg', error)}",
            file=file,
            line=line,
            column=column,
            hint='write one object a line: {"a": 1, "b": "x"}',
            kind="bad_json",
        ) from None
    if not isinstance(row, Mapping):
        raise DataError(
            f"line {line} holds no object", file=file, line=line, hint='write {"a": 1, "b": "x"}', kind="bad_json"
        )
    return row


def csv_form_of(config: Config) -> CsvForm:
    """How csv is written that fits a run: as its own data is, where that is csv."""
    source = config.data.source.innermost
    return source.form if isinstance(source, Csv) else CsvForm()


class CsvRows:
    """Rows below a header, which stands in the first block."""

    def __init__(self, form: CsvForm, file: str) -> None:
        self.form, self.file = form, file
        self.line, self.row = 1, 1
        self.names: list[str | None] = []
        self.width = 0
        self.one_line_each = True

    def rows(self, first: bytes, blocks: Iterator[bytes]) -> Iterator[tuple[RowsPlace, list[Row]]]:
        """The rows of each block with their place. Raises `DataError` at a row that is longer or shorter than the header."""
        block: bytes | None = self.below_skipped(first, blocks)
        while block is not None:
            before, lines, part, wrong = self.row, self.line, list[Row](), None
            try:
                part.extend(row for line, cells in self.cells(block) if (row := self.row_of(cells, line)) is not None)
            except DataError as error:
                wrong = error  # what came before a wrong row is answered
            self.line += block.count(b"\n")
            self.one_line_each &= self.line - lines == len(part) + (before == 1 and self.form.header)
            if part:
                first_line = 1 + self.form.header + self.form.skip if self.one_line_each else 0
                yield RowsPlace(self.file, before - 1, first_line), part
            if wrong is not None:
                raise wrong
            block = next(blocks, None)

    def below_skipped(self, first: bytes, blocks: Iterator[bytes]) -> bytes:
        """The first block without the lines that are none of the table."""
        for _ in range(self.form.skip):
            while b"\n" not in first and (more := next(blocks, None)) is not None:
                first += more
            first = first.partition(b"\n")[2]
            self.line += 1
        return first

    def cells(self, block: bytes) -> Iterator[tuple[int, list[str]]]:
        """The line of each row of a block, and its cells."""
        encoding = self.form.encoding if not self.form.encoding.lower().startswith(("utf-16", "utf-32")) else "utf-8"
        try:
            text = block.decode(encoding).encode()
        except UnicodeDecodeError as error:
            line = block.count(b"\n", 0, error.start) + self.line
            message = f"line {line}: byte 0x{error.object[error.start]:02x} is not {encoding.upper()}"
            raise DataError(message, file=self.file, line=line, kind="wrong_encoding") from None
        yield from csv_rows(self.form.plain(text), self.form.mark, Path(self.file), line=self.line, row=self.row)

    def row_of(self, cells: list[str], line: int) -> Row | None:
        """The cells of a row by their names; of the header None."""
        if not self.width:
            self.width = len(cells)
            written = list(self.form.names) or (cells if self.form.header else [])
            written = written or [f"column_{place + 1}" for place in range(len(cells))]
            known = columns_of(written, Path(self.file), line=line)
            known.wanted(None)
            places = {place: name for name, place in known.numbers.items()}
            self.names = [places.get(place) for place in range(self.width)]
            if self.form.header:
                return None
        if len(cells) != self.width:
            raise DataError(
                f"row {self.row} has {len(cells)} {'cell' if len(cells) == 1 else 'cells'}, the header has {self.width}",
                file=self.file,
                line=line,
                hint="a cell that holds the separator needs quotes around it; an empty cell still needs its separator",
                kind="ragged_row",
            )
        self.row += 1
        form = self.form
        return {
            name: typed_cell(cell, decimal=form.decimal, thousands=form.thousands, empty=form.empty)
            for name, cell in zip(self.names, cells, strict=True)
            if name is not None
        }


def whole_series(
    first: bytes, blocks: Iterator[bytes], config: Config, schema: Schema, form: RowForm, keep: Sequence[str]
) -> Fields:
    """All rows of a series, read as those of a file are."""
    name = f"rows.{form}"
    with out_of_sight({name: INPUT}, whole=INPUT) as folder:
        with (path := folder / name).open("wb") as file:
            file.write(first)
            for block in blocks:
                file.write(block)
        fields = read_raw(config, schema, str(path), keep=keep)
        # What is not in memory by now would be read when the file is gone.
        return fields if fields.chunks is None else in_memory(fields)


def in_memory(fields: Fields) -> Fields:
    """Fields of a table with everything in memory."""
    arrays: dict[str, Any] = {name: column[:] for name, column in fields.arrays.items()}
    return Fields(arrays, fields.places, windows=fields.windows, notes=fields.notes, columns=fields.columns)
