"""Cuts a file of text into blocks that end at row ends, and keeps which rows and lines each holds."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dlcli.data.fields.fields import Place
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

BLOCK_BYTES = 1 << 23
MOST_ROW = 1 << 26
"""Bytes that one row may take."""


class Content:
    """The bytes of a file, or `whole` in their stead; any thread may read any part.

    With `returns` its lines end in carriage returns alone, which are read as line feeds.
    """

    def __init__(self, path: Path, whole: bytes | None = None) -> None:
        self.path, self.whole, self.returns = path, whole, False
        try:
            self.size = path.stat().st_size if whole is None else len(whole)
        except OSError as error:
            raise self.unreadable(error) from None

    def read(self, start: int, size: int) -> bytes:
        """Some bytes. Raises `DataError` where the system refuses."""
        if self.whole is not None:
            data = self.whole[start : start + size]
        else:
            try:
                with self.path.open("rb", buffering=0) as file:
                    file.seek(start)
                    data = file.read(min(size, max(self.size - start, 0)))
            except OSError as error:
                raise self.unreadable(error) from None
        return data.replace(b"\r", b"\n") if self.returns else data

    def line_at(self, end: int) -> int:
        """The number of the line in which a byte stands."""
        starts = range(0, end, BLOCK_BYTES)
        return 1 + sum(self.read(start, min(BLOCK_BYTES, end - start)).count(b"\n") for start in starts)

    def unreadable(self, error: OSError) -> DataError:
        return DataError(f"cannot read {self.path}: {error.strerror}", file=self.path, kind="unreadable_file")


class Block(NamedTuple):
    """Some rows of a file, and the byte at which they start."""

    start: int
    data: bytes


class LongRow(DataError):
    """A row of more bytes than any has: where it ends was not found."""

    kind = "row_too_long"

    def __init__(self, message: str, *, hint: str, file: Path, line: int) -> None:
        super().__init__(message, kind=self.kind, hint=hint, file=file, line=line)


def row_blocks(
    content: Content, start: int, row_end: Callable[[bytes], int], *, hint: str, end: int | None = None
) -> Iterator[Block]:
    """The rows from the byte `start` on, up to the byte `end`, about BLOCK_BYTES at a time.

    `row_end` says where the last row that is whole ends. Raises `LongRow` for a row of more than MOST_ROW bytes; `hint`
    tells what it may be.
    """
    last = content.size if end is None else end
    while start < last:
        size, cut = BLOCK_BYTES, 0
        while not cut:
            data = content.read(start, min(size, last - start))
            if not data:
                raise DataError("the file became shorter while it was read", file=content.path, kind="file_changed")
            cut = len(data) if start + len(data) >= last else row_end(data)
            if not cut and size >= MOST_ROW:
                message = f"a row takes more than {MOST_ROW >> 20} MB"
                raise LongRow(message, file=content.path, line=content.line_at(start), hint=hint)
            size *= 2
        yield Block(start, data[:cut])
        start += cut


class Rows:
    """Which bytes and which lines of a file hold which rows; a few bytes a row at most."""

    def __init__(self, first_line: int) -> None:
        self.spans: list[tuple[int, int]] = []
        self.counts: list[int] = []
        self.first_line = self.next_line = first_line
        self.lines: array[int] | None = None

    @property
    def count(self) -> int:
        """How many rows there are up to now."""
        return sum(self.counts)

    def add(self, block: Block, rows: int, lines: int, starts: np.ndarray[Any, Any] | None) -> None:
        """Adds a block of so many lines; `starts` are the lines, from 0, where rows begin that are not one a line."""
        import numpy as np

        # Almost every file has a row a line, and then the first line says all. Only from the first block on where that is not so
        # are lines kept, four bytes a row, and those of the rows before are filled in.
        if starts is not None and self.lines is None:
            self.lines = array("I", range(self.first_line, self.next_line))
        if self.lines is not None:
            relative = np.arange(rows) if starts is None else starts
            self.lines.frombytes((relative + self.next_line).astype(np.uint32).tobytes())
        self.next_line += lines
        if rows:
            self.spans.append((block.start, len(block.data)))
            self.counts.append(rows)

    def place(self, path: Path) -> Place:
        """Where the rows stand."""
        if self.lines is not None:
            return Place(str(path), self.count, lines=self.lines)
        return Place(str(path), self.count, self.first_line)
