"""Whether shorter steps find at once what those of a training jump over: both go on from where it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dlcli.training.evidence.rate_trial import RateTrial

STEPS, FEWEST = 120, 24
"""The steps of each, of which the later half is counted, and the fewest that say something."""


@dataclass(frozen=True)
class Settling:
    """The mean loss of some steps more at the rate of a training, and at another."""

    rate: float
    same: float
    other: float


def settling(trial: RateTrial, rate: float, other: float, seconds: float) -> Settling | None:
    """What both come to on the same batches in about so many seconds; None where there is no time, or a loss is no number."""
    with trial.begun():
        same = trial.losses_within(rate, STEPS, seconds / 2)
    steps = len(same)
    if steps < FEWEST:  # unseen: time alone
        return None
    means = [sum(each[steps // 2 :]) / (steps - steps // 2) for each in (same, trial.losses(other, steps))]
    return Settling(other, *means) if all(map(math.isfinite, means)) else None
