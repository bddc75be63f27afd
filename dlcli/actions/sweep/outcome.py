"""What has come of a search: each trial once, the best of them, and what the values had to do with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dlcli.actions.sweep.holder import Holder
from dlcli.actions.sweep.study import EPOCHS, HOLDER, NUMBER, REASON, SECONDS, SearchStopped, Study, counted
from dlcli.config.sweep import Goal
from dlcli.runs.groups import Group
from dlcli.view.sweep import SweepShown, TrialShown

STATES = {"COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "running"}
FEWEST_WEIGHED = 20
"""Trials with a result, from which on the importance of keys says more than chance."""


def outcome_of(study: Study, group: Group, *, total: int, weighed: bool = True) -> SweepShown:
    """What has come of a search so far; the importance of keys, which takes a moment, where it is to be `weighed`."""
    goals = study.space.sweep.goals
    try:
        there = counted(study.trials())
    except SearchStopped:
        there = {}
    trials = [trial_shown(study, group, there[number]) for number in sorted(there)]
    results = [each for each in trials if each.state == "done"]
    front = front_of(results, goals)
    states = Counter(each.state for each in trials)
    return SweepShown(
        sweep=group.name,
        path=str(group.path),
        goals=[str(goal) for goal in goals],
        trials=trials,
        best=front[0] if front else None,
        front=[each.number for each in front] if len(goals) > 1 else None,
        importance=importance(study, len(results)) if weighed else None,
        weighed_from=FEWEST_WEIGHED,
        done=states["done"],
        pruned=states["pruned"],
        failed=states["failed"],
        left=max(0, total - states["done"] - states["pruned"] - states["failed"]),
    )


def trial_shown(study: Study, group: Group, trial: Any) -> TrialShown:
    """A trial as it is shown."""
    said, goals = trial.user_attrs, study.space.sweep.goals
    given = [*(trial.values or ())] if trial.state.is_finished() else []
    values = [int(each) if goal.is_whole else each for goal, each in zip(goals, given, strict=False)]
    return TrialShown(
        number=said[NUMBER],
        run=f"{group.name}/trial-{said[NUMBER]}",
        state=STATES[trial.state.name],
        value=None if not values else values[0] if len(goals) == 1 else values,
        set=study.space.decoded(trial.params),
        epochs=said.get(EPOCHS),
        seconds=said.get(SECONDS),
        host=Holder.read(said[HOLDER]).host,
        reason=said.get(REASON),
    )


def values_in(trial: TrialShown) -> list[float]:
    """The values of a trial."""
    return list(trial.value) if isinstance(trial.value, Sequence) else [] if trial.value is None else [trial.value]


def losses(trial: TrialShown, goals: Sequence[Goal]) -> list[float]:
    """The values of a trial, turned so that less is better."""
    return [-value if goal.greater else value for goal, value in zip(goals, values_in(trial), strict=True)]


def front_of(trials: Sequence[TrialShown], goals: Sequence[Goal]) -> list[TrialShown]:
    """The trials that no other beats in one goal without being worse in another, the best in the first goal before all others;
    of equal ones the first.
    """
    found = list[TrialShown]()
    for trial in sorted(trials, key=lambda each: (losses(each, goals), each.number)):
        own = losses(trial, goals)
        beaten = any(all(a <= b for a, b in zip(losses(each, goals), own, strict=True)) for each in found)
        if not beaten:
            found.append(trial)
    return found


def importance(study: Study, results: int) -> dict[str, float] | None:
    """How much of the difference between good trials and all is due to each key, by Optuna's PED-ANOVA; None of few trials."""
    if results < FEWEST_WEIGHED:
        return None
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    found = get_param_importances(study.study, evaluator=PedAnovaImportanceEvaluator(target_quantile=0.25))
    return {path: round(float(share), 4) for path, share in found.items()}
