"""What the first steps of a training come to where gradients are not cut to as little as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dlcli.training.evidence.rate_trial import RateTrial
from dlcli.training.setup.experiment import Experiment

CLIPS = ("clipnorm", "global_clipnorm", "clipvalue")
"""The arguments of an optimizer that cut gradients."""
USUAL = 1.0
"""The length to which they are often cut."""
STEPS, COUNTED = 60, 20


@dataclass(frozen=True)
class Unclipped:
    """The argument that cuts gradients to less than usual, and the mean loss of some steps with it and with the usual."""

    argument: str
    limit: float
    cut: float
    usual: float


def unclipped(experiment: Experiment, rate: float) -> Unclipped | None:
    """The first steps of a model as it stands, with gradients as they are cut and as they usually are; None where they are cut to
    no less."""
    optimizer: Any = experiment.model.optimizer
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    limits = {name: getattr(optimizer, name, None) for name in CLIPS}
    argument, limit = next(((name, each) for name, each in limits.items() if each is not None), ("", USUAL))
    if limit >= USUAL:
        return None
    cut = RateTrial(experiment).losses(rate, STEPS)
    setattr(optimizer, argument, USUAL)
    try:
        usual = RateTrial(experiment).losses(
            rate, STEPS
        )  # one of its own: the steps of the other are compiled with the limit
    finally:
        setattr(optimizer, argument, limit)
    means = [sum(each[-COUNTED:]) / COUNTED for each in (cut, usual)]
    return Unclipped(argument, limit, *means) if all(map(math.isfinite, means)) else None
