"""The first loss: what a model says before it has learnt anything, beside what chance would give."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dlcli.data.schema import TargetSchema
from dlcli.loss import needs
from dlcli.loss.target_loss import Head
from dlcli.training.engine.measure import Measure
from dlcli.training.engine.steps import batch_tensors
from dlcli.training.evidence.restore import restored, settle
from dlcli.training.setup.experiment import Experiment
from dlcli.training.trivial import trivial_baseline
from dlcli.view.first_loss import FirstLossShown

SAMPLES = 1024
SETTLING = 128
"""Samples whose statistics batch normalization begins with."""


@dataclass(frozen=True)
class FirstLoss:
    """`measured` on training samples before any step, what is `expected` or None, and `why`; `at_chance` says that it is the
    loss of an undecided classifier, not that of the trivial baseline.
    """

    measured: float
    expected: float | None
    why: str
    at_chance: bool
    targets: Mapping[str, float]
    """For several targets the measured loss of each."""

    def shown(self) -> FirstLossShown:
        return FirstLossShown(self.measured, self.expected, self.why, self.at_chance, self.targets)


def first_loss(experiment: Experiment) -> FirstLoss:
    """The loss on up to 1,024 training samples before any step, without regularization; the model is left as it is."""
    train = experiment.splits["train"].spread(SAMPLES)
    with restored(experiment.model):
        settle(experiment.model, batch_tensors(*train.take(slice(0, SETTLING)))[0])
        measure = Measure(experiment.model)
        values, penalty = measure.measure(train.unweighed()), measure.penalty(train)
    measured = values["loss"] - penalty
    heads, targets = experiment.config.heads, experiment.dataset.schema.targets
    chances = [chance(head, target) for head, target in zip(heads, targets, strict=True)]
    of_targets = {str(head.name): values[head.own_loss] for head in heads if head.own_loss is not None}
    known = [each for each in chances if each is not None]
    if len(known) == len(chances):
        parts = [(head.weight, loss, why) for head, (loss, why) in zip(heads, known, strict=True)]
        whys = " + ".join(why if weight == 1 else f"{weight:g} · {why}" for weight, _, why in parts)
        return FirstLoss(measured, sum(weight * loss for weight, loss, _ in parts), whys, True, of_targets)
    unweighed = {**experiment.splits, "train": experiment.splits["train"].unweighed()}
    baseline = trivial_baseline(replace(experiment, splits=unweighed), "train")
    expected = baseline["metrics"]["loss"] if baseline else None
    return FirstLoss(measured, expected, baseline.get("method", "nothing is known of this loss"), False, of_targets)


def chance(head: Head, target: TargetSchema) -> tuple[float, str] | None:
    """The loss where every class is as likely as the others, with its formula; None for other losses."""
    if not head.loss.traits.get("chance"):
        return None
    if needs(head.loss) == "binary":
        return math.log(2), "ln 2"
    return (math.log(len(target.classes)), f"ln {len(target.classes)}") if target.classes else None
