"""Lists, sorts and filters the runs of a folder; takes no lock and reads runs that are being written."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.errors import ArtifactError, UsageError
from dlcli.runs.folder import Run, run_folders
from dlcli.runs.state import RunState, read_state, status_of

EXPRESSION = re.compile(r"([\w.]+)\s*(>=|<=|!=|=|>|<|~)\s*(.*)")
COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


@dataclass(frozen=True)
class RunSummary:
    """One line of the list."""

    run: str
    number: int
    status: str
    epochs: int
    seconds: float | None
    metrics: dict[str, Any]
    config: str

    def value(self, name: str) -> Any:
        """A value by name: `status`, `epochs`, `val_accuracy` or `validation.accuracy`, `accuracy` of training."""
        if name in {"run", "number", "status", "epochs", "seconds", "config"}:
            return getattr(self, name)
        split, _, metric = name.rpartition(".")
        if not split:
            split, metric = ("validation", name.removeprefix("val_")) if name.startswith("val_") else ("train", name)
        return self.metrics.get(split, {}).get(metric)

    def plain(self) -> dict[str, Any]:
        """The row as `dlcli runs --json` gives it."""
        return {"run": self.run, "status": self.status, "epochs": self.epochs, "seconds": self.seconds, "metrics": self.metrics, "config": self.config}


def list_runs(root: Path) -> list[RunSummary]:
    """All runs in the order in which they were started."""
    return sorted((summary(Run(path)) for path in run_folders(root)), key=lambda row: (row.number, row.run))


def summary(run: Run) -> RunSummary:
    """The row of one run; one that cannot be read has a row too."""
    try:
        state: RunState = read_state(run)
    except ArtifactError:
        return RunSummary(run.name, 0, "unreadable", 0, None, {}, "")
    metrics = {split: dict(values) for split, values in state.metrics.items()}
    return RunSummary(run.name, state.number, status_of(run, state), state.epochs, state.seconds, metrics, state.config)


def sort_runs(rows: Sequence[RunSummary], by: str) -> list[RunSummary]:
    """Ascending by a value, or descending with `-` before it; rows without the value last."""
    name = by.removeprefix("-")
    present = [row for row in rows if row.value(name) is not None]
    if not present and rows:
        raise UsageError(f"no run has a value '{name}'", hint="for example val_accuracy, -val_accuracy, seconds")
    present.sort(key=lambda row: row.value(name), reverse=by.startswith("-"))
    return [*present, *(row for row in rows if row.value(name) is None)]


def filter_runs(rows: Sequence[RunSummary], expressions: Sequence[str]) -> list[RunSummary]:
    """The rows that fulfil all expressions: `status=done`, `val_accuracy>=0.9`, `run~digits`."""
    return [row for row in rows if all(fulfils(row, each) for each in expressions)]


def fulfils(row: RunSummary, expression: str) -> bool:
    """Whether a row fulfils one expression."""
    found = EXPRESSION.fullmatch(expression.strip())
    if found is None:
        raise UsageError(f"cannot read the filter '{expression}'", hint="for example status=done, val_accuracy>=0.9, run~digits")
    name, sign, wanted = found[1], found[2], found[3].strip()
    value = row.value(name)
    if sign == "~":
        return wanted in str(value)
    if sign in {"=", "!="}:
        return (str(value) == wanted) == (sign == "=")
    try:
        number = float(wanted)
    except ValueError:
        raise UsageError(f"'{wanted}' in the filter '{expression}' is no number") from None
    return isinstance(value, int | float) and bool(COMPARISONS[sign](value, number))
