"""Evaluate a group: each of its runs on the same samples, and how far what they reach scatters."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dlcli.actions.evaluate import evaluate
from dlcli.actions.loss_units import has_one_unit, units_apart
from dlcli.actions.member_states import done_runs, members_not_done
from dlcli.actions.spreads import spreads
from dlcli.runs import Run
from dlcli.runs.groups import ALIKE, Group
from dlcli.runs.summary import run_summary
from dlcli.view.evaluated_group import EvaluatedGroup
from dlcli.view.evaluation import Evaluation
from dlcli.view.group import SpreadShown, own_unit_words


def evaluate_group(group: Group, *, split: str, data: str | None, allow_code: bool) -> EvaluatedGroup:
    """Evaluates the runs of a group that are done on one of their splits, or on other `data`.

    Raises what `evaluate` raises, and `ArtifactError` where no run is done or the record of the group is damaged.
    """
    kind, not_done = group.read().kind, members_not_done(group)
    runs = done_runs(group)
    found = [evaluate(run, split=split, data=data, worst=0, allow_code=allow_code) for run in runs]
    apart = units_apart([run_summary(run) for run in runs]) if kind in ALIKE else {}
    notes = [note for each in found for note in each.notes] + ([own_unit_words(apart, kind)] if apart else [])
    return EvaluatedGroup(
        group=group.name,
        kind=kind,
        split=found[0].split,
        members=found,
        metrics=evaluated_spreads(runs[0], found, apart) if kind in ALIKE else {},
        left_out=not_done,
        notes=[*dict.fromkeys(notes)],
    )


def evaluated_spreads(run: Run, found: Sequence[Evaluation], apart: Collection[str]) -> dict[str, SpreadShown]:
    """The spread of each metric that all have, but for losses in units `apart`."""
    names = [name for name in found[0].metrics if has_one_unit(name, apart)]
    values = {name: [each.metrics.get(name) for each in found] for name in names}
    known = {name: [one for one in each if one is not None] for name, each in values.items()}
    return spreads(run, {name: each for name, each in known.items() if len(each) == len(found)})
