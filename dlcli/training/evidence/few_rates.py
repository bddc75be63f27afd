"""The best of a few rates, where there is no time for the range test."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlcli.training.evidence.rate_trial import RateTrial
from dlcli.training.evidence.stopwatch import Stopwatch

STEPS, FEWEST = 12, 6
"""The steps at each rate, of which the last third is counted, and the fewest that tell rates apart."""
WORSE = 1.2
"""So many times the loss at the first rate another may come to: longer steps overshoot at first."""


def best_of_few(trial: RateTrial, rates: Sequence[float], seconds: float) -> float | None:
    """Of rates beyond the first, which hardly moves anything, the one at which the first batches come down furthest in a few
    steps; the first where all throw the loss up, None where there is no time for them."""
    watch, reached = Stopwatch(), list[float]()
    with trial.begun():
        trial.loss(trial.batch(0), rates[0])  # compiles the step
    compiled = watch.seconds
    with trial.begun():
        trial.loss(trial.batch(0), rates[0])
    steps = min(STEPS, int((seconds - watch.seconds) / max((watch.seconds - compiled) * len(rates), 1e-6)))
    if steps < FEWEST:
        return None
    for rate in rates:
        late = sum(trial.losses(rate, steps)[-steps // 3 :])
        reached.append(late if math.isfinite(late) else math.inf)
    return better_than_first(rates, reached)


def better_than_first(rates: Sequence[float], reached: Sequence[float]) -> float:
    """The best of the rates beyond the first by what each has come to, unless all of it is far worse."""
    best = min(range(1, len(rates)), key=reached.__getitem__)
    return rates[best] if reached[best] <= WORSE * reached[0] else rates[0]
