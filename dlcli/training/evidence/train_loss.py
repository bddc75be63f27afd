"""The loss on training samples without noise and regularization, weighed as what is minimized, beside the constant answer's."""

from __future__ import annotations

from dataclasses import replace

from dlcli.training.compared import Compared, perfect_total, weighed, weight_penalty, weights_in_training
from dlcli.training.engine.measure import Measure
from dlcli.training.setup.experiment import Experiment
from dlcli.training.trivial import trivial_baseline

LOOKED_AT = 1000  # unseen: time alone


def train_compared(experiment: Experiment, measure: Measure) -> Compared | None:
    """The loss of the model as it stands on training samples, weighed as in training; None without a constant answer."""
    feed = experiment.splits["train"].unweighed()
    part = feed.spread(LOOKED_AT) if len(feed) > LOOKED_AT else feed
    plain = replace(experiment, splits={**experiment.splits, "train": part})
    weights = weights_in_training(experiment, measure)
    if weights is not None:
        return weighed(plain, measure, weights, "train")
    baseline = trivial_baseline(plain, "train")
    if not baseline:
        return None
    reached = measure.measure(part)["loss"] - weight_penalty(experiment.model)
    return Compared("train", reached, baseline["metrics"]["loss"], perfect_total(plain, "train"))
