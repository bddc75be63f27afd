"""Lists, sorts and filters the runs of a folder; takes no lock and reads runs that are being written."""

from __future__ import annotations

import contextlib
import operator
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.errors import ArtifactError, UsageError
from dlcli.runs.folder import Run, run_folders
from dlcli.runs.history import last_entry
from dlcli.runs.state import RunState, read_state, status_of

EXPRESSION = re.compile(r"([\w.]+)\s*(>=|<=|!=|==?|>|<|~)\s*(?![=<>!~])(.*)")
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


def list_runs(root: Path) -> list[RunSummary]:
    """All runs in the order in which they were started."""
    return sorted((run_summary(Run(path)) for path in run_folders(root)), key=lambda row: (row.number, row.run))


def run_summary(run: Run) -> RunSummary:
    """The row of one run; one that cannot be read has a row too."""
    try:
        state: RunState = read_state(run)
    except ArtifactError:
        return RunSummary(run.name, 0, "unreadable", 0, None, {}, "")
    metrics = {split: dict(values) for split, values in state.metrics.items()}
    epochs, status = state.epochs, status_of(run, state)
    newest = last_entry(run) if status != "done" else {}
    if newest and (newest["epoch"] > epochs or (newest["epoch"] == epochs and not metrics)):
        # The record is written when the state is saved, the history as each epoch ends.
        epochs = newest["epoch"]
        metrics = {split: newest[split] for split in ("train", "validation") if isinstance(newest.get(split), dict)}
    return RunSummary(run.name, state.number, status, epochs, state.seconds, metrics, state.config)


def sort_runs(rows: Sequence[RunSummary], by: str) -> list[RunSummary]:
    """Ascending by a value, or descending with `-` before it; rows without the value last.

    Raises `UsageError` for a value that no run has.
    """
    name = by.removeprefix("-")
    present = [row for row in rows if row.value(name) is not None]
    if not present and rows:
        raise UsageError(
            f"no run has a value '{name}'",
            hint="for example val_accuracy, -val_accuracy, seconds",
            kind="no_such_value",
        )
    present.sort(key=lambda row: row.value(name), reverse=by.startswith("-"))
    return [*present, *(row for row in rows if row.value(name) is None)]


def filter_runs(rows: Sequence[RunSummary], expressions: Sequence[str]) -> list[RunSummary]:
    """The rows that fulfil all expressions: `status=done`, `val_accuracy>=0.9`, `run~digits`."""
    conditions = [condition(each) for each in expressions]
    return [row for row in rows if all(each.holds(row) for each in conditions)]


@dataclass(frozen=True)
class Condition:
    """One expression of a filter; `number` is `wanted` where that is one."""

    name: str
    sign: str
    wanted: str
    number: float | None

    def holds(self, row: RunSummary) -> bool:
        """Whether a row fulfils it. Numbers are compared as numbers; a value that is missing is the empty text."""
        value = row.value(self.name)
        number = self.number if isinstance(value, int | float) else None
        text = "" if value is None else unicodedata.normalize("NFC", str(value))
        if self.sign == "~":
            return self.wanted in text
        if self.sign in COMPARISONS:
            return number is not None and bool(COMPARISONS[self.sign](value, number))
        equal = text == self.wanted if number is None else value == number
        return equal != (self.sign == "!=")


def condition(expression: str) -> Condition:
    """Reads one expression. Raises `UsageError`."""
    found = EXPRESSION.fullmatch(unicodedata.normalize("NFC", expression).strip())
    if found is None:
        hint = "for example status=done, val_accuracy>=0.9, run~digits"
        raise UsageError(f"cannot read the filter '{expression}'", hint=hint, kind="bad_filter")
    name, sign, wanted = found[1], found[2], found[3].strip()
    number = None
    with contextlib.suppress(ValueError):
        number = float(wanted)
    if sign in COMPARISONS and number is None:
        raise UsageError(f"'{wanted}' in the filter '{expression}' is no number", kind="bad_filter")
    return Condition(name, sign, wanted, number)
