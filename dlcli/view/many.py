"""Many trainings: a line as each ends, and all of them at the end."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rich.console import Console

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import UNSAID
from dlcli.view.console.labelled import line as labelled
from dlcli.view.console.labelled import note
from dlcli.view.console.tables import duration, number
from dlcli.view.runs import RunsShown, runs_table
from dlcli.view.training_result import TrainingResult


class LineState(StrEnum):
    """What has become of a line; `skipped` was done before, `left` was not begun, `pruned` was ended early by a search."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    STOPPED = "stopped"
    LEFT = "left"
    PRUNED = "pruned"


@dataclass(frozen=True, kw_only=True)
class LineShown:
    """A line of `dlcli many --json`; `code` is the exit code that `dlcli train` has, `seconds` the time of its process.

    `result` is what `dlcli train --json` gives, `error` what it gives in its place.
    """

    line: int
    arguments: Sequence[str]
    state: LineState
    code: int | None = None
    run: str | None = None
    path: str | None = None
    seconds: float | None = None
    notes: Sequence[str] = ()
    error: Mapping[str, Any] | None = None
    result: TrainingResult | None = None


@dataclass(frozen=True, kw_only=True)
class ManyShown:
    """The keys of `dlcli many --json`; `stopped` is the signal that has ended all, `advice` the command that goes on."""

    lines: Sequence[LineShown]
    done: int
    failed: int
    left: int
    seconds: float
    stopped: str | None = None
    advice: str | None = None
    table: RunsShown | None = field(default=None, metadata=UNSAID)


def draw_line(console: Console, shown: LineShown, count: int, of: int, *, verbose: bool = False) -> None:
    """What has come of one line, as it ends; with `verbose` also what its training has said."""
    head = f"{count:>{len(str(of))}}/{of}  line {shown.line}  {shown.run or shlex.join(shown.arguments)}"
    note(console, f"{head}  {outcome_words(shown)}")
    for each in shown.notes if verbose else ():
        note(console, each)


def outcome_words(shown: LineShown) -> str:
    """The metrics of a training that is done, or why it is not."""
    if shown.error is not None:
        return f"{shown.state}: {shown.error['message']}"
    if shown.result is None:
        return str(shown.state)
    return reached_words(shown.result.metrics, epochs=shown.result.epochs, seconds=shown.seconds)


def reached_words(metrics: Mapping[str, Mapping[str, float | None]], *, epochs: int, seconds: float | None) -> str:
    """What a training has reached on validation, or on training without one, in how many epochs and how long."""
    split = "validation" if metrics.get("validation") else "train"
    mark = "val_" if split == "validation" else ""
    values = [f"{mark}{name} {number(value)}" for name, value in metrics.get(split, {}).items()]
    plural = "epoch" if epochs == 1 else "epochs"
    times = [] if seconds is None else [duration(seconds)]
    return "  ".join([*values, f"{epochs} {plural}", *times])


def draw_many(console: Console, shown: ManyShown) -> None:
    """The runs as a table, what has failed and why, and how to go on."""
    if shown.table is not None:
        console.print()
        write_table(console, runs_table(shown.table, short=True))
    console.print()
    for each in shown.lines:
        if each.state is LineState.FAILED:
            error = each.error or {}
            labelled(console, f"line {each.line}", f"failed ({each.code}): {error.get('message', 'nobody knows why')}")
            if error.get("hint"):
                labelled(console, "", error["hint"])
    parts = {"done": shown.done, "failed": shown.failed, "left": shown.left}
    counts = ", ".join(f"{count} {word}" for word, count in parts.items() if count)
    labelled(console, "lines", f"{counts or 'none'}  in {duration(shown.seconds)}")
    if shown.stopped is not None:
        labelled(console, "stopped", f"by {shown.stopped}")
    if shown.advice is not None:
        labelled(console, "next", shown.advice)
