"""The list of runs with one row for a group: what its runs have in common, and the mean of what they reached."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dlcli.actions.loss_units import has_one_unit, units_apart
from dlcli.runs.groups import ALIKE, Group
from dlcli.runs.keys import Configuration
from dlcli.runs.summary import NO_CONFIGURATION, RunSummary

FEW = 2
"""So many runs of a group have rows of their own."""


@dataclass(frozen=True)
class Folded:
    """Rows of runs and of groups, and how many runs of how many groups stand in one row each."""

    rows: Sequence[RunSummary]
    runs: int
    groups: int


def folded(rows: Sequence[RunSummary]) -> Folded:
    """The rows in their order; those of a group of more than a few are one row, where its first stands."""
    members: dict[str, list[RunSummary]] = {}
    for row in rows:
        name, of_group, _ = row.run.partition("/")
        if of_group:
            members.setdefault(name, []).append(row)
    large = {name: some for name, some in members.items() if len(some) > FEW}
    found, seen = list[RunSummary](), set[str]()
    for row in rows:
        name = row.run.partition("/")[0]
        if name not in large:
            found.append(row)
        elif name not in seen:
            seen.add(name)
            found.append(row_of_group(Group(row.path.parent), large[name]))
    return Folded(found, sum(map(len, large.values())), len(large))


def row_of_group(group: Group, rows: Sequence[RunSummary]) -> RunSummary:
    """One row for some runs of a group: where their configurations differ it says nothing, and where they are no repetitions
    of each other nothing of what they reached.
    """
    record = group.record()
    done = [row for row in rows if row.status == "done"]
    count = max(len(rows), len((record.members if record else None) or ()))
    pruned = sum(row.is_pruned for row in done)
    ended = f"{len(done) - pruned}" if len(done) == count else f"{len(done) - pruned} of {count}"
    status = f"{ended} done, {pruned} pruned" if pruned else f"{ended} done"
    first = rows[0]
    times = [row.recorded["seconds"] for row in rows if row.recorded.get("seconds") is not None]
    recorded = {**first.recorded, "verdict": None, "severity": None, "reason": None, "stop": None}
    recorded["seconds"] = sum(times) if times else None
    epochs = max(row.epochs for row in rows)
    metrics = mean_metrics(done) if record and record.kind in ALIKE else {}
    return RunSummary(group.path, status, epochs, metrics, recorded, common_configuration(rows))


def mean_metrics(rows: Sequence[RunSummary]) -> Mapping[str, Mapping[str, float | None]]:
    """The mean of each metric that all runs have, by split; of a loss in units apart there is none."""
    if not rows:
        return {}
    apart = units_apart(rows)
    found: dict[str, dict[str, float | None]] = {}
    for split, values in rows[0].metrics.items():
        for name in values:
            each = [row.metrics.get(split, {}).get(name) for row in rows]
            known = [value for value in each if value is not None]
            if len(known) == len(each) and has_one_unit(name, apart):
                found.setdefault(split, {})[name] = statistics.fmean(known)
    return found


def common_configuration(rows: Sequence[RunSummary]) -> Configuration:
    """The configuration that runs of one shape share, with nothing in the place of what differs; none of other shapes."""
    shape = rows[0].configuration.shape
    if any(row.configuration.shape is not shape and row.configuration.shape.key != shape.key for row in rows):
        return NO_CONFIGURATION
    each = zip(*(row.configuration.values for row in rows), strict=True)
    return Configuration(shape, [values[0] if all(one == values[0] for one in values) else None for values in each])
