"""What some steps on samples as they are bring a model that has only met augmented ones: whether these still say the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dlcli.training.evidence.rate_trial import RateTrial
from dlcli.training.evidence.stopwatch import Stopwatch
from dlcli.training.evidence.tried_on import FEWEST, MOST, spread_validation


@dataclass(frozen=True)
class Unaugmented:
    """The loss on validation as a model stands, and `after` so many steps without augmentation, which are so many epochs."""

    before: float
    after: float
    steps: int
    epochs: float


def unaugmented(trial: RateTrial, rate: float, seconds: float) -> Unaugmented | None:
    """Goes on from where a training ended, on the samples as they are, for so many seconds at most; the model is
    left as it was.

    None where nothing is augmented, there is no validation, no time, or a loss is no number.
    """
    experiment, watch = trial.experiment, Stopwatch()
    asked = spread_validation(experiment)
    if experiment.augment is None or asked is None:
        return None
    whole = -(-len(trial.train) // trial.size)
    with trial.begun():
        before = trial.costs(asked)
        steps = len(trial.losses_within(rate, MOST, seconds - watch.seconds))
        after = trial.costs(asked)
    if steps < FEWEST or not (math.isfinite(before) and math.isfinite(after)):
        return None
    return Unaugmented(before, after, steps, steps / whole)
