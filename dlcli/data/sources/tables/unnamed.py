"""A text file whose ending says nothing: whether it is a table, and how it is written, or running text."""

from __future__ import annotations

import csv
import re
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dlcli.data.sources.tables.csv_form import WHITESPACE
from dlcli.data.written_numbers import NUMBER

LOOKED_AT, LINES, FEWEST = 1 << 16, 100, 3
"""Bytes and lines that are looked at, and so many rows at least make a table."""
FEWEST_WORDS, WORDS = 20, 0.8
"""So many parts between blanks at least, and so large a share of them words, make running text."""
SEPARATORS = ("\t", ";", ",", "|", WHITESPACE)
COMMENTS = ("#", "%")


def start_of_text(path: Path) -> tuple[str, bool] | None:
    """The first characters of a file, and whether they are all; None for what is no text in UTF-8."""
    try:
        with path.open("rb") as file:
            start = file.read(LOOKED_AT + 1)
        whole = len(start) <= LOOKED_AT
        text = start[:LOOKED_AT].removeprefix(b"\xef\xbb\xbf").decode(errors="strict" if whole else "ignore")
    except (OSError, UnicodeDecodeError):
        return None
    return None if "\0" in text else (text, whole)


def is_mostly_words(path: Path) -> bool:
    """Whether a file is text of words, as books are."""
    start = start_of_text(path)
    parts = [] if start is None else start[0].split()
    words = sum(part.strip(string.punctuation + "“”‘’«»„…—–。、，！？：；（）「」").isalpha() for part in parts)
    return len(parts) >= FEWEST_WORDS and words >= WORDS * len(parts)


def written_table(path: Path) -> dict[str, Any] | None:
    """The block of `csv` for a file, without its path: separator, comment, header; None for what is no table of text."""
    start = start_of_text(path)
    if start is None:
        return None
    text, whole = start
    lines = text.splitlines()
    lines = lines[: LINES if whole else min(LINES, len(lines) - 1)]
    comment = next((mark for mark in COMMENTS if lines and lines[0].lstrip().startswith(mark)), None)
    rows = [line for line in lines if line.strip() and not (comment and line.lstrip().startswith(comment))]
    for separator in SEPARATORS:
        cells = cells_between(rows, separator)
        if cells is not None:
            form: dict[str, Any] = {"separator": separator}
            form |= {"comment": comment} if comment else {}
            return form | ({} if looks_like_names(cells) else {"header": False})
    return None


def cells_between(rows: Sequence[str], separator: str) -> list[list[str]] | None:
    """The cells of each row, where all have as many and at least two; else None."""
    if len(rows) < FEWEST:
        return None
    try:
        if separator == WHITESPACE:
            cells = [row.split() for row in rows]
        else:
            cells = list(csv.reader(rows, delimiter=separator, strict=True))
    except csv.Error:
        return None
    width = len(cells[0])
    numbers = sum(is_numeral(cell) for row in cells[1:] for cell in row)
    # Sentences of as many words are no table; a table has numbers, or a mark between its cells.
    if width < 2 or any(len(row) != width for row in cells) or (separator == WHITESPACE and not numbers):
        return None
    return cells


def looks_like_names(cells: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds names of columns: no number, while there are numbers below or names that stand once."""
    first, below = cells[0], cells[1:]
    if any(is_numeral(cell) for cell in first):
        return False
    if any(is_numeral(cell) for row in below for cell in row):
        return True
    return len({*first}) == len(first) and not any(cell in {row[at] for row in below} for at, cell in enumerate(first))


def is_numeral(cell: str) -> bool:
    """Whether a cell is written as a number."""
    return re.fullmatch(NUMBER, cell.strip()) is not None
