"""How the members of a group stand: which are done, and why the others are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dlcli.errors import ArtifactError, UnsafeError
from dlcli.runs import Run, read_state
from dlcli.runs.groups import Group
from dlcli.runs.state import ALIVE
from dlcli.runs.summary import RunSummary, run_summary
from dlcli.view.error_json import error_json
from dlcli.view.group import MemberShown
from dlcli.view.many import LineState


def members_not_done(group: Group) -> list[MemberShown]:
    """The members of which no result is told, each with the reason. Raises `ArtifactError` where the record is damaged."""
    rows, planned = rows_of(group), group.read().members
    shown = [member_of(group, name, rows.get(name)) for name in (rows if planned is None else planned)]
    return [each for each in shown if each.state not in {LineState.DONE, LineState.PRUNED}]


def rows_of(group: Group) -> dict[str, RunSummary]:
    """The runs of a group by the names of their members."""
    return {row.path.name: row for row in map(run_summary, group.members())}


def done_runs(group: Group) -> list[Run]:
    """The runs of a group that are done. Raises `ArtifactError` where none is."""
    runs = [Run(row.path) for row in rows_of(group).values() if row.status == "done"]
    if not runs:
        message = f"no run of the group '{group.name}' is done"
        hint = f"{Run(group.path).command('runs')} shows how they stand"
        raise ArtifactError(message, file=group.path, hint=hint, kind="nothing_done")
    return runs


def member_of(group: Group, name: str, row: RunSummary | None, trained: MemberShown | None = None) -> MemberShown:
    """A member as its run stands, with what its training has come to where this command has trained it."""
    path = group.path / name
    shown = trained or MemberShown(member=name, run=f"{group.name}/{name}", path=str(path), state=LineState.LEFT)
    if path.is_symlink():
        return replace(shown, state=LineState.FAILED, code=UnsafeError.code, error=error_json(linked(group, name)))
    if row is None:
        return shown
    seconds = shown.seconds if trained else row.recorded.get("seconds")
    shown = replace(shown, epochs=row.epochs, metrics=row.metrics, seconds=seconds)
    if trained is not None:
        return shown
    if row.status == "done":
        return replace(shown, state=LineState.PRUNED if row.is_pruned else LineState.DONE, code=0)
    if row.status in {"failed", "unreadable"}:
        code, error = why_failed(Run(path))
        return replace(shown, state=LineState.FAILED, code=code, error=error)
    return replace(shown, state=LineState.LEFT if row.status in ALIVE else LineState.STOPPED)


def linked(group: Group, name: str) -> UnsafeError:
    """The error of a member that is a link: nothing of it is read, trained or removed."""
    return UnsafeError(
        f"'{group.name}/{name}' is a link, which may lead to a run that is not of this group",
        file=group.path / name,
        hint=f"put what it leads to in its place; without it {Run(group.path).command('resume')} trains it anew",
        kind="link_in_run",
    )


def why_failed(run: Run) -> tuple[int | None, dict[str, Any]]:
    """The exit code of a run that has failed, and the words of its error."""
    try:
        state = read_state(run)
    except ArtifactError as error:
        return error.code, {"message": error.message}
    return state.exit_code, {"message": state.reason}
