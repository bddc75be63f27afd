"""What a training ends with: the best weights in their place, metrics, the trivial baseline, the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from dlcli.runs.state import StopReason
from dlcli.training.compared import compared
from dlcli.training.engine.measure import Measure
from dlcli.training.last_value import last_value_baseline
from dlcli.training.scaling import scaling_settings
from dlcli.training.setup.experiment import Experiment
from dlcli.training.stopping import Stopping
from dlcli.training.trivial import trivial_baseline
from dlcli.training.verdict import Story, verdict
from dlcli.view.console.json_value import json_value
from dlcli.view.sentences import judgement_of_training


def outcome(
    experiment: Experiment,
    measure: Measure,
    stopping: Stopping,
    entries: Sequence[Mapping[str, Any]],
    best_weights: Mapping[str, Any] | None,
    stop: StopReason,
) -> dict[str, Any]:
    """What the state of a run says of its end (`best`, `metrics`, `baseline`, `verdict`), after `stop` has ended it.

    Restores the best weights if early stopping is on, or puts the averages that an optimizer keeps in the place of the weights.
    """
    config, model, watch = experiment.config, experiment.model, stopping.watch
    kept, restores = len(entries), best_weights is not None and stopping.patience is not None
    if restores:
        kept = watch.best_epoch
        for weight, values in zip(model.weights, (best_weights or {}).values(), strict=True):
            weight.assign(values)
    metrics = {split: entries[kept - 1][split] for split in ("train", "validation") if entries[kept - 1][split]}
    if not restores and config.optimizer.arguments.get("use_ema"):
        model.optimizer.finalize_variable_values(model.trainable_variables)
        metrics = {split: measure.measure(experiment.splits[split]) for split in metrics}
    baseline = trivial_baseline(experiment)
    beside = None
    if baseline:
        last_value = last_value_baseline(experiment)
        baseline |= {"last_value": last_value} if last_value else {}
        reached, trivial = metrics[baseline["split"]]["loss"], baseline["metrics"]["loss"]
        beside = compared(experiment, measure, reached=reached, trivial=trivial)
    scaling = partial(scaling_settings, experiment)
    story = Story(config, list(entries), metrics, baseline, watch.best_epoch or kept, stop, beside, scaling)
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
        "verdict": [json_value(judgement_of_training(finding)) for finding in verdict(story)],
    }
