"""Runs: those of a folder, chosen and in order, with what differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dlcli.errors import ArtifactError
from dlcli.runs import Run, read_state
from dlcli.runs.groups import Group
from dlcli.runs.listing import changed_keys, check_values_named, filter_runs, list_runs, shortest_name, sort_runs
from dlcli.runs.summary import RunSummary, run_summary
from dlcli.view.runs import RunShown, RunsShown
from dlcli.view.verdict import setting_text

BEFORE = ("run", "status", "epochs")
BEHIND = ("verdict", "seconds", "config")
"""What stands in the table before the metrics, and behind the keys that differ."""


def chosen_runs(root: Path, names: Sequence[str] = (), *, filters: Sequence[str], sort: str | None) -> list[RunSummary]:
    """The runs that fulfil all filters, of those and of the groups that are named where some are: as they were started, or by a
    value.

    Raises `UsageError` for a wrong expression and for a value that no run has, `ArtifactError` for a name that is not there.
    """
    rows = named_rows(root, names) if names else list_runs(root)
    return chosen_rows(rows, filters=filters, sort=sort)


def named_rows(root: Path, names: Sequence[str]) -> list[RunSummary]:
    """The runs of some names and those of the groups among them, each once, as they were started."""
    groups = [(name, Group.found(root, name)) for name in names]
    runs = [run for name, group in groups for run in ([Run.find(root, name)] if group is None else group.members())]
    rows = map(run_summary, {run.path.resolve(): run for run in runs}.values())
    return sorted(rows, key=lambda row: (row.number, row.run))


def first_or_newest(rows: Sequence[RunSummary], limit: int | None, *, sort: str | None) -> Sequence[RunSummary]:
    """So many rows: the newest where they stand as they were started, or the first by a value."""
    if limit is None:
        return rows
    return rows[-limit:] if sort is None else rows[:limit]


def chosen_rows(rows: Sequence[RunSummary], *, filters: Sequence[str], sort: str | None) -> list[RunSummary]:
    """Those of some runs that fulfil all filters, as they come or by a value.

    Raises `UsageError` for a wrong expression and for a name that no run has a value of.
    """
    if sort is not None:
        check_values_named(rows, [sort.removeprefix("-")])
    kept = filter_runs(rows, filters)
    return kept if sort is None else sort_runs(kept, sort)


def compared_runs(
    rows: Sequence[RunSummary],
    *,
    columns: Sequence[str] = (),
    before: Sequence[str] = BEFORE,
    behind: Sequence[str] = BEHIND,
) -> RunsShown:
    """Runs as a table: with these columns, or with metrics and what differs between them, `before` and `behind` it the rest.

    Where a terminal is narrow the last columns go: what was tried stands before the metrics beyond the first, and epochs that
    are the same in all runs stand behind. Where a search has pruned one, why each has ended stands beside the
    status. Raises `UsageError` for a column that no run has a value of.
    """
    check_values_named(rows, columns)
    measured = measured_names(rows)
    same = len(rows) > 1 and len({row.epochs for row in rows}) == 1
    pruned = any(row.is_pruned for row in rows)
    first = [
        column
        for name in before
        if not (same and name == "epochs")
        for column in (["status", "stop"] if pruned and name == "status" else [name])
    ]
    after = [*measured[1:], *(["epochs"] if same else []), *behind]
    names = list(columns) or [*first, *measured[:1], *changed_keys(rows), *after]
    keys = {name: shortest_name(rows, name) for name in names if any(is_key_of(row, name) for row in rows)}
    return RunsShown(names, [[cell_of(row.value(name)) for name in names] for row in rows], keys)


def is_key_of(row: RunSummary, name: str) -> bool:
    """Whether a name is that of a key which a run has."""
    return row.is_key(name) and row.configuration.whole_path(name) in row.configuration


def measured_names(rows: Sequence[RunSummary]) -> list[str]:
    """The metrics that tell the worth of runs: those of validation, where a run has some."""
    names = [
        f"val_{name}" if "validation" in row.metrics else name
        for row in rows
        for name in row.metrics.get("validation", row.metrics.get("train", {}))
    ]
    return list(dict.fromkeys(names))


def run_object(row: RunSummary) -> RunShown:
    """All that a script may want to know of one run."""
    tree, run = row.configuration.tree, Run(row.path)
    try:
        state = vars(read_state(run))
    except ArtifactError:
        state = {}
    return RunShown(
        run=row.run,
        path=str(row.path),
        status=row.status,
        reason=state.get("reason"),
        started=state.get("started"),
        epochs=row.epochs,
        seconds=state.get("seconds"),
        best=state.get("best", {}),
        metrics=row.metrics,
        verdict=state.get("verdict", []),
        file=state.get("config"),
        seed=tree.get("seed"),
        set=state.get("set", {}),
        config=tree,
    )


def cell_of(value: Any) -> float | int | str | None:
    """A value as a table holds it: a number, or text as `--set` reads it."""
    plain = value is None or (isinstance(value, int | float | str) and not isinstance(value, bool))
    return value if plain else setting_text(value)
