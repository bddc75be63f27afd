"""The loss on training samples without noise and regularization, weighed as what is minimized, beside the constant answer's."""

from __future__ import annotations

from dataclasses import replace

from dlcli.loss.perfect import perfect_loss
from dlcli.training.compared import Compared, weighed, weight_penalty
from dlcli.training.engine.measure import Measure
from dlcli.training.setup.experiment import Experiment, output_shape
from dlcli.training.setup.weights import training_weights
from dlcli.training.trivial import counted_targets, trivial_baseline

LOOKED_AT = 1000  # unseen: time alone


def train_compared(experiment: Experiment, measure: Measure) -> Compared | None:
    """The loss of the model as it stands on training samples, weighed as in training; None without a constant answer."""
    feed = experiment.splits["train"].unweighed()
    part = feed.first(LOOKED_AT) if len(feed) > LOOKED_AT else feed
    plain = replace(experiment, splits={**experiment.splits, "train": part})
    weights = training_weights(
        experiment.config.train, experiment.dataset, counted=lambda: measure.masks(experiment.splits["train"])
    )
    if weights is not None:
        return weighed(plain, measure, weights, "train")
    baseline = trivial_baseline(plain, "train")
    if not baseline:
        return None
    reached = measure.measure(part)["loss"] - weight_penalty(experiment.model)
    counted, perfect = counted_targets(plain, "train"), 0.0
    for head, schema in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True):
        shape = output_shape(experiment.model, head.name)
        wanted = part.target(schema.name)
        perfect += head.weight * perfect_loss(head.loss, wanted, shape, {}, counted=counted[schema.name])
    return Compared("train", reached, baseline["metrics"]["loss"], perfect)
