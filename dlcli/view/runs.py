"""Runs: a line for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.table import Column, Table, number_column, text_column
from dlcli.view.console.tables import duration, number
from dlcli.view.verdict import setting_text

Metrics = Mapping[str, Mapping[str, float | None]]
"""Values by split and name."""

WHOLE = frozenset({"run", "status"})
"""Columns of texts that are never cut."""


@dataclass(frozen=True, kw_only=True)
class RunShown:
    """A run for a script; the keys of `dlcli runs --json`.

    `seconds` are those in the training loop, `file` is that of the configuration, `config` what took effect, `set` what the
    command line set of it.
    """

    run: str
    path: str
    status: str
    reason: str | None
    started: str | None
    epochs: int
    seconds: float | None
    best: Mapping[str, Any]
    metrics: Metrics
    verdict: Sequence[Mapping[str, Any]]
    file: str | None
    seed: int | None
    set: Mapping[str, Any]
    config: Mapping[str, Any]


@dataclass(frozen=True)
class RunsShown:
    """Runs as rows of values, numbers or text; by column that stands for a key of the configuration the short name in `keys`.

    What a column is called is what `--sort`, `--filter` and `--columns` take.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[float | int | str | None]]
    keys: Mapping[str, str] = field(default_factory=dict)


def runs_table(shown: RunsShown, *, short: bool = False) -> Table:
    """A row for each run; `short` calls a key by its short name, where no other column is called so."""
    ends = Counter(shown.keys.get(name, name) for name in shown.columns)
    columns = []
    for at, name in enumerate(shown.columns):
        column = column_of(name, [row[at] for row in shown.rows], written=name in shown.keys)
        alone = short and ends[shown.keys.get(name, name)] == 1
        columns.append(replace(column, name=shown.keys.get(name, name)) if alone else column)
    return Table(columns, shown.rows, least=4)


def column_of(name: str, values: Sequence[Any], *, written: bool) -> Column:
    """The column of a value by its name: numbers stand to the right, with four digits where no person has `written` them."""
    if name == "seconds":
        return number_column(name, time_of)
    kinds = {type(value) for value in values if value is not None}
    if not kinds or not kinds <= {int, float}:
        return (Column if name in WHOLE else text_column)(name, text=text_of_value)
    return number_column(name, text_of_value if written else number)


def text_of_value(value: Any) -> str:
    """A value in a cell, as `--set` reads it; text as it is."""
    return "–" if value is None else value if isinstance(value, str) else setting_text(value)


def draw_runs(console: Console, shown: RunsShown) -> None:
    """A line for each run; metrics of the validation split where there is one."""
    if not shown.rows:
        console.print(Text("no runs"))
        return
    write_table(console, runs_table(shown, short=True))


def time_of(seconds: float | None) -> str:
    """A time in a cell."""
    return "–" if seconds is None else duration(seconds)
