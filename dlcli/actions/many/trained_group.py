"""Trains the runs of a group, each in a process of its own; finished ones are kept, and stopped ones go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dlcli.actions.group_result import group_result
from dlcli.actions.many.asked import Asked
from dlcli.actions.many.handed_out import HandedOut
from dlcli.actions.many.members import trainings_of_group
from dlcli.actions.many.one_training import train_line
from dlcli.actions.many.out_of_fold import keep_out_of_fold
from dlcli.actions.many.resuming import goes_on
from dlcli.actions.many.trained_lines import Processes, shown_line, waited_for
from dlcli.actions.member_states import member_of
from dlcli.errors import DivergedError, DlcliError, Stopped
from dlcli.runs import Run
from dlcli.runs.atomic import remove_folder
from dlcli.runs.folder import is_run
from dlcli.runs.groups import Group, GroupKind
from dlcli.runs.lock import Lock
from dlcli.runs.removal import remove_group
from dlcli.runs.summary import run_summary
from dlcli.training.many.processes import Ended, Stopping, handed_on, worked_through
from dlcli.view.group import GroupShown, MemberShown
from dlcli.view.many import LineState

Told = Callable[[MemberShown, int, int], None]


@dataclass
class Begun:
    """Members as they are begun and end, and those that have ended before any had a run: what is wrong may be so with all."""

    group: Group
    begun: int = 0
    ended: int = 0
    error: DlcliError | None = None
    untold: list[MemberShown] = field(default_factory=list)

    def members(self, left: Sequence[Asked]) -> Iterator[Asked]:
        """Each with the number of its run, in their order; none where all that were begun could not be trained."""
        handed = HandedOut()
        for asked in left:
            if self.error is not None and self.begun == self.ended:
                return
            self.begun += 1
            yield asked if asked.resume else handed.give(asked, str(asked.name))

    def heard(self, ended: Ended[Asked], shown: MemberShown) -> list[MemberShown]:
        """The members to tell of, now that one has ended."""
        self.ended += 1
        self.untold.append(shown)
        if self.group.members():
            self.error, told, self.untold = None, self.untold, []
            return told
        raised = (ended.answer or {}).get("raised")
        if isinstance(raised, DlcliError) and not isinstance(raised, Stopped):
            self.error = self.error or raised
        return []


def train_group(
    group: Group, told: Told, *, side_by_side: int, allow_code: bool, processes: Processes = worked_through
) -> GroupShown:
    """Trains what is left of a group, telling each member as it ends with how many have; gives what has come of all.

    Raises the error of a training that cannot begin where none can; the group is gone then. Raises `ConflictError` where a
    process trains the group already.
    """
    started = time.monotonic()
    ended: dict[str, MemberShown] = {}
    with Lock(group.path), handed_on() as stopping:
        asked = trainings_of_group(group, allow_code=allow_code)
        left = [one for each in asked.values() if (one := as_it_stands(each)) is not None]
        begun, count = Begun(group), len(asked) - len(left)
        pieces = processes(begun.members(left), train_line, side_by_side=side_by_side, stopping=stopping)
        for piece in waited_for(pieces, count, len(asked)):
            shown = ended_member(group, piece, stopping)
            ended[shown.member] = shown
            for each in begun.heard(piece, shown):
                count += 1
                told(each, count, len(asked))
        if begun.error is None and group.read().kind == GroupKind.FOLDS and stopping.signal is None:
            keep_out_of_fold(group, allow_code=allow_code, stopping=stopping)
    if begun.error is not None:
        remove_group(group)
        raise begun.error
    result = group_result(group, ended)
    is_over = stopping.signal is None and all(
        each.state in {LineState.DONE, LineState.SKIPPED} or has_diverged(each) for each in result.members
    )
    again = Run(group.path).command("resume")
    return replace(
        result,
        seconds=round(time.monotonic() - started, 3),
        stopped=None if stopping.signal is None else stopping.signal.name,
        advice=None if is_over else again,
    )


def as_it_stands(asked: Asked) -> Asked | None:
    """What is left of a member: nothing of one that is done, or is a link, to go on with one that was stopped, else all of it."""
    path = asked.runs / str(asked.name)
    if path.is_symlink():
        return None
    if is_run(path):
        row = run_summary(Run(path))
        if row.status == "done":
            return None
        if row.status != "unreadable" and goes_on(row):
            return replace(asked, resume=path)
    if path.exists():  # it has failed, or was killed before it was a run
        remove_folder(path)
    return asked


def has_diverged(shown: MemberShown) -> bool:
    """Whether a member has failed in a way in which it would fail again."""
    return shown.state is LineState.FAILED and shown.code == DivergedError.code


def ended_member(group: Group, ended: Ended[Asked], stopping: Stopping) -> MemberShown:
    """What has come of a member whose process has ended."""
    line = shown_line(ended, stopped=stopping.signal is not None)
    name = str(ended.item.name)
    path = group.path / name
    shown = MemberShown(
        member=name,
        run=f"{group.name}/{name}",
        path=str(path),
        state=LineState(line.state),
        seconds=line.seconds,
        code=line.code,
        error=line.error,
        notes=line.notes,
    )
    return member_of(group, name, run_summary(Run(path)) if is_run(path) else None, shown)
