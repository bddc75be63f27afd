"""Faults that are told though little of the trivial loss is left, or curves are noisy, each just below and above its limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from dlcli.finding import Setting
from dlcli.training.compared import Compared
from dlcli.training.evidence.drift import Drift
from dlcli.training.evidence.settling import Settling
from dlcli.training.verdict import Story
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.schedule_ended import schedule_ended
from dlcli.training.verdict.splits_differ import splits_differ
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
FALLEN = [0.08, 0.05, 0.04, *[0.04] * 7]
FLAT = [0.0412, 0.0411, 0.041, *[0.04] * 7]


@pytest.mark.parametrize(
    ("losses", "gone", "left", "other", "seen"),
    [
        (FALLEN, 6, 0.011, 0.031, True),
        (FALLEN, 5, 0.011, 0.031, False),  # half of the epochs had a rate
        (FALLEN, 6, 0.009, 0.031, False),
        (FALLEN, 6, 0.011, 0.033, False),
        (FLAT, 6, 0.011, 0.031, False),  # it had come to rest when the rate was lowered
    ],
)
def test_a_rate_that_ran_out_is_told_where_little_is_left(
    tell: Tell, losses: Sequence[float], gone: int, left: float, other: float, seen: bool
) -> None:
    rates = [0.01, 0.01, 0.01, *[0.0001] * (7 - gone), *[0.00001] * gone]
    told = tell(losses, rates=rates, left=left, settling=lambda rate, at: Settling(at, 0.04, other))
    found = schedule_ended(told)
    assert (found is not None) is seen
    if found is not None:
        assert "some steps more at the first of these come to a loss of 0.03100" in str(judgement_of_training(found))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("patience: 1, min_delta: 0.1", {"min_delta": 0.0, "patience": 5}),
        ("patience: 5, min_delta: 0.1", {"min_delta": 0.0}),
        ("patience: 4, min_delta: 0", {"patience": 5}),
        ("patience: 5, min_delta: 0.0001", {"": None}),
        ("patience: 1, mode: max", {"": None}),
    ],
)
def test_a_rate_that_was_lowered_in_a_hurry_waits_longer(
    tell: Tell, written: str, wanted: dict[str, float | None]
) -> None:
    told = tell(
        FALLEN,
        rates=[*[0.01] * 3, *[1e-6] * 7],
        left=0.04,
        settling=lambda rate, at: Settling(at, 0.04, 0.02),
        more=f", reduce_on_plateau: {{{written}}}",
    )
    found = schedule_ended(told)
    assert found is not None
    settings = [each for each in found.advice if isinstance(each, Setting)]
    assert {each.key.removeprefix("train.reduce_on_plateau").lstrip("."): each.new for each in settings} == wanted
    assert [each.joined for each in settings] == [number > 0 for number in range(len(settings))]


@pytest.mark.parametrize(
    ("role", "shift", "inside", "seen"),
    [
        ("input", 2.0, 0.11, True),
        ("input", 1.9, 0.11, False),
        ("input", 2.0, 0.13, False),
        ("target", 2.0, 0.11, False),
        ("input", 1.0, 0.07, True),
    ],
)
def test_an_input_that_has_moved_very_far_makes_a_smaller_gap_enough(
    tell: Tell, role: str, shift: float, inside: float, seen: bool
) -> None:
    drift = Drift("month", role, shift, 0.0, True)
    told = tell(
        [0.4, 0.2, 0.175], train=[0.3, 0.15, 0.1], left=inside, drifts=lambda: [drift], columns=["month", "speed"]
    )
    found = splits_differ(told)
    assert (found is not None) is seen


@pytest.mark.parametrize(
    ("shift", "inside", "outside", "seen"),
    [
        (2.0, 0.006, 0.0361, True),
        (1.9, 0.006, 0.0361, False),  # what has moved less may be of no account
        (2.0, 0.0005, 0.0306, True),
        (2.0, 0.0005, 0.0304, False),
        (2.0, 0.009, 0.0451, True),
        (2.0, 0.009, 0.0449, False),  # not five times as much
    ],
)
def test_many_times_what_training_leaves_is_a_gap_though_it_is_small(
    tell: Tell, shift: float, inside: float, outside: float, seen: bool
) -> None:
    drift = Drift("sensor", "input", shift, 0.0, True)
    told = tell([0.4, 0.1, outside], train=[0.3, 0.05, inside], left=inside, drifts=lambda: [drift])
    assert (splits_differ(told) is not None) is seen


@pytest.mark.parametrize(("perfect", "seen"), [(0.4, True), (0.1, False)])
def test_a_right_answer_may_cost_something_else_in_training(tell: Tell, perfect: float, seen: bool) -> None:
    drift = Drift("children", "target", 3.0, 0.7, False)
    inside, outside = Compared("train", 0.74, 1.0, perfect), Compared("validation", -0.76, 0.9, -1.7)
    told = tell([-0.3, -0.7, -0.76], train=[0.9, 0.78, 0.74], drifts=lambda: [drift])
    told = replace(told, compared=outside, looks=replace(told.looks, train=lambda: inside))
    assert (splits_differ(told) is not None) is seen


@pytest.mark.parametrize(("left", "seen"), [(0.98, True), (0.981, False)])
def test_where_training_has_learnt_nothing_validation_tells_nothing(tell: Tell, left: float, seen: bool) -> None:
    drift = Drift("temp", "input", 2.0, 0.0, True)
    told = tell([2.6, 2.6, 2.6], train=[1.0, 0.99, left], left=left, drifts=lambda: [drift])
    assert (splits_differ(told) is not None) is seen


@pytest.mark.parametrize("reached", [1.74, 1.76])
def test_a_gap_to_a_training_that_is_near_is_none(tell: Tell, reached: float) -> None:
    drift = Drift("month", "input", 2.5, 0.0, True)
    losses = [each * reached / 10 for each in (3.0, 1.5, 1.0)]
    told = tell(losses, train=[0.3, 0.2, 0.117], left=0.11, drifts=lambda: [drift])
    assert (splits_differ(told) is not None) is (reached > 1.75)


SLOWLY = [0.36, 0.33, 0.3, 0.27, 0.25, 0.23, 0.21, 0.195]
"""After as many epochs again at its pace it comes to 0.1056."""


@pytest.mark.parametrize(
    ("losses", "last_value", "rate", "seen"),
    [
        (SLOWLY, 0.064, 0.02, True),
        (SLOWLY, 0.066, 0.02, False),  # less than three times as much
        (SLOWLY, None, 0.02, False),
        (SLOWLY, 0.064, 0.019, False),
        ([0.36, 0.27, 0.23, 0.21, 0.2, 0.198, 0.196, 0.195], 0.064, 0.02, False),  # it bends
        ([0.9, 0.75, 0.6, 0.5, 0.4, 0.32, 0.25, 0.195], 0.064, 0.02, False),  # it soon comes to it
    ],
)
def test_a_forecast_that_is_far_from_the_last_value_and_slow_has_a_low_rate(
    tell: Tell, losses: Sequence[float], last_value: float | None, rate: float, seen: bool
) -> None:
    told = tell(losses, left=0.195, rate=lambda: rate)
    naive = {} if last_value is None else {"last_value": {"loss": last_value}}
    told = replace(told, baseline={**told.baseline, **naive})
    assert (rate_too_low(told) is not None) is seen


NOISY = [2.76, 2.77, 2.72, 2.76, 2.7, 2.72, 2.66, 2.69, 2.63, 2.6]


@pytest.mark.parametrize(
    ("validation", "seen"),
    [
        ([2.7 - 0.04 * at for at in range(10)], True),
        ([2.7, 2.5, 2.45, 2.42, 2.4, 2.39, 2.38, 2.37, 2.36, 2.35], False),  # it bends
        ([2.7, 2.75, 2.6, 2.65, 2.5, 2.55, 2.45, 2.5, 2.4, 2.34], False),
    ],
)
def test_a_noisy_training_falls_where_validation_does_without_a_bend(
    tell: Tell, validation: Sequence[float], seen: bool
) -> None:
    told = tell(validation, train=NOISY, left=0.94, rate=lambda: 0.02)
    assert (rate_too_low(told) is not None) is seen
