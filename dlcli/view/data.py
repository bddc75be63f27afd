"""Data: its tensors, its classes and what looks wrong in it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from dlcli.data.description.columns import ColumnSeen
from dlcli.data.description.tensors import Tensor
from dlcli.view.console.console import supports_unicode
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.labelled import line
from dlcli.view.console.shapes import shape
from dlcli.view.console.table import Column, Table, number_column, text_column
from dlcli.view.console.tables import byte_size, number
from dlcli.view.drawing.bars import bars
from dlcli.view.drawing.histogram import histogram
from dlcli.view.sentences import Told

MOST_ROWS, LEAST_NAMES = 60, 12


@dataclass(frozen=True)
class RowsLookedAt:
    """So many rows, spread evenly over all."""

    rows: int
    of: int


def part_of(rows: int, of: int) -> RowsLookedAt | None:
    """The rows that were looked at, where these are not all."""
    return RowsLookedAt(rows, of) if rows < of else None


@dataclass(frozen=True)
class DataShown:
    """The keys of `dlcli inspect-data --json`; notes are what was decided while the data was read.

    `rows` are those that the columns are described by, where that is a part of all.
    """

    source: str
    tensors: Sequence[Tensor]
    columns: Sequence[ColumnSeen]
    findings: Sequence[Told] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    rows: RowsLookedAt | None = None


def draw_data(console: Console, data: DataShown) -> None:
    """The tensors, the classes, the findings and the notes."""
    draw_tensors(console, data.tensors)
    for tensor in data.tensors:
        if tensor.classes and tensor.split in {"train", "all"}:
            several = tensor.axes[-1] == "labels"  # a sample has any number of them, so their shares are of the samples
            what, total = ("labels", tensor.shape[0]) if several else ("classes", None)
            console.print(Text(f"{what} of '{tensor.name}' in {tensor.split}", style="bold"))
            unicode = supports_unicode(console.file)
            console.print(bars(tensor.classes, width=min(console.width, 76), unicode=unicode, total=total))
            console.print()
    draw_columns(console, data.columns, data.rows)
    if not data.findings:
        console.print(Text("no findings"))
    for finding in data.findings:
        line(console, finding.severity, f"{finding.finding}: {finding.evidence}")
        if finding.advice:
            line(console, "", finding.advice, style="cyan")
    for note in data.notes:
        line(console, "note", note)


def tensors_table(tensors: Sequence[Tensor]) -> Table:
    """A row for each tensor of each split."""
    columns = [
        *map(Column, ("split", "role", "name")),
        Column("shape", text=shape),
        Column("axes", text="×".join),
        number_column("ndim"),
        Column("dtype"),
        number_column("bytes", byte_size),
        Column("range"),
        number_column("mean"),
        number_column("missing", str),
    ]
    rows = [
        [
            *(each.split, each.role, each.name, each.shape, each.axes, each.ndim, each.dtype, each.bytes),
            *(range_words(each), each.mean, each.missing),
        ]
        for each in tensors
    ]
    return Table(columns, rows, keys=3)


def draw_tensors(console: Console, tensors: Sequence[Tensor]) -> None:
    """The first of the tensors; where the width does not do, in several tables below each other."""
    write_table(console, tensors_table(tensors[:MOST_ROWS]))
    console.print()
    if len(tensors) > MOST_ROWS:
        console.print(Text(f"… and {len(tensors) - MOST_ROWS} more; --json lists them all", style="dim"))


def columns_table(columns: Sequence[ColumnSeen], *, unicode: bool) -> Table:
    """A row for each column of a table: its spread as a small histogram, or its most frequent names."""

    def held(column: ColumnSeen) -> str:
        frequent = ", ".join(f"{name} {count:,}" for name, count in column.names.items())
        return histogram(column.histogram, unicode=unicode) if column.histogram else frequent

    head = [
        Column("column"),
        Column("range"),
        number_column("mean", number_or_nothing),
        number_column("deviation", number_or_nothing),
        number_column("different", str),
        number_column("missing", str),
        text_column(
            "histogram, or most frequent", least=max([LEAST_NAMES, *(len(each.histogram) for each in columns)])
        ),
    ]
    rows = [
        [
            *(each.name, range_words(each) if each.histogram else ""),
            *((None, None) if each.kind == "times" else (each.mean, each.deviation)),
            *(each.different, each.missing, held(each)),
        ]
        for each in columns
    ]
    return Table(head, rows)


def draw_columns(console: Console, columns: Sequence[ColumnSeen], rows: RowsLookedAt | None) -> None:
    """What each column of a table holds."""
    if not columns:
        return
    if rows is not None:
        console.print(Text(f"in {rows.rows:,} rows, spread evenly over all {rows.of:,}", style="dim"))
    write_table(console, columns_table(columns[:MOST_ROWS], unicode=supports_unicode(console.file)))
    if len(columns) > MOST_ROWS:
        console.print(Text(f"… and {len(columns) - MOST_ROWS} more; --json lists them", style="dim"))
    console.print()


def number_or_nothing(value: float | None) -> str:
    """A number in a cell that stays empty where there is none."""
    return "" if value is None else number(value)


def range_words(each: Tensor | ColumnSeen) -> str:
    """The range of a tensor or a column."""
    if each.min is None or each.max is None:
        return "–"
    if isinstance(each, ColumnSeen) and each.kind == "times":
        return f"{moment(each.min)} … {moment(each.max)}"
    return f"{number(whole_number(each.min))} … {number(whole_number(each.max))}"


def moment(seconds: float) -> str:
    """Seconds since 1970 as a day, with the time of day where it is not midnight."""
    shown = EPOCH + datetime.timedelta(seconds=seconds)
    return f"{shown:%Y-%m-%d}" if seconds % 86400 == 0 else f"{shown:%Y-%m-%d %H:%M}"


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def whole_number(value: float) -> float | int:
    """A whole number without decimals."""
    return int(value) if math.isfinite(value) and value == int(value) and abs(value) < 1e15 else value
