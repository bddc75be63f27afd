"""The text of a CSV file: its encoding, its header, and its rows one by one where an error has to be found."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dlcli.data.sources.paths import content_of
from dlcli.data.sources.tables.column_names import checked_names
from dlcli.errors import DataError
from dlcli.first_line import first_line

BOM = b"\xef\xbb\xbf"
TWICE = "a quote within quotes is written twice"


class QuoteError(DataError):
    """A quote that is not closed or closed too early, so that where rows end cannot be told."""

    kind = "misplaced_quote"

    def __init__(self, message: str, *, hint: str | None = None, file: str | Path, line: int | None = None) -> None:
        super().__init__(message, kind=self.kind, hint=hint, file=file, line=line)


SAVE = "write encoding: cp949 (Korean Windows), latin-1, … or save the file as UTF-8"


@dataclass(frozen=True)
class CsvForm:
    """How a file is written: what stands between cells and before decimals, its encoding, and texts for an empty cell."""

    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    empty: tuple[str, ...] = ()

    @property
    def is_utf8(self) -> bool:
        """Whether the file is UTF-8."""
        return is_utf8(self.encoding)


def is_utf8(encoding: str) -> bool:
    """Whether an encoding is UTF-8 in one of its spellings."""
    return encoding.lower().replace("_", "-") in {"utf-8", "utf8"}


def utf8(path: Path, encoding: str) -> bytes:
    """The whole content in UTF-8 without byte-order mark. Raises `DataError` with the line of what is not in its encoding."""
    content = content_of(path)
    if not content.removeprefix(BOM).strip():
        raise DataError("the file is empty", file=path, kind="empty_file")
    if is_utf8(encoding):
        content = checked_text(content.removeprefix(BOM), content, path)
    else:
        if b"\0" not in content and "utf-16" in encoding.lower().replace("_", "-"):
            raise DataError(
                "the file is not UTF-16", file=path, hint="leave encoding out for UTF-8", kind="wrong_encoding"
            )
        try:
            content = content.decode(encoding).removeprefix("\ufeff").encode()
        except UnicodeDecodeError as error:
            raise not_in(error, encoding, path, hint=None) from None
        except UnicodeError as error:
            raise DataError(
                f"the file is not {encoding.upper()}: {first_line(error)}", file=path, kind="wrong_encoding"
            ) from None
    return content if b"\n" in content else content.replace(b"\r", b"\n")


def checked_text(text: bytes, content: bytes, path: Path, *, line: int = 1) -> bytes:
    """Bytes that are UTF-8 and begin at a line; `content` are the same with a byte-order mark, if there is one.

    Raises `DataError` at the line of what is none, and for UTF-16 and zero bytes.
    """
    if line == 1 and content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError("the file is UTF-16", file=path, hint="write encoding: utf-16", kind="wrong_encoding")
    if b"\0" in content:
        endian = {0: "be", 1: "le"}.get(content.index(b"\0")) if line == 1 else None
        at = content.count(b"\n", 0, content.index(b"\0")) + line
        hint = f"it looks like UTF-16: write encoding: utf-16-{endian}" if endian else "is it a table at all?"
        raise DataError(
            "the file holds zero bytes, which text has not", file=path, line=at, hint=hint, kind="zero_bytes"
        )
    try:
        text.decode()
    except UnicodeDecodeError as error:
        # The end of a piece may cut a character in two.
        if error.end < len(text) or error.reason != "unexpected end of data":
            raise not_in(error, "utf-8", path, hint=SAVE, line=line) from None
    return text


def not_in(error: UnicodeDecodeError, encoding: str, path: Path, *, hint: str | None, line: int = 1) -> DataError:
    """The error of a byte that is not in an encoding, with its row."""
    at = error.object.count(b"\n", 0, error.start) + line
    words = f"row {at - 1}" if at > 1 else "the header"
    message = f"{words}: byte 0x{error.object[error.start]:02x} is not {encoding.upper()}"
    return DataError(message, file=path, line=at, hint=hint, kind="wrong_encoding")


def header_of(content: bytes, separator: str, path: Path) -> tuple[list[str], list[str], int]:
    """The names in the first line, notes on them, and how many bytes that line takes.

    Raises `DataError` for a file that is empty, or whose first line is no row of names.
    """
    if not content.strip():
        raise DataError("the file is empty", file=path, kind="empty_file")
    line, _, rest = content.partition(b"\n")
    first = line.decode().rstrip("\r")
    if not first.strip():
        raise DataError(
            "the first line is blank; expected the names of the columns", file=path, line=1, kind="no_header"
        )
    if not rest.strip():
        check_separator(first, separator, path)
        raise DataError("the file has a header but no rows", file=path, line=1, kind="no_rows")
    try:
        written = next(csv.reader([first], delimiter=separator, strict=True))
    except csv.Error as error:
        raise DataError(
            f"the header is no row of names: {first_line(error)}", file=path, line=1, kind="no_header"
        ) from None
    if len(written) == 1:
        check_separator(written[0], separator, path)
    names, notes = checked_names(written, path, line=1)
    return names, notes, len(line) + 1


def check_separator(first: str, separator: str, path: Path) -> None:
    """Refuses a header of one name that holds what usually separates columns."""
    for other in ";\t|,":
        if other != separator and other in first and separator not in first:
            shown = "\\t" if other == "\t" else other
            hint = f'did you mean separator "{shown}"? write csv: {{path: {path.name}, separator: "{shown}"}}'
            raise DataError(f"there is only one column, '{first}'", file=path, line=1, hint=hint, kind="single_column")


class Lines:
    """The lines of a text with their ends; `over` says that more were asked for than there are."""

    def __init__(self, text: str) -> None:
        self.lines, self.over = io.StringIO(text, newline=""), False

    def __iter__(self) -> Iterator[str]:
        yield from self.lines
        self.over = True


def csv_rows(
    content: bytes, separator: str, path: Path, *, line: int = 1, row: int = 1
) -> Iterator[tuple[int, list[str]]]:
    """The line at which each row begins and its cells; lines without any cell are none.

    The content begins at `line` with `row`. Raises `DataError` for a quote that is not closed or closed too early.
    """
    text = Lines(content.decode())
    reader = csv.reader(text, delimiter=separator, strict=True)
    start = line
    try:
        for cells in reader:
            if cells:
                yield start, cells
                row += 1
            start = reader.line_num + line
    except csv.Error as error:
        # A reader that asks for more lines than there are looks for the end of a quote.
        said = "a quote is opened and never closed" if text.over else first_line(error)
        raise QuoteError(f"row {row}: {said}", file=path, line=start, hint=TWICE) from None
