"""Remove runs: those named, those of named groups, or those that fulfil filters, but for the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dlcli.config import load_resolved
from dlcli.config.monitors import directions
from dlcli.errors import UsageError
from dlcli.runs import Run
from dlcli.runs.atomic import UNREADABLE
from dlcli.runs.folder import is_group
from dlcli.runs.groups import Group
from dlcli.runs.listing import check_values_named, filter_runs, list_runs
from dlcli.runs.lock import is_locked
from dlcli.runs.removal import check_idle, remove_group, remove_run, size_of, sweep_removed
from dlcli.runs.summary import RunSummary, run_summary
from dlcli.view.removal import Removal, RemovedRun


def remove_chosen(
    root: Path, names: Sequence[str], *, filters: Sequence[str], keep_best: str | None, dry_run: bool
) -> Removal:
    """Removes the runs and groups of these names, or the runs that fulfil the filters; of a `dry_run` says only which. A group
    of which no run is left goes too.

    Raises `ConflictError` for a run by name that trains, before anything is removed, and `UsageError` where nothing is chosen
    or nobody can tell which is the best.
    """
    if bool(names) == bool(filters):
        raise UsageError(
            "remove takes names of runs or filters",
            hint="for example dlcli remove digits-2, or dlcli remove --filter status=failed",
            kind="nothing_chosen",
        )
    groups, runs = named_runs(root, names)
    rows = [run_summary(run) for run in runs] if names else filter_runs(list_runs(root), filters)
    best = None if keep_best is None else best_of(rows, keep_best)
    chosen = [row for row in rows if row is not best]
    if names:
        for path in [*(row.path for row in chosen), *(group.path for group in groups)]:
            check_idle(Run(path))
    training = [row for row in chosen if is_locked(row.path)]
    going = {row.path: row for row in chosen if row not in training}
    groups += [Group(path.parent) for path in going if is_group(path.parent)]
    removed = []
    for group in {each.path: each for each in groups}.values():
        members = [run.path for run in group.members()]
        if not all(path in going for path in members) or is_locked(group.path):
            continue
        removed.append(removed_run(group, runs=len(members)))
        if not dry_run:
            remove_group(group)
        going = {path: row for path, row in going.items() if path not in members}
    for path in going:
        removed.append(removed_run(Run(path)))
        if not dry_run:
            remove_run(Run(path))
    if not dry_run:
        sweep_removed(root)
    return Removal(
        removed=removed,
        bytes=sum(each.bytes for each in removed),
        best=None if best is None else best.run,
        training=[row.run for row in training],
        dry_run=dry_run,
    )


def named_runs(root: Path, names: Sequence[str]) -> tuple[list[Group], list[Run]]:
    """The groups among some names, and all runs of these names, with those of the groups, each once."""
    groups, runs = list[Group](), list[Run]()
    for name in names:
        group = Group.found(root, name)
        groups += [] if group is None else [group]
        runs += [Run.find(root, name)] if group is None else group.members()
    return groups, list({run.path: run for run in runs}.values())


def removed_run(what: Group | Run, *, runs: int = 1) -> RemovedRun:
    """What a run, or a group of so many, takes."""
    leads_to = str(what.path.resolve()) if what.path.is_symlink() else None
    return RemovedRun(what.name, str(what.path), size_of(what.path), leads_to, runs)


def best_of(rows: Sequence[RunSummary], metric: str) -> RunSummary | None:
    """The run with the best value of a metric, the first of equals; None where no run is left to choose from.

    Raises `UsageError` for a metric that no run has, or of which nobody says whether more or less is better.
    """
    check_values_named(rows, [metric])
    present = [row for row in rows if row.value(metric) is not None]
    if not present:
        return None
    direction = direction_in(present[0], metric)
    if direction is None:
        raise UsageError(
            f"nothing says whether more or less of '{metric}' is better",
            hint=f"look at dlcli runs --sort={metric}, and name the runs to remove",
            kind="no_direction",
        )
    return (max if direction == "up" else min)(present, key=lambda row: row.value(metric))


def direction_in(row: RunSummary, metric: str) -> str | None:
    """Whether more (`up`) or less (`down`) of a metric of a run is better; None where nobody says."""
    name = metric.removeprefix("train.").replace("validation.", "val_")
    try:
        return directions(load_resolved(row.configuration.tree).heads, validation=True).get(name)
    except UNREADABLE:
        return None
