"""How large a difference between two results is beside chance: other samples of the same kind, or other seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 2000
FEWEST_RESAMPLED = 10
"""Fewer samples say nothing of others."""
FEWEST_RESAMPLES, MOST_RESAMPLES, WEIGHED = 200, 500, 4_000_000
"""Resamples of a statistic that is no mean: of the largest samples, of small ones, and how many places are drawn in between."""
SEED = 0
MOST_RESAMPLED = 20_000
"""Of more samples the mean is as good as normal, and drawing them again would take seconds."""
LEVEL = 0.95
"""How often an interval holds the true difference; outside of it 0 is no chance."""
NORMAL = statistics.NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True)
class Noise:
    """A difference with the interval that chance leaves it; `p` is how often chance alone gives as large a one, where known."""

    difference: float
    low: float
    high: float
    method: str
    count: int
    p: float | None = None

    @property
    def exceeded(self) -> bool:
        """Whether the difference is larger than the noise."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Spread:
    """What several runs reached: their mean, the deviation of a sample (n - 1), and between what the mean lies for other runs of
    the same kind, by Student's t, as far as values go at all. Of one run there is no deviation.
    """

    mean: float
    deviation: float | None
    low: float | None
    high: float | None
    values: Sequence[float]


def spread_of_runs(values: Sequence[float], ends: tuple[float | None, float | None] | None = None) -> Spread:
    """The spread of at least one value, of which none is below the first of `ends` or above the second."""
    mean, count = statistics.fmean(values), len(values)
    if count == 1:
        return Spread(mean, None, None, None, [*values])
    deviation = statistics.stdev(values)
    apart = deviation / math.sqrt(count) * t_quantile(1 - LEVEL, count - 1)
    least, most = (None, None) if ends is None else ends
    low = mean - apart if least is None else max(mean - apart, min(least, mean))
    high = mean + apart if most is None else min(mean + apart, max(most, mean))
    return Spread(mean, deviation, low, high, [*values])


def mean_interval(values: np.ndarray[Any, Any], weights: np.ndarray[Any, Any] | None = None) -> tuple[float, float]:
    """Between what the mean of values (samples,) lies for other samples of the same kind, each with its weight in it."""
    import numpy as np

    found = paired_noise(np.zeros_like(values), values, weights)
    return found.low, found.high


def resampled_interval(
    samples: np.ndarray[Any, Any], statistic: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]
) -> tuple[float, float] | None:
    """Between what a statistic lies for other samples of the same kind: percentile bootstrap.

    `samples` (places,) says whose each place is: the places of one are drawn together, for they are no independent ones. The
    statistic takes how often each place was drawn (resamples, places), and gives a value for each resample, NaN for one without;
    None where most have none, and of few samples, which say nothing of others.
    """
    import numpy as np

    different, owners = np.unique(samples, return_inverse=True)
    count, places = len(different), len(samples)
    if count < FEWEST_RESAMPLED:
        return None
    resamples = int(np.clip(WEIGHED // places, FEWEST_RESAMPLES, MOST_RESAMPLES))
    generator, found = np.random.default_rng(SEED), list[Any]()
    at_once = max(1, 2_000_000 // places)  # unseen: memory alone
    for start in range(0, resamples, at_once):
        drawn = generator.integers(count, size=(min(at_once, resamples - start), count))
        beside = drawn + count * np.arange(len(drawn))[:, None]
        counts = np.bincount(beside.ravel(), minlength=drawn.size).reshape(drawn.shape)
        found.append(statistic(counts[:, owners].astype(np.float64)))
    values = np.concatenate(found)
    if np.isnan(values).mean() > 0.5:
        return None
    low, high = np.nanquantile(values, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return float(low), float(high)


def paired_noise(
    first: np.ndarray[Any, Any], second: np.ndarray[Any, Any], weights: np.ndarray[Any, Any] | None = None
) -> Noise:
    """The mean of second - first over the same samples (samples,), resampled with replacement: percentile bootstrap.

    `weights` (samples,) are those in the mean, as the number of places is of sequences; they are drawn with their samples.
    """
    import numpy as np

    weights = np.ones(len(first)) if weights is None else weights
    parts, count, total = weights * (second - first), len(first), float(weights.sum())
    mean = float(parts.sum()) / total
    if count > MOST_RESAMPLED:
        apart = NORMAL * float((parts - mean * weights).std(ddof=1)) * math.sqrt(count) / total
        return Noise(mean, mean - apart, mean + apart, "paired, normal", count)
    generator, means = np.random.default_rng(SEED), np.empty(RESAMPLES)
    even = bool((weights == weights[0]).all())
    at_once = max(1, 4_000_000 // count)  # unseen: memory alone
    for start in range(0, RESAMPLES, at_once):
        part = means[start : start + at_once]
        drawn = generator.integers(count, size=(len(part), count))
        held = total if even else np.maximum(weights[drawn].sum(axis=1), 1e-300)
        part[:] = parts[drawn].sum(axis=1) / held
    low, high = np.quantile(means, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Noise(mean, float(low), float(high), "paired bootstrap", count)


def welch_noise(first: Sequence[float], second: Sequence[float]) -> Noise:
    """The difference of the means of two groups of runs, each of at least two: Welch's t-test, for unequal variances."""
    difference = statistics.fmean(second) - statistics.fmean(first)
    parts = [statistics.variance(group) / len(group) for group in (first, second)]
    spread = math.sqrt(sum(parts))
    count = len(first) + len(second)
    if spread == 0:
        return Noise(difference, difference, difference, "Welch's t-test", count, float(difference == 0))
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(group) - 1) for part, group in zip(parts, (first, second), strict=True)
    )
    apart = spread * t_quantile(1 - LEVEL, freedom)
    p = t_tails(abs(difference) / spread, freedom)
    return Noise(difference, difference - apart, difference + apart, "Welch's t-test", count, p)


def t_tails(t: float, freedom: float) -> float:
    """How likely Student's t is at least `t` away from 0."""
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def t_quantile(tails: float, freedom: float) -> float:
    """The t that `t_tails` gives this for."""
    low, high = 0.0, 1.0
    while t_tails(high, freedom) > tails:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tails(middle, freedom) > tails else (low, middle)
    return (low + high) / 2


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function, by its continued fraction (DLMF 8.17.22)."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):  # there the fraction converges slowly, and the mirrored one fast
        return 1 - incomplete_beta(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    value = 1.0
    for m in range(200, 0, -1):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        value = 1 + even / (1 + odd / value)
    return front / (a * (1 - (a + b) * x / (a + 1) / value))
