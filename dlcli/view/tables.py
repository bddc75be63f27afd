"""Calm tables: a line under the header and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dlcli.view.console import speaks_unicode


def plain_table(
    console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = (), bold: Collection[int] = ()
) -> Table:
    """A table of text; `right` are columns of numbers, `bold` rows to stand out."""
    table = Table(box=box.SIMPLE_HEAD if speaks_unicode(console) else box.ASCII2, show_edge=False, pad_edge=False, header_style="bold")
    for position, name in enumerate(columns):
        table.add_column(Text(name), justify="right" if position in right else "left", overflow="fold")
    for position, row in enumerate(rows):
        table.add_row(*(Text(cell) for cell in row), style="bold" if position in bold else None)
    return table
