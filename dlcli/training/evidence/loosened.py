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

    def is_better(self, perfect: float, *, stood: bool = False) -> bool:
        """Whether the other value brings the loss far below what it is as written; clearly below where training `stood` still."""
        return self.loosened - perfect <= (LESS_THAN_STOOD if stood else LESS) * (self.as_written - perfect)


LESS, LESS_THAN_STOOD = 0.9, 0.98
"""The share of a loss to which other steps have to bring it to be better ones, be it than those that brought nothing."""


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
