"""The range test of the learning rate (Smith 2017, https://arxiv.org/abs/1506.01186): where the loss falls, where it explodes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dlcli.progress import counted_off
from dlcli.training.evidence.one_batch import perfect_total
from dlcli.training.evidence.rate import LONGEST, steps_by_rate
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
LITTLE = 0.3
"""Up to this share of the first loss one pass takes so little away that where it fell steepest is chance."""
LONGER, DECADES, POWER = 60, (-2.0, -1.5, -1.0, -0.5, 0.0), 4
"""Then so many steps are made at rates so many decades beside the end of the fall, which count by a power of what each lowers."""
AS_LONG, SWEEP, COARSEST = 3, 0.7, 3
"""A step and its compiling take about so many times what the loss alone does; the rates that grow have such a share of the time,
and are at most so many times as far apart."""
TIMED = 3
"""So often a batch is timed at most."""
FEW, SHORTER = 12, 24
"""Fewer steps than the first tell parts of the rate not apart, of which it then is the second, and fewer of the longer ones tell
nothing."""
SURE = 3.0
"""So many deviations of its mean the fall of the best of them is from nothing."""
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
    """The range test, and a rate that is no longer than what an optimizer bears whose steps are as long as it is."""
    found = tested_range(experiment, seconds=seconds, trial=trial)
    if found.proposed is None or not steps_by_rate(experiment.config.optimizer.name):
        return found
    return replace(found, proposed=min(found.proposed, LONGEST))


def tested_range(experiment: Experiment, *, seconds: float, trial: RateTrial | None) -> RateRange:
    """Trains with a rate that grows from step to step, for so many seconds at most; the model is left as it was.

    Batches differ: what counts is how far the loss of each is below what the model makes of it before any step.
    """
    trial, watch = RateTrial(experiment) if trial is None else trial, Stopwatch()
    coarse = coarseness(trial, seconds) or COARSEST
    count, smoothing = STEPS // coarse, SMOOTHING**coarse
    rates: list[float] = []
    losses: list[float] = []
    excess: list[float] = []  # above the loss of perfect answers, which some losses put below zero
    before = trial.untrained(count)
    start = sum(before) / count
    least = start - sum(perfect_total(experiment, trial.batch(at)[1], {}) for at in range(count)) / count
    if not math.isfinite(start):
        return RateRange([], [], None)
    with trial.begun():
        average = compiled = 0.0
        for number in counted_off(range(count), "trying learning rates", count):
            loss = trial.loss(trial.batch(number), LEAST * (MOST / LEAST) ** (number / (count - 1)))
            average = smoothing * average + (1 - smoothing) * (loss - before[number])
            change = average / (1 - smoothing ** (number + 1))
            if not math.isfinite(loss) or (excess and least + change > EXPLODED * min(excess)):
                break
            rates.append(float(trial.rate.numpy()))
            losses.append(start + change)
            excess.append(least + change)
            compiled = compiled or watch.seconds
            if watch.seconds > seconds:  # unseen: time alone
                return RateRange(rates, losses, proposed(rates, excess, coarse), whole=number + 1 == count)
    each, begin = (watch.seconds - compiled) / max(len(rates) - 1, 1), proposed(rates, excess, coarse)
    if begin is None:
        return RateRange(rates, losses, None)
    if least - min(excess) >= LITTLE * least:
        steps = fitting(seconds - watch.seconds, each * len(PARTS), least=FEW, most=TRIED)
        found = best_part(trial, begin, before, steps) if steps else float(f"{begin / PARTS[1]:.1g}")
        return RateRange(rates, losses, found)
    falls = dict[float, list[float]]()
    steps = fitting(seconds - watch.seconds, each * len(DECADES), least=SHORTER, most=min(count, LONGER))
    if steps is None:  # unseen: time alone
        return RateRange(rates, losses, begin, whole=False)
    for one in beside_end(rates, excess):
        fallen = [stood - loss for stood, loss in zip(before, trial.losses(one, steps), strict=False)]
        falls[one] = fallen[-steps // 3 :]
        if watch.seconds > seconds:  # unseen: time alone
            return RateRange(rates, losses, begin, whole=False)
    return RateRange(rates, losses, middle(falls, least=(1 - FALLEN) * abs(start)))


def coarseness(trial: RateTrial, seconds: float) -> int | None:
    """How many times as far apart rates have to be tried for all of them to fit into some seconds: the loss of a batch, which is
    timed, and a step, which takes about three times as long. What else the machine did while it was timed is no reason.

    None where those do not that are as far apart as they may be.
    """
    watch, best = Stopwatch(), math.inf
    with trial.begun():
        trial.stands_at(0)
        compiled = watch.seconds
        for _ in range(TIMED):
            one = Stopwatch()
            trial.stands_at(0)
            each, left = (1 + AS_LONG) * one.seconds, SWEEP * (seconds - watch.seconds - AS_LONG * compiled)
            fits = (coarse for coarse in range(1, COARSEST + 1) if STEPS / coarse * each <= left)
            best = min(best, next(fits, math.inf))
            if best == 1:
                break
    return int(best) if math.isfinite(best) else None


def fitting(seconds: float, each: float, *, least: int, most: int) -> int | None:
    """So many steps, at `most`, as there is time for where each takes so long; None where fewer than the `least` would be."""
    steps = int(seconds / max(each, 1e-6))
    return min(steps, most) if steps >= least else None


def best_part(trial: RateTrial, begin: float, before: list[float], steps: int) -> float | None:
    """The part of a rate with which the loss comes down furthest in so many steps; None where what fell was noise.

    A loss that falls while the rate grows may still be thrown out by one that stays as high.
    """

    def comes_to(one: float) -> float:
        late = sum(trial.losses(one, steps)[-steps // 3 :])
        return late if math.isfinite(late) else math.inf

    reached = {one: comes_to(one) for one in (float(f"{begin / part:.1g}") for part in PARTS)}
    found, stood = min(reached, key=reached.__getitem__), sum(before[:steps][-steps // 3 :])
    return None if stood - reached[found] < (1 - FALLEN) * abs(stood) else found


def beside_end(rates: list[float], losses: list[float]) -> list[float]:
    """The rates beside the one up to which the loss is about as low as it ever was."""
    low = min(losses) + BEGUN * (losses[0] - min(losses))
    end = max(rate for rate, loss in zip(rates, losses, strict=True) if loss <= low)
    return [end * 10**decade for decade in DECADES]


def middle(falls: Mapping[float, Sequence[float]], *, least: float) -> float | None:
    """The middle of the rates that lower the loss, each by how far it lowers that of batches; None where that may be chance.

    A fall below the `least` that counts, or that is no more than what batches differ by, is none.
    """
    import numpy as np

    values = np.asarray([*falls.values()], np.float64)
    gained = np.where(np.isfinite(values).all(axis=1), values.mean(axis=1), 0.0).clip(min=0.0)
    at = int(gained.argmax())
    if gained[at] < max(least, SURE * float(values[at].std()) / math.sqrt(values.shape[1])) or gained[at] == 0:
        return None
    shares = (gained / gained[at]) ** POWER
    return float(f"{10 ** float((shares * np.log10([*falls])).sum() / shares.sum()):.1g}")


def proposed(rates: list[float], losses: list[float], coarse: int = 1) -> float | None:
    """Where the loss falls steepest, and at most a tenth of where it was lowest: two digits are enough."""
    import numpy as np

    span = BEFORE // coarse

    if not losses:  # no number from the first step on
        return None
    # The first rates are too small to learn anything: what the loss does there is noise.
    start = float(np.mean(losses[:span]))
    lowest = int(np.argmin(losses))
    if lowest < span or losses[lowest] > FALLEN * start:
        return None
    # Batches differ, and so the loss of one goes up and down before anything is learnt: the fall begins behind the last loss
    # that was still as high.
    high = start - BEGUN * (start - losses[lowest])
    begun = max((number for number in range(lowest) if losses[number] >= high), default=0)
    falls = [number for number in range(max(span, begun), lowest + 1) if losses[number] <= FALLEN * start]
    slopes = [losses[number] - losses[number - span] for number in falls]
    steepest = rates[falls[int(np.argmin(slopes))]]
    return float(f"{min(steepest, rates[lowest] / 10):.1g}")
