"""What was written when an experiment was ejected."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console

from dlcli.view.console.labelled import line
from dlcli.view.console.tables import byte_size


@dataclass(frozen=True, kw_only=True)
class Ejected:
    """The keys of `dlcli eject --json`: the script, the file with its arrays, how long it is, how large they are.

    `exact` says that its first step was equal to the last bit, and not only but for rounding.
    """

    file: str
    arrays: str
    lines: int
    bytes: int
    exact: bool


def draw_ejected(console: Console, ejected: Ejected) -> None:
    """Where the script is, and how it is run."""
    line(console, "script", f"{ejected.file}, {ejected.lines} lines")
    line(console, "data", f"{ejected.arrays}, {byte_size(ejected.bytes)}")
    proved = "to the last bit" if ejected.exact else "but for rounding"
    line(console, "proved", f"data and first weights are equal to the last bit, the first step {proved}")
    line(console, "next", f"python {ejected.file}")
