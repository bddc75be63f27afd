"""One CSV file: where its rows stand, what its columns look like, and its cells."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.data.fields.fields import Place
from dlcli.data.sources.tables.arrow import array_of
from dlcli.data.sources.tables.cells import DRESSES, Evidence, Kind, typed_cells
from dlcli.data.sources.tables.csv_block import Grid, Seen, parsed_rows, seen_in
from dlcli.data.sources.tables.csv_form import CsvForm
from dlcli.data.sources.tables.csv_header import Header, footer_start, header_of
from dlcli.data.sources.tables.csv_text import QuoteError, checked_text, csv_rows, utf8
from dlcli.data.sources.tables.text_blocks import Block, Content, LongRow, Rows, row_blocks
from dlcli.errors import DataError
from dlcli.first_line import first_line
from dlcli.progress import stage

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

UNCLOSED = "is a quote opened and never closed?"
AT_ONCE = 2  # unseen: time alone
"""Blocks that are looked at side by side."""


class CsvFile:
    """A file and its header; `go_through` then reads its rows, once.

    Raises `DataError` for a file that is empty, not in its encoding, or without a header.
    """

    def __init__(self, form: CsvForm, path: Path) -> None:
        self.form, self.path = form, path
        self.content = Content(path, None if form.is_utf8 else utf8(path, form.encoding))
        self.header: Header = header_of(self.content, form, path)
        self.grid, self.end = Grid(self.header.width, {}), self.content.size
        self.rows, self.evidence = Rows(self.header.first_line), dict[str, Evidence]()
        self.kept: list[dict[str, np.ndarray[Any, Any]]] = []
        self.complete: frozenset[str] = frozenset()

    def go_through(self, wanted: Collection[str], text: Collection[str], *, keep: Collection[str], every: bool) -> None:
        """Takes note of all rows, and of what the wanted columns hold; of columns to `keep` of their values too.

        `every` says that all columns are wanted. Raises `DataError` for rows that are not in the encoding or ragged, with the
        first such row.
        """
        nameless = self.header.columns.nameless if every else ()
        self.grid = self.grid_of(wanted, text, nameless=nameless)
        self.end = footer_start(self.content, self.form)
        try:
            self.look(self.header.size, keep=keep)
        except (QuoteError, LongRow):
            # Quotes do not tell where rows end, so that it is read whole after all.
            self.content = Content(self.path, utf8(self.path, self.form.encoding))
            self.header = header_of(self.content, self.form, self.path)
            self.end = footer_start(self.content, self.form)
            self.look(self.header.size, keep=keep, whole=True)
        if not self.rows.count:
            raise DataError("the file has a header but no rows", file=self.path, line=1, kind="no_rows")
        if nameless:
            line, present = (
                self.header.first_line - 1,
                {each: self.evidence[place_name(each)].present for each in nameless},
            )
            columns = self.header.columns.without_nameless(present, self.path, line=line)
            self.header = replace(self.header, columns=columns)

    def grid_of(self, names: Collection[str], text: Collection[str] = (), *, nameless: Sequence[int] = ()) -> Grid:
        """Some columns by name, with their numbers; those behind them without a name by their place."""
        columns = {name: number for name, number in self.header.columns.numbers.items() if name in names}
        columns |= {place_name(each): each for each in nameless}
        return Grid(self.header.width, columns, frozenset(text) & frozenset(columns))

    def look(self, start: int, *, keep: Collection[str], whole: bool = False) -> None:
        """Looks at what stands below the header: block by block, or all at once."""
        self.rows, self.kept = Rows(self.header.first_line), []
        self.evidence = dict.fromkeys(self.grid.columns, Evidence())
        self.complete = frozenset(self.grid.columns)
        if whole:
            blocks = iter([Block(start, self.content.read(start, self.end - start))])
        else:
            blocks = row_blocks(self.content, start, row_end, hint=UNCLOSED, end=self.end)
        for block, looked in self.looked(blocks, keep=keep):
            self.add(block, looked)
            if keep and looked.rows:
                self.kept.append(dict(looked.values))

    def looked(self, blocks: Iterator[Block], *, keep: Collection[str]) -> Iterator[tuple[Block, Seen]]:
        """Every block with what was seen in it, some looked at side by side, in the order of the file."""
        waiting: deque[tuple[Block, Future[Seen]]] = deque()

        def one(block: Block, look: Future[Seen]) -> tuple[Block, Seen]:
            try:
                return block, look.result()
            except DataError:
                # Where a row stands is known only now that all before it have been counted.
                return block, self.seen(block.data, keep=keep, line=self.rows.next_line, row=self.rows.count + 1)

        what = f"reading {os.path.basename(self.path)}"  # noqa: PTH119
        with ThreadPoolExecutor(AT_ONCE) as pool, stage(what, self.end) as advance:
            for block in blocks:
                advance(block.start)
                alone = block.start + len(block.data) >= self.end and not waiting
                waiting.append((block, pool.submit(self.seen, block.data, keep=keep, threads=alone)))
                if len(waiting) > AT_ONCE:
                    yield one(*waiting.popleft())
            while waiting:
                yield one(*waiting.popleft())

    def seen(self, data: bytes, *, keep: Collection[str], threads: bool = False, line: int = 1, row: int = 1) -> Seen:
        """What a block holds, which begins at a line with a row, both counted from 1. Raises `DataError` at a ragged row."""
        import pyarrow

        data = self.plain(data, line=line)
        try:
            return seen_in(data, self.form, self.grid, keep=keep, threads=threads)
        except pyarrow.ArrowInvalid as error:
            raise self.ragged(data, first_line(error), line=line, row=row) from None

    def plain(self, data: bytes, *, line: int = 1) -> bytes:
        """Rows as a parser takes them. Raises `DataError` at a line that is not UTF-8."""
        if self.content.whole is None:
            checked_text(data, data, self.path, line=line)
        return self.form.plain(data)

    def add(self, block: Block, looked: Seen) -> None:
        """Takes note of where the rows of a block stand, and of what its columns hold."""
        import numpy as np

        data = block.data
        lines = data.count(b"\n") + (not data.endswith(b"\n") and len(data) > 0)
        starts = None
        if lines != looked.rows or data.count(b'"') % 2:
            first, row = self.rows.next_line, self.rows.count + 1
            each = csv_rows(self.form.plain(data), self.form.mark, self.path, line=first, row=row)
            numbers = [line - first for line, _ in each]
            if len(numbers) == looked.rows:
                starts = np.array(numbers, np.int64)
        self.rows.add(block, looked.rows, lines, starts)
        self.complete &= looked.complete if looked.rows else self.complete
        self.evidence = {name: before + looked.evidence[name] for name, before in self.evidence.items()}

    @property
    def place(self) -> Place:
        """Where the rows of the file stand."""
        return self.rows.place(self.path)

    def cells(self, block: int, names: Collection[str]) -> Mapping[str, pyarrow.ChunkedArray]:
        """Some columns of a block as text, null for an empty cell."""
        import pyarrow

        grid = self.grid_of(names)
        table = parsed_rows(self.data(block), self.form, grid, types=dict.fromkeys(grid.columns, pyarrow.string()))
        return {name: table.column(name) for name in grid.columns}

    def data(self, block: int) -> bytes:
        """The rows of a block as a parser takes them."""
        return self.plain(self.content.read(*self.rows.spans[block]))

    def values(self, block: int, kinds: Mapping[str, Kind]) -> dict[str, np.ndarray[Any, Any]]:
        """Some columns of a block as arrays (rows of the block,), each as its kind says."""
        import pyarrow

        if self.form.decimal == "." and self.form.thousands is None and not {*kinds.values()} & {*DRESSES}:
            types = {
                name: pyarrow.string() if kind == "text" else pyarrow.type_for_alias(kind)
                for name, kind in kinds.items()
            }
            try:
                table = parsed_rows(self.data(block), self.form, self.grid_of(kinds), types=types)
                return {name: array_of(name, table.column(name), self.path) for name in kinds}
            except pyarrow.ArrowInvalid:
                pass  # such as +5 or a number behind blanks that the parser does not take for one
        cells = self.cells(block, list(kinds))
        return {name: typed_cells(cells[name], kind, self.form) for name, kind in kinds.items()}

    def kept_values(self, block: int, kinds: Mapping[str, Kind]) -> dict[str, np.ndarray[Any, Any]]:
        """The same from what was kept; what a block by itself had taken for something else is read again.

        What is given is kept no longer.
        """
        import numpy as np

        dtypes = {"int64": np.dtype(np.int64), "uint64": np.dtype(np.uint64), "text": np.dtype(object)}
        found = {name: self.kept[block].pop(name) for name in kinds}
        for name, values in found.items():
            if values.dtype.kind in "iu" and kinds[name] != "text":
                found[name] = values.astype(dtypes.get(kinds[name], np.float64))
        again = {name: kind for name, kind in kinds.items() if found[name].dtype != dtypes.get(kind, np.float64)}
        return found | (self.values(block, again) if again else {})

    def ragged(self, data: bytes, said: str, *, line: int, row: int) -> DataError:
        """The error of a file whose rows differ in length, with the first such row."""
        width = self.header.width
        for number, (at, cells) in enumerate(csv_rows(data, self.form.mark, self.path, line=line, row=row), row):
            if len(cells) != width:
                many = "cell" if len(cells) == 1 else "cells"
                first = "the header" if self.form.header else "the first row"
                message = f"row {number} has {len(cells)} {many}, {first} has {width}"
                hint = (
                    "the row ends in a separator too many: leave it out"
                    if len(cells) == width + 1 and not cells[-1].strip()
                    else "a cell that holds the separator needs quotes around it"
                    if len(cells) > width
                    else "an empty cell still needs its separator"
                )
                return DataError(message, file=self.path, line=at, hint=hint, kind="ragged_row")
        return DataError(f"the file cannot be read as a table: {said}", file=self.path, kind="damaged_file")


def place_name(place: int) -> str:
    """A key for a column without a name, by its place from 0; no header holds it."""
    return f"\0{place}"


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
