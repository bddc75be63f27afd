"""What the list shows of one run, read without a lock, also while it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dlcli.errors import ArtifactError
from dlcli.runs.atomic import UNREADABLE
from dlcli.runs.folder import Run
from dlcli.runs.history import last_entry
from dlcli.runs.keys import Configuration, Shape, configuration_of
from dlcli.runs.manifest import read_recorded
from dlcli.runs.state import RunState, StopReason, read_state, status_of
from dlcli.runs.upgrades import upgraded

NO_CONFIGURATION = Configuration(Shape({}), ())
OF_RUN = ("run", "number", "status", "epochs", "verdict", "seconds", "started", "reason", "stop", "config")
"""What a run is listed by besides metrics and keys of its configuration; `config` is the file, `verdict` the code it begins
with."""

RECORDED = ("number", "seconds", "started", "reason", "stop", "config", "verdict", "severity")
SEVERITIES = ("note", "warning", "error")
"""The severities of a verdict, in their order."""


@dataclass(frozen=True)
class RunSummary:
    """One line of the list: the newest epochs and metrics there are, and what is `recorded` in run.json.

    Of a run that cannot be read nothing is recorded.
    """

    path: Path
    status: str
    epochs: int
    metrics: Mapping[str, Mapping[str, float | None]]
    recorded: Mapping[str, Any]
    configuration: Configuration

    @cached_property
    def run(self) -> str:
        """What it is called."""
        return Run(self.path).name

    @property
    def number(self) -> int:
        """The how manieth run of its folder it is; 0 where that is not known."""
        return int(self.recorded.get("number", 0))

    @property
    def is_pruned(self) -> bool:
        """Whether a search has ended it early, as not worth going on with; it is done then."""
        return self.status == "done" and self.recorded.get("stop") == StopReason.PRUNED

    def value(self, name: str) -> Any:
        """A value by name, None where there is none.

        `status`, `epochs`, `val_accuracy` or `validation.accuracy`, `accuracy` of training, the path of a key, or its end.
        """
        if name in {"run", "number", "status", "epochs"}:
            return getattr(self, name)
        if name in OF_RUN:
            return self.recorded.get(name)
        split, metric = split_and_metric(name)
        if metric in self.metrics.get(split, {}):
            return self.metrics[split][metric]
        return self.configuration.value(name)

    def is_key(self, name: str) -> bool:
        """Whether a name is that of a key, and not of what a run is listed by or measures."""
        split, metric = split_and_metric(name)
        return name not in OF_RUN and metric not in self.metrics.get(split, {})

    def rank(self, name: str) -> Any:
        """What its value is sorted by: a verdict by how severe it is and then by its code, any other by itself."""
        value = self.value(name)
        if name != "verdict":
            return value
        severity = self.recorded.get("severity")
        return f"{SEVERITIES.index(severity) if severity in SEVERITIES else 1} {value}"

    def names(self) -> set[str]:
        """Every name that `value` knows of this run."""
        of_metrics = {
            name
            for split, values in self.metrics.items()
            for metric in values
            for name in (f"{split}.{metric}", f"val_{metric}" if split == "validation" else metric)
        }
        return {*OF_RUN, *of_metrics, *self.configuration.shape.by_path, *self.configuration.shape.by_position}


def split_and_metric(name: str) -> tuple[str, str]:
    """The split and the metric that a name could be that of: `val_accuracy`, `validation.accuracy`, `accuracy` of training."""
    split, _, metric = name.rpartition(".")
    if split:
        return split, metric
    return ("validation", name.removeprefix("val_")) if name.startswith("val_") else ("train", name)


def run_summary(run: Run) -> RunSummary:
    """The row of one run; one that cannot be read has a row too."""
    try:
        state: RunState = read_state(run)
    except ArtifactError:
        return RunSummary(run.path, "unreadable", 0, {}, {}, NO_CONFIGURATION)
    metrics: Mapping[str, Any] = state.metrics
    epochs, status = state.epochs, status_of(run, state)
    newest = last_entry(run) if status != "done" else {}
    if newest and (newest["epoch"] > epochs or (newest["epoch"] == epochs and not metrics)):
        # The record is written when the state is saved, the history as each epoch ends.
        epochs = newest["epoch"]
        metrics = {split: newest[split] for split in ("train", "validation") if isinstance(newest.get(split), dict)}
    code, severity = first_code(state)
    recorded = {name: getattr(state, name, None) for name in RECORDED} | {"verdict": code, "severity": severity}
    return RunSummary(run.path, status, epochs, metrics, recorded, configuration_in(run, state.unwritten))


def first_code(state: RunState) -> tuple[str | None, str | None]:
    """The code that a verdict begins with, and its severity; of a run before there were codes the words of its finding."""
    first = next(iter(state.verdict), None)
    return (
        (first.get("code") or first.get("finding"), first.get("severity")) if isinstance(first, dict) else (None, None)
    )


def configuration_in(run: Run, unwritten: Sequence[str] = ()) -> Configuration:
    """The configuration that a run has recorded; an empty one where it cannot be read. `unwritten` are keys by position."""
    try:
        return configuration_of(
            upgraded(run.resolved, json.loads(read_recorded(run, run.resolved)), run=run), unwritten
        )
    except (ArtifactError, *UNREADABLE):
        return NO_CONFIGURATION
