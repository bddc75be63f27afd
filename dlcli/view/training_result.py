"""The end of a training: where it is, how good, how it went, what to try next."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import UNSAID
from dlcli.view.console.labelled import line
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import duration, number, of_metric
from dlcli.view.runs import Metrics
from dlcli.view.sentences import Judgement
from dlcli.view.verdict import draw_verdict, next_command


@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """The keys of `dlcli train --json`, as they are recorded in run.json; `best` and `baseline` may be empty.

    `set` is what the command line set of the configuration, `config` that as it took effect.
    """

    run: str
    path: str
    status: str
    reason: str | None
    stop: str | None
    exact: bool
    inexact: Sequence[str]
    epochs: int
    best: Mapping[str, Any]
    metrics: Metrics
    baseline: Mapping[str, Any]
    verdict: Sequence[Judgement]
    seconds: float | None
    samples_per_second: float | None
    engine: str | None
    set: Mapping[str, Any]
    config: Mapping[str, Any]
    file: str | None = field(default=None, metadata=UNSAID)
    """The file that it was configured by."""


def draw_training(console: Console, result: TrainingResult, *, advice: str | None = None) -> None:
    """The end of a training: where it is, how good, how it went, what to try next, which `advice` may say."""
    console.print()
    line(console, "run", f"{result.path}  ({result.status}: {result.reason})")
    line(console, "best", best_words(result))
    line(console, "time", time_words(result))
    console.print()
    console.print(Text(measured_words(result), style="dim"))
    write_table(console, metrics_table(result.metrics, result.baseline))
    console.print()
    draw_verdict(console, result.verdict)
    line(console, "next", following(result, advice), style="cyan")


def following(result: TrainingResult, advice: str | None) -> str:
    """What to do next: the `advice`, where the verdict has nothing against it, for to go on with what is wrong mends nothing."""
    wrong = any(each.severity != "note" and each.advice for each in result.verdict)
    return next_words(result) if advice is None or wrong else advice


def best_words(result: TrainingResult) -> str:
    """Which epoch was the best, and by what."""
    best = result.best
    value = best["value"]
    if value is None or not math.isfinite(value):
        return f"epoch {best['epoch']} of {result.epochs}: {best['monitor']} was never a finite number"
    return f"epoch {best['epoch']} of {result.epochs} by {best['monitor']} {number(value)}"


def time_words(result: TrainingResult) -> str:
    """How long it took, and how fast that was."""
    assert result.seconds is not None
    rate = result.samples_per_second
    pace = "" if rate is None else f", {number(round(rate))} samples/s"
    return f"{duration(result.seconds)}{pace}"


def next_words(result: TrainingResult) -> str:
    """The command to go on with."""
    options = runs_option(result.path, result.run)
    return next_command(result.verdict, run=result.run, options=options, file=result.file, settings=result.set)


def measured_words(result: TrainingResult) -> str:
    """Of which epoch the metrics are, and so the model that is kept."""
    best = result.best["epoch"]
    if result.status == "interrupted":
        return f"of the last whole epoch, {result.epochs}"
    if result.best["weights"] == "restored":
        return f"of the best epoch, {best}; its weights are kept"
    measured = result.best["value"] is not None and math.isfinite(result.best["value"])
    which = ", which is the best" if best == result.epochs and measured else ""
    return f"of the last epoch, {result.epochs}{which}; its weights are kept"


def runs_option(path: str, run: str) -> str:
    """The option that leads to a run outside the usual folder; one of a group lies a folder deeper, as its name says."""
    folder = path
    for _ in run.split("/"):
        folder = os.path.dirname(folder)  # noqa: PTH120
    return "" if folder in {"", "runs"} else f" --runs {shlex.quote(folder)}"


def metrics_table(metrics: Metrics, baseline: Mapping[str, Any]) -> Table:
    """A row for each metric and a column for each split, with the trivial baseline beside them."""
    names = list(dict.fromkeys(name for values in metrics.values() for name in values))
    columns, rows = [Column("metric"), *map(number_column, metrics)], list[list[Any]]()
    beside = {baseline["method"]: baseline["metrics"]} if baseline else {}
    beside |= {"last value": baseline["last_value"]} if "last_value" in baseline else {}
    columns += [number_column(f"{method} ({baseline['split']})") for method in beside]
    for name in names:
        rows.append([name, *(of_metric(name, values.get(name)) for values in [*metrics.values(), *beside.values()])])
    return Table(columns, rows)
