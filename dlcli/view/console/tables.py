"""Calm tables, and numbers, sizes and durations as short text."""

from __future__ import annotations

import math
import numbers
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from dlcli.view.console.console import printable


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> Table:
    """A table with a rule under its header and no other line; the columns whose position is in `right` hold numbers.

    Cells are text, never markup. Where the width is short, numbers keep their line and texts are folded.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for position, column in enumerate(columns):
        numeric = position in right
        table.add_column(
            Text(printable(column)),
            justify="right" if numeric else "left",
            no_wrap=numeric,
            overflow="ellipsis" if numeric else "fold",
        )
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


@dataclass(frozen=True)
class Part:
    """Some columns of a table with their cells."""

    columns: list[str]
    rows: list[list[str]]


def chosen_columns(columns: Sequence[str], rows: Sequence[Sequence[str]], chosen: Sequence[int]) -> Part:
    """The part of a table that has the chosen columns."""
    return Part([columns[index] for index in chosen], [[row[index] for index in chosen] for row in rows])


def widths(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """The cells that each column takes when nothing wraps, with the room between two columns."""
    return [max(cell_len(name), *(cell_len(row[index]) for row in rows), 1) + 3 for index, name in enumerate(columns)]


def folded(columns: Sequence[str], rows: Sequence[Sequence[str]], *, keys: int, width: int) -> list[Part]:
    """A wide table as several below each other, each beginning with the first `keys` columns."""
    needed = widths(columns, rows) if rows else [0] * len(columns)
    parts: list[list[int]] = [list(range(keys))]
    for index in range(keys, len(columns)):
        if len(parts[-1]) > keys and sum(needed[each] for each in parts[-1]) + needed[index] > width + 3:
            parts.append(list(range(keys)))
        parts[-1].append(index)
    return [chosen_columns(columns, rows, part) for part in parts]


def fitting_columns(columns: Sequence[str], rows: Sequence[Sequence[str]], *, least: int, width: int) -> Part:
    """A table without those of its last columns that do not fit; at least the first `least`."""
    needed = widths(columns, rows) if rows else [0] * len(columns)
    count = len(columns)
    while count > least and sum(needed[:count]) > width + 3:
        count -= 1
    return chosen_columns(columns, rows, range(count))


def number(value: float | int | None) -> str:
    """Four significant digits; whole numbers exactly, from 10,000 on with separators; `–` for none."""
    if value is None:
        return "–"
    if isinstance(value, numbers.Integral):
        return f"{value:,}" if abs(value) >= 10_000 else str(int(value))
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(float(value))
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3e}"
    if abs(value) >= 1000:
        return f"{value:,.0f}" if abs(value) >= 9999.5 else f"{value:.0f}"
    return f"{value:#.4g}".rstrip(".")


def of_metric(name: str, value: float | None) -> float | None:
    """The value of a metric as a table has it: None of one that nothing defines. A loss that is no number is told as such."""
    return None if value is not None and math.isnan(value) and not name.endswith("loss") else value


def byte_size(bytes: int) -> str:
    """A number of bytes in B, kB, MB or GB of a thousand each."""
    # rich.filesize writes "1,000.0 kB" and "0 bytes"; columns of a table want three digits and a short unit.
    if bytes < 1000:
        return f"{bytes} B"
    amount = float(bytes)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.5 or unit == "GB":
            break
    return f"{amount:.1f} {unit}" if amount < 99.95 else f"{amount:.0f} {unit}"


def duration(seconds: float) -> str:
    """A time span: `0.04 s`, `0.8 s`, `12 s`, `3 min 05 s`, `2 h 04 min`; `–` where it is not known."""
    if not math.isfinite(seconds) or seconds < 0:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s" if seconds == 0 or seconds >= 0.095 else f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"
