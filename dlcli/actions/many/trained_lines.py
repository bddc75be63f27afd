"""Trains lines in their order, each in a process of its own, and says what has come of each as it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dlcli.actions.many.asked import Asked
from dlcli.actions.many.handed_out import HandedOut
from dlcli.actions.many.one_training import train_line
from dlcli.actions.many.resuming import beside_runs
from dlcli.actions.runs import compared_runs
from dlcli.actions.training_result import training_result
from dlcli.errors import ArtifactError
from dlcli.processors import processors
from dlcli.progress import stage
from dlcli.runs import Run, read_state
from dlcli.runs.folder import is_run, number_of
from dlcli.runs.summary import run_summary
from dlcli.training.many.processes import Ended, handed_on, worked_through
from dlcli.view.many import LineShown, LineState, ManyShown
from dlcli.view.runs import RunsShown

STOPPED = frozenset({129, 130, 143})
"""The exit codes of a training that a signal has ended after its state was saved."""
Processes = Callable[..., Iterator[Ended[Asked]]]


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How lines are trained: so many side by side, with so many threads each, 0 for as many as TensorFlow takes.

    `resume` leaves out what is done, and `again` are the words of the command that goes on with what is left.
    """

    side_by_side: int
    threads: int
    resume: bool
    again: str


def threads_each(side_by_side: int, available: int | None = None) -> int:
    """The threads of each of so many trainings: the processors shared out. One alone has what `dlcli train` has."""
    return 0 if side_by_side == 1 else max(1, (available or processors()) // side_by_side)


def train_lines(
    trainings: Sequence[tuple[Asked, str]],
    manner: Manner,
    told: Callable[[LineShown, int, int], None],
    *,
    processes: Processes = worked_through,
) -> ManyShown:
    """Trains all lines, telling each as it ends with how many have; gives what has come of them."""
    started = time.monotonic()
    threads = {"inter": manner.threads, "intra": manner.threads}
    shown = {asked.line: nothing_yet(asked) for asked, _ in trainings}
    left: list[tuple[Asked, str]] = []
    for asked, name, done in beside_runs(trainings) if manner.resume else ((*each, None) for each in trainings):
        if done is None:
            left.append((replace(asked, threads=threads), name))
        else:
            shown[asked.line] = with_run(replace(shown[asked.line], state=LineState.SKIPPED, code=0), done)
    count = len(shown) - len(left)
    handed = HandedOut()
    begun = (asked if asked.resume else handed.give(asked, name) for asked, name in left)
    with handed_on() as stopping:
        pieces = processes(begun, train_line, side_by_side=manner.side_by_side, stopping=stopping)
        for ended in waited_for(pieces, count, len(shown)):
            count += 1
            shown[ended.item.line] = line = shown_line(ended, stopped=stopping.signal is not None)
            told(line, count, len(shown))
    lines = [*shown.values()]
    return ManyShown(
        lines=lines,
        done=sum(each.state in {LineState.DONE, LineState.SKIPPED} for each in lines),
        failed=sum(each.state is LineState.FAILED for each in lines),
        left=sum(each.state in {LineState.STOPPED, LineState.LEFT} for each in lines),
        seconds=round(time.monotonic() - started, 3),
        stopped=None if stopping.signal is None else stopping.signal.name,
        advice=manner.again if stopping.signal is not None else None,
        table=table_of(lines),
    )


def waited_for(pieces: Iterator[Ended[Asked]], done: int, of: int) -> Iterator[Ended[Asked]]:
    """Pieces as they end; while one is waited for, how many are done is shown."""
    while done < of:
        with stage("training", of) as advance:
            advance(done)
            ended = next(pieces, None)
        if ended is None:
            return
        yield ended
        done += 1
    yield from pieces


def nothing_yet(asked: Asked) -> LineShown:
    """A line that has not been begun."""
    return LineShown(line=asked.line, arguments=list(asked.words), state=LineState.LEFT)


def shown_line(ended: Ended[Asked], *, stopped: bool) -> LineShown:
    """What has come of a line. `stopped` says that all were asked to stop."""
    asked, answer = ended.item, ended.answer or {}
    error = answer.get("error")
    code = ended.code
    if not answer:
        error = lost(ended)
    state = LineState.DONE if code == 0 and answer else LineState.FAILED
    if code and stopped and (code in STOPPED or not answer):
        state = LineState.STOPPED
    line = replace(
        nothing_yet(asked),
        state=state,
        code=code,
        seconds=round(ended.seconds, 3),
        error=error,
        notes=answer.get("notes", []),
    )
    path = asked.resume or asked.runs / (asked.name or "")
    is_own = is_run(path) and (asked.resume is not None or number_of(path) == asked.number)
    return with_run(line, Run(path)) if is_own else line


def lost(ended: Ended[Any]) -> dict[str, Any]:
    """The error of a training whose process has told none: somebody or the system has killed it."""
    end = f"its process ended with code {ended.code} before the training had"
    what = f"killed by {ended.killed_by}" if ended.killed_by else end
    hint = "the system kills so where memory runs out" if ended.killed_by == "SIGKILL" else None
    nowhere = {"file": None, "line": None, "column": None}
    return {"code": ended.code, "name": "killed", "kind": "killed", "message": what, **nowhere, "hint": hint}


def with_run(line: LineShown, run: Run) -> LineShown:
    """The line with what its run has recorded, as far as that can be read."""
    line = replace(line, run=run.name, path=str(run.path))
    try:
        return replace(line, result=training_result(run, read_state(run)))
    except ArtifactError:
        return line


def table_of(lines: Sequence[LineShown]) -> RunsShown | None:
    """The runs of the lines as `dlcli runs` shows runs, each behind the number of its line; None where there is none."""
    with_runs = [each for each in lines if each.path is not None]
    if not with_runs:
        return None
    table = compared_runs([run_summary(Run(Path(str(each.path)))) for each in with_runs])
    rows = [[line.line, *row] for line, row in zip(with_runs, table.rows, strict=True)]
    return RunsShown(["line", *table.columns], rows, table.keys)
