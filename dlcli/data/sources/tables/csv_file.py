"""One CSV file: where its rows stand, what its columns look like, and its cells as text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Place
from dlcli.data.sources.tables.arrow import array_of
from dlcli.data.sources.tables.cells import Evidence, Kind, evidence_of, typed_cells
from dlcli.data.sources.tables.csv_text import CsvForm, QuoteError, checked_text, csv_rows, header_of, utf8
from dlcli.data.sources.tables.text_blocks import Block, Content, LongRow, Rows, row_blocks
from dlcli.errors import DataError
from dlcli.first_line import first_line

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

BOM = b"\xef\xbb\xbf"
HEAD = 1 << 20
"""Bytes of the start of a file in which its header is looked for."""
UNCLOSED = "is a quote opened and never closed?"


class CsvFile:
    """A file, gone through once.

    With `keep` its cells stay in memory; otherwise they are read again when they are asked for, a block at a time. Raises
    `DataError` for a file that is empty, not in its encoding, or ragged, with the row.
    """

    def __init__(self, form: CsvForm, path: Path, *, keep: bool) -> None:
        self.form, self.path = form, path
        content = utf8(path, form.encoding) if keep or not form.is_utf8 else None
        self.content = Content(path, content)
        start = self.content.read(0, HEAD)
        self.content.returns = b"\n" not in start and b"\r" in start
        head = self.content.read(0, HEAD)
        if content is None:
            head = checked_text(head.removeprefix(BOM), head, path)
        self.names, self.notes, length = header_of(head, form.separator, path)
        if content is None and self.content.read(0, len(BOM)) == BOM:
            length += len(BOM)
        self.rows, self.evidence = Rows(2), [Evidence()] * len(self.names)
        self.go_through(length, whole=keep)
        if not self.rows.count:
            raise DataError("the file has a header but no rows", file=path, line=1, kind="no_rows")

    def go_through(self, start: int, *, whole: bool) -> None:
        """Takes note of all blocks; a file whose quotes do not tell where rows end is read whole after all."""
        rows, evidence = self.rows, self.evidence
        try:
            for block in self.blocks(start, whole=whole):
                self.add(block)
        except (QuoteError, LongRow):
            if whole:
                raise
            self.rows, self.evidence = Rows(rows.first_line), [Evidence()] * len(evidence)
            content = utf8(self.path, self.form.encoding)
            self.content = Content(self.path, content)
            self.go_through(content.index(b"\n") + 1, whole=True)

    def blocks(self, start: int, *, whole: bool) -> Iterator[Block]:
        """What stands below the header: all at once, or cut where rows end."""
        if whole:
            yield Block(start, self.content.read(start, self.content.size))
        else:
            yield from row_blocks(self.content, start, row_end, hint=UNCLOSED)

    def add(self, block: Block) -> None:
        """Takes note of where the rows of a block stand, and of what its columns hold."""
        import numpy as np

        data = block.data
        table = self.parsed(data, self.names, line=self.rows.next_line, row=self.rows.count + 1)
        guesses = self.parsed(data, self.names, guess=True) if table.num_rows else table
        lines = data.count(b"\n") + (not data.endswith(b"\n") and len(data) > 0)
        starts = None
        if lines != table.num_rows or data.count(b'"') % 2:
            first, row = self.rows.next_line, self.rows.count + 1
            each = csv_rows(data, self.form.separator, self.path, line=first, row=row)
            found = [line - first for line, _ in each]
            if len(found) == table.num_rows:
                starts = np.array(found, np.int64)
        self.rows.add(block, table.num_rows, lines, starts)
        self.evidence = [
            before + evidence_of(column, guess, decimal=self.form.decimal)
            for before, column, guess in zip(self.evidence, table.columns, guesses.columns, strict=True)
        ]

    @property
    def place(self) -> Place:
        """Where the rows of the file stand."""
        return self.rows.place(self.path)

    def cells(self, block: int, names: Collection[str]) -> Mapping[str, pyarrow.ChunkedArray]:
        """Some columns of a block as text, null for an empty cell."""
        table = self.parsed(self.content.read(*self.rows.spans[block]), list(names))
        return {name: table.column(name) for name in names}

    def values(self, block: int, kinds: Mapping[str, Kind]) -> dict[str, np.ndarray[Any, Any]]:
        """Some columns of a block as arrays (rows of the block,), each as its kind says."""
        import pyarrow

        types = {
            name: pyarrow.string() if kind == "text" else pyarrow.type_for_alias(kind) for name, kind in kinds.items()
        }
        decimal, data = self.form.decimal, self.content.read(*self.rows.spans[block])
        if decimal == ".":
            try:
                table = self.parsed(data, list(kinds), types=types)
                return {name: array_of(name, table.column(name), self.path) for name in kinds}
            except DataError:
                pass  # such as +5 or a number behind blanks that the parser does not take for one
        table = self.parsed(data, list(kinds))
        return {name: typed_cells(table.column(name), kind, decimal=decimal) for name, kind in kinds.items()}

    def parsed(
        self,
        data: bytes,
        names: Collection[str],
        *,
        types: Mapping[str, pyarrow.DataType] | None = None,
        guess: bool = False,
        line: int = 1,
        row: int = 1,
    ) -> pyarrow.Table:
        """Some columns of the rows in `data`, which begins at a line with a row, both counted from 1.

        All cells are text, unless `types` are given or may be guessed.
        Raises `DataError` at the row whose cells are not as many as the names.
        """
        import pyarrow
        import pyarrow.csv

        if self.content.whole is None:
            checked_text(data, data, self.path, line=line)
        if not data.strip():
            return pyarrow.table({name: pyarrow.array([], pyarrow.string()) for name in names})
        places = {name: str(number) for number, name in enumerate(self.names)}
        convert = pyarrow.csv.ConvertOptions(
            column_types={} if guess else {places[name]: (types or {}).get(name, pyarrow.string()) for name in names},
            include_columns=[places[name] for name in names],
            null_values=["", *self.form.empty],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        )
        read = pyarrow.csv.ReadOptions(column_names=list(places.values()), block_size=block_size(data))
        parse = pyarrow.csv.ParseOptions(delimiter=self.form.separator, newlines_in_values=b'"' in data)
        try:
            table = pyarrow.csv.read_csv(pyarrow.BufferReader(data), read, parse, convert)
        except pyarrow.ArrowInvalid as error:
            raise self.ragged(data, first_line(error), line=line, row=row) from None
        return table.rename_columns(list(names))

    def ragged(self, data: bytes, said: str, *, line: int, row: int) -> DataError:
        """The error of a file whose rows differ in length, with the first such row."""
        width = len(self.names)
        for number, (at, cells) in enumerate(csv_rows(data, self.form.separator, self.path, line=line, row=row), row):
            if len(cells) != width:
                many = "cell" if len(cells) == 1 else "cells"
                message = f"row {number} has {len(cells)} {many}, the header has {width}"
                hint = (
                    "a cell that holds the separator needs quotes around it"
                    if len(cells) > width
                    else "an empty cell still needs its separator"
                )
                return DataError(message, file=self.path, line=at, hint=hint, kind="ragged_row")
        return DataError(f"the file cannot be read as a table: {said}", file=self.path, kind="damaged_file")


def row_end(data: bytes) -> int:
    """Where the last row ends that is whole: behind a line break outside quotes; 0 where there is none."""
    # A quote within quotes is written twice, so quotes before the end of a row are even in number, whatever the cells hold:
    # counting them finds the end without parsing. The search goes back from the end of the block, since nearly always the
    # last line break ends a row already; where it lies inside a cell, the line that opened the cell is not far above.
    end = data.rfind(b"\n") + 1
    quotes = data.count(b'"', 0, end)
    while end and quotes % 2:
        before = data.rfind(b"\n", 0, end - 1) + 1
        quotes -= data.count(b'"', before, end)
        end = before
    return end


def block_size(content: bytes) -> int:
    """Bytes that are parsed at a time: a row must fit in one block."""
    return max(1 << 20, min(len(content) + 1, 1 << 26))
