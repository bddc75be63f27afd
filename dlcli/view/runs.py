"""Runs: a line for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import duration

Metrics = Mapping[str, Mapping[str, float | None]]
"""Values by split and name."""


@dataclass(frozen=True)
class RunShown:
    """A run as a row; the keys of `dlcli runs --json`. `seconds` are those in the training loop."""

    run: str
    status: str
    epochs: int
    seconds: float | None
    metrics: Metrics
    config: str

    @property
    def measured(self) -> Mapping[str, float | None]:
        """The metrics that tell a run's worth, named by split: those of validation where there are any."""
        if "validation" in self.metrics:
            return {f"val_{name}": value for name, value in self.metrics["validation"].items()}
        return self.metrics.get("train", {})


def runs_table(runs: Sequence[RunShown]) -> Table:
    """A row for each run, with a column for each metric that any of them has."""
    names = list(dict.fromkeys(name for run in runs for name in run.measured))
    columns = [Column("run"), Column("status"), number_column("epochs"), number_column("time", time_of)]
    rows = [
        [run.run, run.status, run.epochs, run.seconds, *(run.measured.get(name) for name in names), run.config]
        for run in runs
    ]
    return Table([*columns, *map(number_column, names), Column("config")], rows, least=4)


def draw_runs(console: Console, runs: Sequence[RunShown]) -> None:
    """A line for each run; metrics of the validation split where there is one."""
    if not runs:
        console.print(Text("no runs"))
        return
    write_table(console, runs_table(runs))


def time_of(seconds: float | None) -> str:
    """A time in a cell."""
    return "–" if seconds is None else duration(seconds)
