"""The range test of the learning rate (Smith 2017, https://arxiv.org/abs/1506.01186): where the loss falls, where it explodes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dlcli.progress import counted_off
from dlcli.training.evidence.one_batch import perfect_total
from dlcli.training.evidence.rate_trial import RateTrial
from dlcli.training.evidence.stopwatch import Stopwatch
from dlcli.training.setup.experiment import Experiment

LEAST, MOST = 1e-7, 10.0
STEPS = 120
MOST_SECONDS = 60.0  # unseen: time alone
SMOOTHING = 0.9
BEFORE, FALLEN = 8, 0.98
"""Steps that a slope spans, and the share of the first loss from which on it has fallen."""
BEGUN = 0.1
"""The share of the whole fall that is noise before it begins."""
TRIED, PARTS = 30, (1, 3, 10)
"""The steps at each part of the rate with which the fall is steepest, of which the best is proposed."""
EXPLODED = 4.0
"""How many times the best smoothed loss ends the test."""


@dataclass(frozen=True)
class RateRange:
    """The smoothed loss by learning rate, and the rate to begin with, or None where the loss never fell."""

    rates: list[float]
    losses: list[float]
    proposed: float | None
    whole: bool = True
    """Whether there was time for the test to end by itself."""


def rate_range(experiment: Experiment, *, seconds: float = MOST_SECONDS, trial: RateTrial | None = None) -> RateRange:
    """Trains with a rate that grows from step to step, for so many seconds at most; the model is left as it was."""
    trial = RateTrial(experiment) if trial is None else trial
    rates: list[float] = []
    losses: list[float] = []
    excess: list[float] = []  # above the loss of perfect answers, which some losses put below zero
    with trial.begun():
        average, perfect, watch = 0.0, 0.0, Stopwatch()
        for number in counted_off(range(STEPS), "trying learning rates", STEPS):
            arrays = trial.batch(number)
            loss = trial.loss(arrays, LEAST * (MOST / LEAST) ** (number / (STEPS - 1)))
            average = SMOOTHING * average + (1 - SMOOTHING) * loss
            perfect = SMOOTHING * perfect + (1 - SMOOTHING) * perfect_total(experiment, arrays[1], {})
            smooth, above = (each / (1 - SMOOTHING ** (number + 1)) for each in (average, average - perfect))
            if not math.isfinite(loss) or (excess and above > EXPLODED * min(excess)):
                break
            rates.append(float(trial.rate.numpy()))
            losses.append(smooth)
            excess.append(above)
            if watch.seconds > seconds:  # unseen: time alone
                return RateRange(rates, losses, proposed(rates, excess), whole=number + 1 == STEPS)

    def tried(one: float) -> float:
        """What the loss comes down to in some steps at one rate."""
        late = sum(trial.losses(one, TRIED)[-TRIED // 3 :])
        return late if math.isfinite(late) else math.inf

    begin = proposed(rates, excess)
    if begin is None:
        return RateRange(rates, losses, None)
    # A loss that falls while the rate grows may still be thrown out by one that stays as high.
    reached = {one: tried(one) for one in (LEAST, *(float(f"{begin / part:.1g}") for part in PARTS))}
    found = min(reached, key=reached.__getitem__)
    if reached[LEAST] - reached[found] < (1 - FALLEN) * abs(reached[LEAST]):  # what fell was noise
        return RateRange(rates, losses, None, whole=watch.seconds <= seconds)
    return RateRange(rates, losses, found, whole=watch.seconds <= seconds)


def proposed(rates: list[float], losses: list[float]) -> float | None:
    """Where the loss falls steepest, and at most a tenth of where it was lowest: two digits are enough."""
    import numpy as np

    if not losses:  # no number from the first step on
        return None
    # The first rates are too small to learn anything: what the loss does there is noise.
    start = float(np.mean(losses[:BEFORE]))
    lowest = int(np.argmin(losses))
    if lowest < BEFORE or losses[lowest] > FALLEN * start:
        return None
    # Batches differ, and so the loss of one goes up and down before anything is learnt: the fall begins behind the last loss
    # that was still as high.
    high = start - BEGUN * (start - losses[lowest])
    begun = max((number for number in range(lowest) if losses[number] >= high), default=0)
    falls = [number for number in range(max(BEFORE, begun), lowest + 1) if losses[number] <= FALLEN * start]
    slopes = [losses[number] - losses[number - BEFORE] for number in falls]
    steepest = rates[falls[int(np.argmin(slopes))]]
    return float(f"{min(steepest, rates[lowest] / 10):.1g}")
