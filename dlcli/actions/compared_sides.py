"""What stands side by side in a comparison: runs by name, and groups of runs as a whole."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.actions.loss_units import has_one_unit, units_apart
from dlcli.actions.member_states import done_runs, members_not_done
from dlcli.actions.spreads import spreads
from dlcli.runs import Run
from dlcli.runs.groups import ALIKE, Group
from dlcli.runs.summary import RunSummary
from dlcli.view.comparison import GroupCompared
from dlcli.view.group import MemberShown

Values = Mapping[str, float]
"""What a run reached, by the name of the metric."""


@dataclass(frozen=True)
class Side:
    """A column of a comparison: a run, or a group, by the positions of its runs among all."""

    name: str
    at: Sequence[int]
    is_group: bool


def sides_named(root: Path, names: Sequence[str]) -> tuple[list[Run], list[Side], list[MemberShown]]:
    """All runs of some names, each once, and what stands side by side: groups of repetitions as a whole, where anything stands
    beside them, otherwise their runs. Behind them the members of these groups that have no result.

    Raises `ArtifactError` for what is not there, for a group whose record is damaged, and for one none of whose runs is done.
    """
    found: dict[Path, tuple[Run | Group, list[Run]]] = {}
    for name in names:
        group = Group.found(root, name)
        if group is None:
            run = Run.find(root, name)
            found.setdefault(run.path, (run, [run]))
        else:
            found.setdefault(group.path, (group, done_runs(group)))
    runs, sides = list[Run](), list[Side]()
    for what, some in found.values():
        whole = isinstance(what, Group) and len(found) > 1 and what.kind() in ALIKE
        start = len(runs)
        runs += some
        if whole:
            sides.append(Side(what.name, range(start, len(runs)), is_group=True))
        else:
            sides += [Side(run.name, [start + at], is_group=False) for at, run in enumerate(some)]
    groups = [what for what, _ in found.values() if isinstance(what, Group)]
    return runs, sides, [member for group in groups for member in members_not_done(group)]


def shared_value(rows: Sequence[RunSummary], side: Side, path: str) -> Any:
    """The value that all runs of a side have at a path; None where they differ."""
    values = [rows[at].configuration.value(path) for at in side.at]
    return values[0] if all(value == values[0] for value in values) else None


def mean_value(reached: Sequence[Values], side: Side, name: str, apart: Collection[str]) -> float | None:
    """The mean of what the runs of a side reached; None where one lacks it, and of a loss in units `apart`."""
    if not has_one_unit(name, apart):
        return None
    values = [reached[at].get(name) for at in side.at]
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if len(known) == len(values) else None


def compared_group(rows: Sequence[RunSummary], reached: Sequence[Values], side: Side) -> GroupCompared:
    """What is told of a group itself: its runs, and the spread of what they all reached."""
    apart = units_apart([rows[at] for at in side.at])
    shared = [name for name in reached[side.at[0]] if all(name in reached[at] for at in side.at)]
    names = [name for name in shared if has_one_unit(name, apart)]
    values = {name: [reached[at][name] for at in side.at] for name in names}
    return GroupCompared([rows[at].run for at in side.at], spreads(Run(rows[side.at[0]].path), values))


def mean_history(
    histories: Sequence[Sequence[Mapping[str, Any]]], apart: Collection[str] = ()
) -> list[Mapping[str, Any]]:
    """The mean of each value by epoch, of those epochs that all runs have; None of a loss in units `apart`."""
    if len(histories) <= 1:
        return [*next(iter(histories), [])]
    return [mean_entry(entries, apart) for entries in zip(*histories, strict=False)]


def mean_entry(entries: Sequence[Mapping[str, Any]], apart: Collection[str]) -> dict[str, Any]:
    """One epoch of several runs."""
    first = entries[0]
    found: dict[str, Any] = {"epoch": first["epoch"]}
    for split in ("train", "validation"):
        names = first.get(split) or {}
        each = {name: [(entry.get(split) or {}).get(name) for entry in entries] for name in names}
        found[split] = {
            name: finite_mean(values) if has_one_unit(name, apart) else None for name, values in each.items()
        }
    return found


def finite_mean(values: Sequence[float | None]) -> float | None:
    """The mean, None where a value is missing or not finite."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return statistics.fmean(known) if len(known) == len(values) else None
