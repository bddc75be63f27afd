"""What was removed, or would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from dlcli.view.console.console import printable
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import byte_size


@dataclass(frozen=True)
class RemovedRun:
    """A run, or a group of `runs`, that is gone, and what it took; of a link to one nothing but the link goes, and what it
    `leads_to` stays.
    """

    run: str
    path: str
    bytes: int
    leads_to: str | None = None
    runs: int = 1


@dataclass(frozen=True, kw_only=True)
class Removal:
    """The keys of `dlcli remove --json`: what is gone, how many bytes that frees, the `best` that stays, and what trains."""

    removed: Sequence[RemovedRun]
    bytes: int
    best: str | None
    training: Sequence[str]
    dry_run: bool


def draw_removal(console: Console, removal: Removal) -> None:
    """A line for each run, what they free together, and what stays."""
    if removal.removed:
        rows = [[each.run, each.bytes] for each in removal.removed]
        write_table(console, Table([Column("run"), number_column("size", byte_size)], rows))
        console.print()
    runs = sum(each.runs for each in removal.removed)
    count = f"{runs:,} run{'' if runs == 1 else 's'}"
    verb = "would be removed, which frees" if removal.dry_run else "removed, which frees"
    console.print(Text(f"{count} {verb} {byte_size(removal.bytes)}" if removal.removed else "no runs to remove"))
    for each in removal.removed:
        if each.leads_to is not None:
            console.print(Text(printable(f"{each.run} is a link: what it leads to stays, {each.leads_to}")))
    if removal.best is not None:
        console.print(Text(printable(f"kept as the best: {removal.best}")))
    if removal.training:
        console.print(Text(printable(f"left alone, because they train: {', '.join(removal.training)}")))
