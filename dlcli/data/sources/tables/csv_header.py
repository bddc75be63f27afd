"""The header of a CSV file: the names of its columns and where its rows begin, also where there is none."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from dlcli.data.sources.tables.column_names import Columns, columns_of
from dlcli.data.sources.tables.csv_form import WHITESPACE, CsvForm
from dlcli.data.sources.tables.csv_text import BOM, checked_text, csv_rows
from dlcli.data.sources.tables.text_blocks import Content
from dlcli.errors import DataError
from dlcli.first_line import first_line

HEAD = 1 << 20
"""Bytes of the start of a file in which its header is looked for."""


@dataclass(frozen=True)
class Header:
    """The columns of a file, how many cells a row has, the byte and the line at which rows begin."""

    columns: Columns
    width: int
    size: int
    first_line: int


def header_of(content: Content, form: CsvForm, path: Path) -> Header:
    """The header of a file.

    Raises `DataError` for a file that is empty, whose first line is no row of names, or that has other columns than `names`.
    """
    start = content.read(0, HEAD)
    content.returns = content.returns or (b"\n" not in start and b"\r" in start)
    head = content.read(0, HEAD)
    text = head.removeprefix(BOM)
    if content.whole is None:
        text = checked_text(text, head, path)
    if not text.strip():
        raise DataError("the file is empty", file=path, kind="empty_file")
    place, line = first_place(text, form, path)
    header = read_header(text[place:], form, path, line=line)
    return replace(header, size=header.size + place + len(head) - len(text))


def first_place(text: bytes, form: CsvForm, path: Path) -> tuple[int, int]:
    """The byte and the line at which the header stands: below lines to skip and comments."""
    place, line = 0, 1
    for _ in range(form.skip):
        end = text.find(b"\n", place) + 1
        if not end:
            message = f"there are {form.skip} lines to skip, and the file has {line}"
            raise DataError(message, file=path, line=line, hint="write a smaller skip", kind="no_header")
        place, line = end, line + 1
    mark = form.comment and form.comment.encode()
    while mark and text[place:].lstrip(b" \t").startswith(mark):
        end = text.find(b"\n", place) + 1 or len(text)
        place, line = end, line + 1
    return place, line


def read_header(text: bytes, form: CsvForm, path: Path, *, line: int) -> Header:
    """The header of what begins with it, at a line."""
    first, rest = first_whole_row(text) if form.header else text.partition(b"\n")[::2]
    shown = form.plain(first).decode(errors="replace").rstrip("\r")
    if not shown.strip():
        message = "the first line is blank; expected the names of the columns"
        raise DataError(message, file=path, line=line, kind="no_header")
    if form.header and not form.plain(rest).strip():
        check_separator(shown, form.mark, path, line=line)
        raise DataError("the file has a header but no rows", file=path, line=line, kind="no_rows")
    try:
        written = first_row(text, form, path, line=line) if not form.header else cells_of_line(shown, form.mark)
    except csv.Error as error:
        message = f"the header is no row of names: {first_line(error)}"
        raise DataError(message, file=path, line=line, kind="no_header") from None
    if form.header and not form.names and names_rows(rest, len(written), form, path):
        written = ["", *written]
    if len(written) == 1:
        check_separator(written[0], form.mark, path, line=line)
    if form.names and len(form.names) != len(written):
        message = f"there are {len(form.names)} names, and {len(written)} columns"
        raise DataError(message, file=path, line=line, hint="name every column", kind="columns_differ")
    names = form.names or (written if form.header else [f"column_{number + 1}" for number in range(len(written))])
    columns = columns_of(names, path, line=line, headless="csv: {…, header: false}" if form.header else None)
    size = len(first) + 1 if form.header else 0
    return Header(columns, len(written), size, line + (1 + first.count(b"\n") if form.header else 0))


ROWS, LOOKED_AT = 20, 1 << 15
"""Rows, and bytes at most, that tell whether rows have names of their own."""


def names_rows(below: bytes, width: int, form: CsvForm, path: Path) -> bool:
    """Whether the rows below a header of so many names begin with a name of their own, as R writes it without one above.

    They have one cell more then, which differs from row to row, and is quoted where blanks do not separate the cells: without
    that a cell too many is a mistake.
    """
    if len(below) > LOOKED_AT:
        below = below[:LOOKED_AT]
        below = below[: below.rfind(b"\n") + 1]
    try:
        rows = [cells for _, cells in islice(csv_rows(form.plain(below), form.mark, path), ROWS)]
    except (DataError, UnicodeDecodeError):
        return False
    quoted = all(line.startswith(b'"') for line in below.split(b"\n", ROWS)[:ROWS] if line.strip())
    return (
        (quoted or form.separator == WHITESPACE)
        and all(len(cells) == width + 1 for cells in rows)
        and len({cells[0] for cells in rows}) == len(rows) > 0
    )


def first_whole_row(text: bytes) -> tuple[bytes, bytes]:
    """The first row, which may hold line breaks within quotes, and what stands below; one line where no quote is closed."""
    end = text.find(b"\n")
    while end >= 0 and text.count(b'"', 0, end) % 2:
        end = text.find(b"\n", end + 1)
    if end < 0:
        first, _, rest = text.partition(b"\n")
        return (first, rest) if text.count(b'"') % 2 else (text, b"")
    return text[:end], text[end + 1 :]


def cells_of_line(shown: str, mark: str) -> list[str]:
    """The cells of a line."""
    return next(csv.reader(shown.splitlines(keepends=True), delimiter=mark, strict=True))


def first_row(text: bytes, form: CsvForm, path: Path, *, line: int) -> list[str]:
    """The cells of the first row, which may reach over several lines."""
    whole = text if len(text) < HEAD else text[: text.rfind(b"\n") + 1]
    return next(csv_rows(form.plain(whole), form.mark, path, line=line))[1]


def footer_start(content: Content, form: CsvForm) -> int:
    """The byte at which the footer begins, which is the end of the file where there is none."""
    if not form.footer:
        return content.size
    start = max(0, content.size - HEAD)
    text = content.read(start, HEAD)
    for _ in range(form.footer):
        text = text.rstrip(b"\r\n")
        text = text[: text.rfind(b"\n") + 1]
    return start + len(text)


def check_separator(first: str, separator: str, path: Path, *, line: int) -> None:
    """Refuses a header of one name that holds what usually separates columns."""
    for other in ";\t|,":
        if other != separator and other in first and separator not in first:
            shown = "\\t" if other == "\t" else other
            hint = f'did you mean separator "{shown}"? write csv: {{path: {path.name}, separator: "{shown}"}}'
            message = f"there is only one column, '{first}'"
            raise DataError(message, file=path, line=line, hint=hint, kind="single_column")
