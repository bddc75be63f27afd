"""Whether a difference is more than noise: against SciPy, and on both sides of each limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats

from dlcli.runs import noise
from dlcli.runs.noise import (
    incomplete_beta,
    mean_interval,
    paired_noise,
    spread_of_runs,
    t_quantile,
    t_tails,
    welch_noise,
)

GROUPS = [
    ([0.91, 0.93, 0.92], [0.95, 0.94, 0.96]),
    ([1.0, 1.1], [1.05, 1.4, 0.2, 0.9, 1.1, 3.0]),
    ([0.5, 0.500001, 0.5], [0.6, 0.2, 0.9, 0.4]),
    ([10.0, 20.0, 15.0], [10.0, 21.0, 15.5]),
]


@pytest.mark.parametrize(("first", "second"), GROUPS)
def test_groups_of_seeds_are_compared_as_scipy_does(first: list[float], second: list[float]) -> None:
    found, right = welch_noise(first, second), scipy.stats.ttest_ind(second, first, equal_var=False)
    interval = right.confidence_interval(0.95)
    assert found.p == pytest.approx(right.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9, abs=1e-12)
    assert found.difference == pytest.approx(np.mean(second) - np.mean(first))
    assert found.exceeded == (right.pvalue < 0.05)
    assert (found.method, found.count) == ("Welch's t-test", len(first) + len(second))


def test_both_answers_are_among_the_groups() -> None:
    assert {welch_noise(*pair).exceeded for pair in GROUPS} == {True, False}


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_groups_without_any_spread(shift: float) -> None:
    found = welch_noise([1.0, 1.0], [1.0 + shift, 1.0 + shift])
    assert (found.difference, found.low, found.high, found.exceeded) == (shift, shift, shift, shift > 0)
    assert found.p == float(shift == 0)


@pytest.mark.parametrize("freedom", [1.0, 1.7, 4.0, 30.0, 1000.0])
def test_students_t_is_that_of_scipy(freedom: float) -> None:
    for t in (0.0, 1e-6, 0.5, 2.0, 12.0, 300.0):
        assert t_tails(t, freedom) == pytest.approx(2 * scipy.stats.t.sf(t, freedom), rel=1e-9, abs=1e-300)
    assert t_quantile(0.05, freedom) == pytest.approx(scipy.stats.t.ppf(0.975, freedom), rel=1e-9)


def test_the_incomplete_beta_function_is_that_of_scipy() -> None:
    generator = np.random.default_rng(3)
    draws = zip(
        generator.uniform(0.5, 200, 400), generator.uniform(0.5, 20, 400), generator.uniform(0, 1, 400), strict=True
    )
    worst = max(abs(incomplete_beta(x, a, b) - scipy.special.betainc(a, b, x)) for a, b, x in draws)
    assert worst < 1e-11
    assert (incomplete_beta(0.0, 2, 3), incomplete_beta(1.0, 2, 3)) == (0, 1)


@pytest.mark.parametrize("count", [40, 300])
def test_pairs_are_resampled_as_scipy_does(count: int) -> None:
    generator = np.random.default_rng(count)
    first = generator.normal(size=count)
    second = first + generator.normal(0.1, 0.3, size=count)  # far closer by pairs than by themselves
    found = paired_noise(first, second)
    right = scipy.stats.bootstrap(
        (second - first,), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    width = right.high - right.low
    assert found.difference == pytest.approx((second - first).mean())
    assert abs(found.low - right.low) < 0.06 * width
    assert abs(found.high - right.high) < 0.06 * width
    unpaired = scipy.stats.ttest_ind(second, first).confidence_interval(0.95)
    assert found.high - found.low < 0.6 * (unpaired.high - unpaired.low)
    assert paired_noise(first, second) == found
    assert (found.method, found.count, found.p) == ("paired bootstrap", count, None)


@pytest.mark.parametrize("most", [1000, 10])
def test_places_are_drawn_with_their_samples(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ratio of sums, as the accuracy of sequences of unequal lengths is, against SciPy's bootstrap of pairs."""
    monkeypatch.setattr(noise, "MOST_RESAMPLED", most)
    generator = np.random.default_rng(7)
    weights = generator.integers(1, 40, size=300).astype(float)
    values = generator.binomial(weights.astype(int), 0.9) / weights
    found = mean_interval(values, weights)
    right = scipy.stats.bootstrap(
        (values * weights, weights),
        lambda sums, held, axis: sums.sum(axis=axis) / held.sum(axis=axis),
        paired=True, vectorized=True, n_resamples=5000, method="percentile", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    width = right.high - right.low
    assert abs(found[0] - right.low) < 0.1 * width
    assert abs(found[1] - right.high) < 0.1 * width
    fixed = mean_interval(values * weights / weights.mean())  # as if lengths were chance that counts
    assert fixed[1] - fixed[0] > 3 * width
    even = mean_interval(values, np.full(300, 7.0))
    assert even == pytest.approx(mean_interval(values))


@pytest.mark.parametrize(("more", "method"), [(0, "paired bootstrap"), (1, "paired, normal")])
def test_of_many_samples_the_mean_is_normal(more: int, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "MOST_RESAMPLED", 1999)
    differences = np.random.default_rng(0).normal(0.02, 1, size=1999 + more)
    found = paired_noise(np.zeros(len(differences)), differences)
    apart = 1.959964 * differences.std(ddof=1) / len(differences) ** 0.5
    assert found.method == method
    assert found.low == pytest.approx(found.difference - apart, abs=0.1 * apart)
    assert found.high == pytest.approx(found.difference + apart, abs=0.1 * apart)
    if more:
        assert found.low == pytest.approx(found.difference - apart, rel=1e-6)


@pytest.mark.parametrize(("right", "exceeded"), [(14, True), (1, False), (0, False)])
def test_answers_that_are_right_more_often(right: int, exceeded: bool) -> None:
    first, second = np.zeros(200), np.zeros(200)
    second[:right] = 1
    assert paired_noise(first, second).exceeded is exceeded
    assert paired_noise(second, first).exceeded is exceeded


def test_no_interval_holds_the_truth_too_seldom_or_too_often() -> None:
    generator, held = np.random.default_rng(5), 0
    for _ in range(200):
        found = paired_noise(np.zeros(60), generator.normal(0.3, 1, size=60))
        held += found.low <= 0.3 <= found.high
    assert 0.89 <= held / 200 <= 0.99


@pytest.mark.parametrize(
    "values", [[0.91, 0.95], [0.5, 0.75, 0.9, 0.2], [3.0] * 5, list(np.random.default_rng(0).normal(size=40))]
)
def test_the_mean_of_runs_has_the_interval_of_students_t(values: list[float]) -> None:
    found = spread_of_runs(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.deviation == pytest.approx(np.std(values, ddof=1), abs=1e-15)
    apart = np.std(values, ddof=1) / len(values) ** 0.5
    low, high = scipy.stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=max(apart, 1e-300))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.values == values


@pytest.mark.parametrize(
    ("ends", "low", "high"),
    [
        (None, 0.734867, 1.165133),
        ((0, 1), 0.734867, 1),
        ((0.8, None), 0.8, 1.165133),
        ((None, 1.2), 0.734867, 1.165133),
        ((0.96, 0.94), 0.95, 0.95),  # whatever is said of ends, the mean lies between
    ],
)
def test_no_interval_goes_beyond_what_a_value_can_be(ends: Any, low: float, high: float) -> None:
    found = spread_of_runs([0.85, 1.0, 1.0], ends)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))


def test_one_run_has_no_deviation() -> None:
    assert vars(spread_of_runs([0.5])) == {"mean": 0.5, "deviation": None, "low": None, "high": None, "values": [0.5]}
