"""What a training ends with: the best weights in their place, metrics, the trivial baseline, the verdict."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dlcli.config.phases import may_be_set
from dlcli.config.setting_path import setting_parts
from dlcli.finding import Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.training.compared import compared
from dlcli.training.engine.measure import Measure
from dlcli.training.engine.passes import Begin
from dlcli.training.evidence.begun import first_values
from dlcli.training.evidence.looks import looks
from dlcli.training.last_value import last_value_baseline
from dlcli.training.setup.experiment import Experiment
from dlcli.training.stopping import Stopping
from dlcli.training.trivial import trivial_baseline
from dlcli.training.verdict import Broke, Story, verdict
from dlcli.training.verdict.not_judged import not_judged
from dlcli.view.console.json_value import json_value
from dlcli.view.sentences import judgement_of_training
from dlcli.view.verdict import setting_text


@dataclass(frozen=True)
class Beside:
    """What the verdict is told beside the training itself: its first weights, the words for its run and file in
    commands, and what looks wrong in its data."""

    first: Sequence[Any] | None = None
    run: Sequence[str] = ()
    file: str | None = None
    data: Sequence[Finding] = ()


NOTHING = Beside()
EPOCH_NUMBERS = frozenset({"best_epoch", "since_epoch"})
"""Facts of findings that are numbers of epochs."""


def outcome(
    experiment: Experiment,
    measure: Measure,
    stopping: Stopping,
    entries: Sequence[Mapping[str, Any]],
    best_weights: Mapping[str, Any] | None,
    stop: StopReason,
    begin: Begin,
    *,
    beside: Beside = NOTHING,
    as_it_is: bool = False,
) -> dict[str, Any]:
    """What the state of a run says of its end (`best`, `metrics`, `baseline`, `verdict`), after `stop` has ended it.

    Restores the best weights if early stopping is on, or puts the averages that an optimizer keeps in the place of the weights;
    not where the model is to stay as it is.
    """
    config, watch = experiment.config, stopping.watch
    kept, measured, last = len(entries), False, None
    if not as_it_is:
        last = None if best_weights is None else first_values(experiment.model)
        kept, measured = keep_weights(experiment, stopping, best_weights, last=len(entries))
    metrics = {split: entries[kept - 1][split] for split in ("train", "validation") if entries[kept - 1][split]}
    if measured:
        metrics = {split: measure.measure(experiment.splits[split]) for split in metrics}
    baseline = trivial_baseline(experiment)
    comparison = None
    if baseline:
        last_value = last_value_baseline(experiment)
        baseline |= {"last_value": last_value} if last_value else {}
        reached, trivial = metrics[baseline["split"]]["loss"], baseline["metrics"]["loss"]
        comparison = compared(experiment, measure, reached=reached, trivial=trivial)
    story = Story(
        config,
        history_of(entries, begin),
        metrics,
        baseline,
        (watch.best_epoch or kept) - begin.epoch,
        stop,
        comparison,
        looks(experiment, measure, first=beside.first, data=beside.data, last=None if kept == len(entries) else last),
        kept - begin.epoch,
        None,
        beside.run,
        beside.file,
        begin.epoch,
        experiment.whole.train.planned if experiment.whole.train.is_cut else 0,
    )
    best = {
        "epoch": watch.best_epoch or kept,
        "monitor": watch.monitor,
        "value": watch.best,
        "weights": "restored" if kept != len(entries) else "last",
    }
    return {
        "best": best,
        "metrics": metrics,
        "baseline": baseline,
        "verdict": told_verdict(story, experiment, begin),
    }


def broken_verdict(
    experiment: Experiment,
    measure: Measure,
    entries: Sequence[Mapping[str, Any]],
    broke: Broke,
    begin: Begin,
    *,
    beside: Beside = NOTHING,
) -> list[Any]:
    """The verdict on a training that left the numbers worth learning from."""
    last = entries[-1] if entries else {}
    metrics = {split: last[split] for split in ("train", "validation") if last.get(split)}
    seen = looks(experiment, measure, first=beside.first, data=beside.data)
    history = history_of(entries, begin)
    best = max(1, len(history))
    story = Story(experiment.config, history, metrics, {}, best, None, None, seen, 0, broke, beside.run, beside.file)
    return told_verdict(story, experiment, begin)


def told_verdict(story: Story, experiment: Experiment, begin: Begin) -> list[Any]:
    """The verdict in words, as a run records it; a bug in it costs nobody the training."""
    try:
        findings = [of_last_phase(finding, experiment, begin) for finding in verdict(story)]
        return [json_value(judgement_of_training(finding)) for finding in findings]
    except Exception as error:
        return [json_value(judgement_of_training(not_judged(error)))]


def hint_of(verdict: Sequence[Mapping[str, Any]]) -> str | None:
    """The first advice of a verdict as a hint; None where it has none."""
    for judgement in verdict:
        for advice in judgement["advice"]:
            if "command" in advice:
                return f"{advice['command']}  ({advice['why']})"
            word = f"{advice['set']}={setting_text(advice['to'])}"
            return f"--set {shlex.quote(word)}  ({advice['why']})"
    return None


def history_of(entries: Sequence[Mapping[str, Any]], begin: Begin) -> list[dict[str, Any]]:
    """The epochs of a phase, counted from its begin."""
    return [
        {**entry, "epoch": entry["epoch"] - begin.epoch, "step": entry["step"] - begin.step}
        for entry in entries[begin.epoch :]
    ]


def keep_weights(
    experiment: Experiment, stopping: Stopping, best_weights: Mapping[str, Any] | None, *, last: int
) -> tuple[int, bool]:
    """Puts what a phase keeps into the model: the best weights with early stopping, else averages where an optimizer has some.

    Gives the epoch whose weights these are, where `last` epochs are done, and whether they are none of an epoch but averages.
    """
    model = experiment.model
    if best_weights is not None and stopping.patience is not None:
        for weight, values in zip(model.weights, best_weights.values(), strict=True):
            weight.assign(values)
        return stopping.watch.best_epoch, False
    if experiment.config.optimizer.arguments.get("use_ema"):
        model.optimizer.finalize_variable_values(model.trainable_variables)
        return last, True
    return last, False


def of_last_phase(finding: Finding, experiment: Experiment, begin: Begin) -> Finding:
    """A finding about the last of several phases: its epochs counted from the first phase on, its settings those of the phase."""
    if len(experiment.plans) == 1:
        return finding
    facts = {key: value + begin.epoch if key in EPOCH_NUMBERS else value for key, value in finding.facts.items()}
    advice = [
        replace(each, key=key_in_phase(experiment, each.key)) if isinstance(each, Setting) else each
        for each in finding.advice
    ]
    return replace(finding, facts=facts, advice=advice)


def key_in_phase(experiment: Experiment, key: str) -> str:
    """The key that sets a value in the phase at hand, where phases set it."""
    if len(experiment.plans) == 1:
        return key
    phase = f"train.phases.{experiment.phase}"
    if key == "train.epochs":
        return f"{phase}.epochs"
    parts = setting_parts(key)
    return f"{phase}.set.{key}" if parts is not None and may_be_set(parts) else key
