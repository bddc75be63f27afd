"""How a CSV file is written, and its text as a parser takes it: no comments, one mark between two cells."""

from __future__ import annotations

import re
from dataclasses import dataclass

WHITESPACE = "whitespace"
"""The separator that is any number of blanks and tabs."""
BLANKS = re.compile(rb'("(?:[^"]|"")*")|^[ \t]+|[ \t]+(?=\r?$)|[ \t]+', re.MULTILINE)


@dataclass(frozen=True)
class CsvForm:
    """How a file is written.

    `separator` stands between cells, `decimal` before decimals and `thousands` between groups of three digits. `empty` are
    texts for an empty cell. `skip` lines stand before the header and `footer` lines below the last row; a line that begins
    with `comment` is none. Without `header` the first line is a row. `names` are those of the columns, `index` is one that
    is no input.
    """

    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    empty: tuple[str, ...] = ()
    header: bool = True
    names: tuple[str, ...] = ()
    skip: int = 0
    footer: int = 0
    comment: str | None = None
    thousands: str | None = None

    @property
    def is_utf8(self) -> bool:
        """Whether the file is UTF-8."""
        return is_utf8(self.encoding)

    @property
    def mark(self) -> str:
        """The one character between two cells of the text that `plain` gives."""
        return "\t" if self.separator == WHITESPACE else self.separator

    @property
    def is_plain(self) -> bool:
        """Whether `plain` changes nothing."""
        return self.separator != WHITESPACE and self.comment is None

    def plain(self, data: bytes) -> bytes:
        """Whole rows as a parser takes them; as many lines as before, so that their numbers stay true."""
        if self.comment is not None:
            data = without_comments(data, self.comment.encode())
        if self.separator == WHITESPACE:
            data = BLANKS.sub(one_mark, data)
        return data


def one_mark(match: re.Match[bytes]) -> bytes:
    """A tab for blanks between two cells, nothing at either end of a line, and what stands in quotes as it is."""
    if match[1] is not None:
        return match[1]
    text, start, end = match.string, match.start(), match.end()
    at_start = start == 0 or text[start - 1 : start] == b"\n"
    at_end = end == len(text) or text[end : end + 1] in b"\r\n"
    return b"" if at_start or at_end else b"\t"


def without_comments(data: bytes, mark: bytes) -> bytes:
    """The lines, those that begin with a mark blank; not where a line is the middle of a cell in quotes."""
    lines, quotes = data.split(b"\n"), 0
    for number, line in enumerate(lines):
        if quotes % 2 == 0 and line.lstrip().startswith(mark):
            lines[number] = b""
        else:
            quotes += line.count(b'"')
    return b"\n".join(lines)


def is_utf8(encoding: str) -> bool:
    """Whether an encoding is UTF-8 in one of its spellings."""
    return encoding.lower().replace("_", "-") in {"utf-8", "utf8"}
