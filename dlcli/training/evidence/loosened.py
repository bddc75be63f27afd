"""What the first steps of a training come to with an argument of its optimizer that holds them back less."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dlcli.training.evidence.rate_trial import RateTrial

STEPS, COUNTED = 60, 20


@dataclass(frozen=True)
class Loosened:
    """The mean loss of the last of some steps, as an argument is written and with another value of it."""

    as_written: float
    loosened: float

    def is_better(self, perfect: float) -> bool:
        """Whether the other value brings the loss far below what it is as written."""
        return self.loosened - perfect <= LESS * (self.as_written - perfect)


LESS = 0.9
"""The share of a loss to which other steps have to bring it to be better ones."""


def loosened(trial: RateTrial, rate: float, argument: str, value: float | None) -> Loosened | None:
    """The first steps of a model as it stands, as an argument of its optimizer is written, which `trial` takes, and with another
    value; None where a loss is no number."""
    optimizer, written = trial.optimizer, getattr(trial.optimizer, argument)
    before = trial.comes_to(rate, STEPS, counted=COUNTED)
    setattr(optimizer, argument, value)
    try:
        other = RateTrial(trial.experiment)  # of its own: steps are compiled with the value
        after = other.comes_to(rate, STEPS, counted=COUNTED)
    finally:
        setattr(optimizer, argument, written)
    return Loosened(before, after) if math.isfinite(before) and math.isfinite(after) else None
