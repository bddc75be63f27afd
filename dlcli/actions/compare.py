"""Compare runs: what differs between their configurations, what they reached, and whether that is more than noise."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.actions.alike import keys_of_other_samples, other_meaning
from dlcli.actions.compared_sides import (
    Side,
    Values,
    compared_group,
    mean_history,
    mean_value,
    shared_value,
    sides_named,
)
from dlcli.actions.loss_units import units_apart
from dlcli.errors import UsageError
from dlcli.runs import Run, history, read_state
from dlcli.runs.listing import changed_keys
from dlcli.runs.manifest import read_recorded
from dlcli.runs.noise import paired_noise, welch_noise
from dlcli.runs.samples_file import NAME, SampleValues, read_samples
from dlcli.runs.summary import RunSummary, run_summary
from dlcli.view.comparison import ComparedRun, Comparison, Difference

CHANCE = frozenset({"name", "seed"})
"""Keys of a configuration in which runs of one group may differ."""


def compare(root: Path, names: Sequence[str]) -> Comparison:
    """The comparison of runs and groups; runs that differ in their seeds alone are a group too, and each group stands beside the
    first.

    Raises `UsageError` for fewer than two runs, `ArtifactError` for one that is not there or whose record is damaged.
    """
    runs, sides, not_done = sides_named(root, names)
    if len(runs) < 2:
        raise UsageError("compare takes at least two runs", hint="dlcli runs --names lists them", kind="too_few_runs")
    for run in runs:
        check_record(run)
    rows = [run_summary(run) for run in runs]
    samples = [read_samples(run) for run in runs]
    reached = [values_of(row, kept) for row, kept in zip(rows, samples, strict=True)]
    groups = groups_of_sides(rows, sides)
    differences, unknown, unlike = list[Difference](), list[str](), dict[str, list[str]]()
    for other in groups[1:]:
        pair = rows[groups[0].at[0]], rows[other.at[0]]
        both = [rows[at] for at in (*groups[0].at, *other.at)]
        meant = other_meaning(
            *pair, (name for name in reached[groups[0].at[0]] if name in reached[other.at[0]]), units_apart(both)
        )
        unlike |= {name: [*dict.fromkeys([*unlike.get(name, []), *keys])] for name, keys in meant.items()}
        found, reason = between(rows, samples, reached, groups[0], other)
        differences += [each for each in found if each.metric not in meant]
        unknown += [] if reason is None else [reason]
    apart = {side.name: units_apart([rows[at] for at in side.at]) for side in sides}
    changed = {path: {side.name: shared_value(rows, side, path) for side in sides} for path in changed_keys(rows)}
    measured = dict.fromkeys(name for values in reached for name in values)
    return Comparison(
        runs=[compared_run(row, number_of_group(groups, at)) for at, row in enumerate(rows)],
        changed={path: values for path, values in changed.items() if differ([*values.values()])},
        metrics={
            name: {side.name: mean_value(reached, side, name, apart[side.name]) for side in sides} for name in measured
        },
        groups={side.name: compared_group(rows, reached, side) for side in sides if side.is_group},
        difference=by_metric(differences),
        unknown=unknown,
        unlike=unlike,
        left_out=not_done,
        curves={
            side.name: mean_history([history.read(runs[at]) for at in side.at], apart[side.name]) for side in sides
        },
    )


def differ(values: Sequence[Any]) -> bool:
    """Whether some values are not the same."""
    return any(value != values[0] for value in values)


def check_record(run: Run) -> None:
    """Raises `ArtifactError` for a run whose state or configuration is not what was written: the list has a row for it, but
    what it holds is compared with nothing."""
    read_state(run)
    with suppress(FileNotFoundError):
        read_recorded(run, run.resolved)


def compared_run(row: RunSummary, group: int) -> ComparedRun:
    """What a comparison says of a run itself."""
    seconds, seed = row.recorded.get("seconds"), row.configuration.value("seed")
    return ComparedRun(row.run, str(row.path), row.status, row.epochs, seconds, seed, group)


def by_metric(differences: Sequence[Difference]) -> dict[str, list[Difference]]:
    """Differences by the name of their metric."""
    names = dict.fromkeys(each.metric for each in differences)
    return {name: [each for each in differences if each.metric == name] for name in names}


def groups_of_sides(rows: Sequence[RunSummary], sides: Sequence[Side]) -> list[Side]:
    """What is compared: the groups that were named, and runs that differ in their seeds alone; where that is all, each run."""
    found, of_key = list[tuple[Side, list[int]]](), dict[str, list[int]]()
    for side in sides:
        row = rows[side.at[0]]
        tree = row.configuration.tree
        kept = {key: value for key, value in tree.items() if key not in CHANCE} if tree else {"run": row.run}
        key = json.dumps(side.name if side.is_group else kept, sort_keys=True)
        if key not in of_key:
            of_key[key] = []
            found.append((side, of_key[key]))
        of_key[key] += side.at
    return [replace(side, at=at) for side, at in found] if len(found) > 1 else [*sides]


def number_of_group(groups: Sequence[Side], at: int) -> int:
    """Which group a run belongs to, counted from 0."""
    return next(number for number, group in enumerate(groups) if at in group.at)


def values_of(row: RunSummary, samples: SampleValues | None) -> dict[str, float]:
    """What a run reached: its metrics by split, with those of the test split where the run has kept them by sample."""
    values = {f"{split}.{name}": value for split, each in row.metrics.items() for name, value in each.items()}
    if samples is not None and samples.split not in row.metrics:
        told = [
            name for each in row.metrics.values() for name in each if name in samples.values
        ]  # in the order of the others
        values |= {f"{samples.split}.{name}": samples.mean(name) for name in dict.fromkeys([*told, *samples.values])}
    return {name: value for name, value in values.items() if value is not None and math.isfinite(value)}


def between(
    rows: Sequence[RunSummary],
    samples: Sequence[SampleValues | None],
    reached: Sequence[Values],
    one: Side,
    two: Side,
) -> tuple[list[Difference], str | None]:
    """How two groups differ, or why that is not known."""
    names, first, other = (one.name, two.name), one.at, two.at
    both = f"'{names[0]}' and '{names[1]}'"
    others = f"{both} were judged on other samples or another target: give both the same data, split and seed"
    if len(first) > 1 and len(other) > 1:
        if any(judged_apart(samples[at], samples[beside]) for at, beside in zip(first, other, strict=False)):
            return [], others
        keys = keys_of_other_samples([rows[at] for at in first], [rows[at] for at in other])
        judged = [name for name in reached[first[0]] if not name.startswith("train.")]
        shared = [name for name in judged if all(name in reached[at] for at in (*first, *other))]
        alike = [name for name in shared if not (keys and name.startswith("validation."))]
        values = {name: [[reached[at][name] for at in group] for group in (first, other)] for name in alike}
        found = [Difference.of(name, names, welch_noise(*pair)) for name, pair in values.items()]
        if len(alike) < len(shared):
            return found, f"of validation {both} were judged on other samples: they differ in {', '.join(keys)}"
        return found, None if found else f"{both} have no metric in common"
    if len(first) + len(other) > 2:
        alone = names[0] if len(first) == 1 else names[1]
        return [], f"'{alone}' is one run beside several: train it with other seeds too (--seeds 3)"
    mine, theirs = samples[first[0]], samples[other[0]]
    for row, kept in ((rows[first[0]], mine), (rows[other[0]], theirs)):
        if kept is None:
            return [], f"'{row.run}' has kept no results by sample: {why_none(row)}"
    assert mine is not None
    assert theirs is not None
    if judged_apart(mine, theirs):
        return [], others
    common = [name for name in mine.values if name in theirs.values and weighed_alike(mine, theirs, name)]
    paired = [(name, paired_noise(mine.values[name], theirs.values[name], mine.weights.get(name))) for name in common]
    return [Difference.of(f"{mine.split}.{name}", names, noise) for name, noise in paired], None


def judged_apart(first: SampleValues | None, second: SampleValues | None) -> bool:
    """Whether two runs are known to have been judged on other samples."""
    return first is not None and second is not None and not first.same_samples(second)


def weighed_alike(first: SampleValues, second: SampleValues, name: str) -> bool:
    """Whether the same places of all samples count towards a metric of both."""
    one, other = first.weights.get(name), second.weights.get(name)
    if one is None or other is None:
        return one is other
    return bool((one == other).all())


def why_none(row: RunSummary) -> str:
    """Why a run has kept nothing of its samples, and what to do."""
    if row.status != "done":
        return f"it is not done ({row.status})"
    if (row.path / NAME).exists():
        return f"{NAME} is damaged, so put it back from a copy or train again"
    return "it has no split beside that of training, one too large for it, or is of an older dlcli"
