"""Whether shorter steps find at once what those of a training jump over: both go on from where it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dlcli.training.evidence.rate_trial import RateTrial

STEPS, COUNTED = 120, 60
"""The steps of each, and the last of them that are counted."""


@dataclass(frozen=True)
class Settling:
    """The mean loss of some steps more at the rate of a training, and at another."""

    rate: float
    same: float
    other: float


def settling(trial: RateTrial, rate: float, other: float) -> Settling | None:
    """What both come to on the same batches; None where a loss is no number."""
    means = [trial.comes_to(each, STEPS, counted=COUNTED) for each in (rate, other)]
    return Settling(other, *means) if all(map(math.isfinite, means)) else None
