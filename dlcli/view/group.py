"""A group of runs: its members, what they reached together, and how far they scatter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import UNSAID
from dlcli.view.console.labelled import line as labelled
from dlcli.view.console.labelled import note
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import duration, number
from dlcli.view.many import LineState, reached_words
from dlcli.view.runs import Metrics, RunsShown, runs_table

SPOKEN = {"folds": "folds", "seeds": "seeds", "sweep": "trials"}
"""What the members of a kind of group are."""
ONE_OF = {"folds": "fold", "seeds": "seed", "sweep": "trial"}
"""What one of them is."""
MOST_LEFT_OUT = 5
"""Members without a result that are told by name."""


@dataclass(frozen=True, kw_only=True)
class MemberShown:
    """A run of a group in JSON: `code` is the exit code of its training, where this command has trained it."""

    member: str
    run: str
    path: str
    state: LineState
    epochs: int = 0
    metrics: Metrics = field(default_factory=dict)
    seconds: float | None = None
    code: int | None = None
    error: Mapping[str, Any] | None = None
    notes: Sequence[str] = field(default=(), metadata=UNSAID)


@dataclass(frozen=True, kw_only=True)
class SpreadShown:
    """A metric of all members that are done: the mean, the deviation of a sample, and the mean's interval of 95 %."""

    mean: float
    deviation: float | None
    low: float | None
    high: float | None
    values: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class OutOfFold:
    """What models said of the samples that each was not trained on, all samples together, and the file that has it."""

    file: str | None
    samples: int
    metrics: Mapping[str, float]
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class GroupShown:
    """The keys of `dlcli train --seeds --json` and `dlcli runs GROUP --json`; `metrics` are by split and name."""

    group: str
    path: str
    kind: str
    members: Sequence[MemberShown]
    metrics: Mapping[str, SpreadShown]
    out_of_fold: OutOfFold | None
    done: int
    pruned: int = 0
    failed: int
    left: int
    seconds: float | None = None
    stopped: str | None = None
    advice: str | None = None
    notes: Sequence[str] = ()
    table: RunsShown | None = field(default=None, metadata=UNSAID)


def draw_member(console: Console, shown: MemberShown, count: int, of: int, *, verbose: bool = False) -> None:
    """What has come of one member, as it ends; with `verbose` also what its training has said."""
    note(console, f"{count:>{len(str(of))}}/{of}  {shown.run}  {member_words(shown)}")
    for each in shown.notes if verbose else ():
        note(console, each)


def member_words(shown: MemberShown) -> str:
    """The metrics of a member that is done, or why it is not."""
    if shown.error is not None:
        return f"{shown.state}: {shown.error['message']}"
    if shown.state not in {LineState.DONE, LineState.PRUNED, LineState.SKIPPED}:
        return str(shown.state)
    return reached_words(shown.metrics, epochs=shown.epochs, seconds=shown.seconds)


def left_out_words(members: Sequence[MemberShown]) -> list[str]:
    """The members that a result is without and why, the first few by name."""
    told = [f"{each.run}, {why_left_out(each)}" for each in members[:MOST_LEFT_OUT]]
    more = len(members) - len(told)
    return [*told, *([f"{more} more; dlcli runs GROUP shows how they stand"] if more else [])]


def own_unit_words(names: Collection[str], kind: str) -> str:
    """Why there is no mean of losses that are in another unit in each member."""
    one = ONE_OF.get(kind, "run")
    if len(names) == 1:
        return f"the {next(iter(names))} of each {one} is in a unit of its own, the scale that it has learnt, and has no mean"
    *first, last = names
    told = f"{', '.join(first)} and {last}"
    return f"{told} of each {one} are in a unit of their own, the scale that it has learnt, and have no mean"


def why_left_out(shown: MemberShown) -> str:
    """Why a member has no result."""
    if shown.state is LineState.FAILED:
        return f"which failed: {(shown.error or {}).get('message') or 'its run says why'}"
    return "which was stopped" if shown.state is LineState.STOPPED else "which is not done yet"


def draw_group(console: Console, shown: GroupShown) -> None:
    """The members as a table, what they reached together, what has failed and why, and how to go on."""
    if shown.table is not None:
        write_table(console, runs_table(shown.table, short=True))
        console.print()
    if shown.metrics:
        held = {} if shown.out_of_fold is None else shown.out_of_fold.metrics
        write_table(
            console, spread_table(shown.metrics, shown.kind, {f"validation.{name}": held[name] for name in held})
        )
        console.print()
    for each in shown.members:
        if each.state is LineState.FAILED:
            error = each.error or {}
            code = "" if each.code is None else f" ({each.code})"
            labelled(console, each.member, f"failed{code}: {error.get('message', 'its run says why')}")
            if error.get("hint"):
                labelled(console, "", error["hint"])
    labelled(console, "group", f"{shown.path}  ({counts_words(shown)})")
    if shown.out_of_fold is not None:
        draw_out_of_fold(console, shown.out_of_fold)
    for words in shown.notes:
        labelled(console, "note", words)
    if shown.stopped is not None:
        labelled(console, "stopped", f"by {shown.stopped}")
    if shown.advice is not None:
        labelled(console, "next", shown.advice, style="cyan")


def draw_out_of_fold(console: Console, held: OutOfFold) -> None:
    """Where the answers to samples are that their model was not trained on."""
    where = "" if held.file is None else f", in {held.file}"
    told = [f"{held.samples:,} samples, each by the model that was not trained on it{where}"] if held.samples else []
    for label, words in zip(["held out", *[""] * len(held.notes)], [*told, *held.notes], strict=False):
        labelled(console, label, words)


def counts_words(shown: GroupShown) -> str:
    """How many members there are, and what has become of them."""
    parts = {"done": shown.done, "pruned": shown.pruned, "failed": shown.failed, "left": shown.left}
    counts = ", ".join(f"{count} {word}" for word, count in parts.items() if count)
    times = "" if shown.seconds is None else f", in {duration(shown.seconds)}"
    return f"{len(shown.members)} {SPOKEN.get(shown.kind, 'runs')}: {counts or 'none done'}{times}"


def spread_table(metrics: Mapping[str, SpreadShown], kind: str, held: Mapping[str, float] = {}) -> Table:
    """A row for each metric: the mean of the members, how far they scatter, and where the mean lies; what is `held` out."""
    rows = [
        [
            name,
            each.mean,
            each.deviation,
            "–" if each.low is None else f"{number(each.low)} … {number(each.high)}",
            len(each.values),
            *([held.get(name)] if held else []),
        ]
        for name, each in metrics.items()
    ]
    columns = [
        Column("metric"),
        number_column("mean"),
        number_column("deviation"),
        Column("95 %", right=True),
        Column(SPOKEN.get(kind, "runs"), right=True),
        *([number_column("held out")] if held else []),
    ]
    return Table(columns, rows)
