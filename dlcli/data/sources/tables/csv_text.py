"""The text of a CSV file: its encoding, and its rows one by one where an error has to be found."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from dlcli.data.sources.paths import content_of
from dlcli.data.sources.tables.csv_form import is_utf8
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
    if line == 1 and content.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise DataError(
            "the file is UTF-32", file=path, hint="save it as UTF-8, or write encoding: utf-32", kind="wrong_encoding"
        )
    if line == 1 and content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(
            "the file is UTF-16", file=path, hint="save it as UTF-8, or write encoding: utf-16", kind="wrong_encoding"
        )
    if b"\0" in content:
        # A letter of ASCII takes two bytes in UTF-16, four in UTF-32.
        wide = line == 1 and b"\0\0\0" in content[:8]
        endian = {0: "be", 1: "le"}.get(content.index(b"\0")) if line == 1 else None
        at = content.count(b"\n", 0, content.index(b"\0")) + line
        bits = 32 if wide else 16
        hint = f"it looks like UTF-{bits}: write encoding: utf-{bits}-{endian}" if endian else "is it a table at all?"
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
