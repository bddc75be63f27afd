"""A table of values, from which each way of showing it is drawn: terminal, JSON, Markdown, CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from dlcli.view.console.tables import number


class Narrow(Enum):
    """What becomes of the cells of a column where the width is short."""

    NEVER = "whole"
    CUT = "cut"
    WRAP = "wrap"


@dataclass(frozen=True)
class Column:
    """A column with its key; `text` writes its values for a person, `right` says that they are numbers.

    Names and numbers stay whole; of texts that may be cut or wrapped, `least` cells are shown.
    """

    name: str
    right: bool = False
    text: Callable[[Any], str] = str
    narrow: Narrow = Narrow.NEVER
    least: int = 12


def number_column(name: str, text: Callable[[Any], str] = number) -> Column:
    """A column of numbers."""
    return Column(name, right=True, text=text)


def text_column(name: str, text: Callable[[Any], str] = str, *, least: int = 12) -> Column:
    """A column of texts that may be cut."""
    return Column(name, text=text, narrow=Narrow.CUT, least=least)


def prose_column(name: str) -> Column:
    """A column of sentences, which wrap at spaces."""
    return Column(name, narrow=Narrow.WRAP, least=16)


@dataclass(frozen=True)
class Table:
    """Columns, and rows with a value for each of them as it was measured; None where there is none.

    The first `keys` columns name a row. Where the width does not do, the last columns are left out, but the first `least`,
    or, without that, the table is split.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    keys: int = 1
    least: int | None = None

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]

    @property
    def cells(self) -> list[list[str]]:
        """The values as a person reads them."""
        return [[column.text(value) for column, value in zip(self.columns, row, strict=True)] for row in self.rows]


def records(table: Table) -> list[dict[str, Any]]:
    """The table as JSON has it: a mapping for each row."""
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def markdown(table: Table) -> str:
    """The table in Markdown, as a person reads its values; a `|` in a cell is escaped, a line's end is a space."""
    lines = [table.names, ["--:" if column.right else ":--" for column in table.columns], *table.cells]
    return "".join(f"| {' | '.join(map(escaped, line))} |\n" for line in lines)


def escaped(cell: str) -> str:
    """A cell that cannot end its column or its line."""
    return " ".join(cell.split()).replace("|", "\\|")


def csv_text(table: Table) -> str:
    """The table as CSV, with all digits; a number that is not finite or not there is an empty cell."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.names)
    writer.writerows([["" if is_nothing(value) else value for value in row] for row in table.rows])
    return buffer.getvalue()


def is_nothing(value: Any) -> bool:
    """Whether a value is none that CSV can hold."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))
