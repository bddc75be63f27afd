"""Long steps that throw both losses back, or that bring validation nothing behind its first epochs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dlcli.finding import Setting
from dlcli.training.verdict import Story
from dlcli.training.verdict.rate_too_high import rate_too_high

Tell = Callable[..., Story]


def new_rate(story: Story) -> float | None:
    """The rate that is advised; None where steps are not too long."""
    found = rate_too_high(story)
    if found is None:
        return None
    (rate, *_) = (each for each in found.advice if isinstance(each, Setting))
    assert rate.key == "optimizer.learning_rate"
    return float(rate.new)


@pytest.mark.parametrize(
    ("inside", "outside", "rate", "advised"),
    [
        (0.56, 0.61, 0.1, 0.01),
        (0.54, 0.61, 0.1, None),  # training is where it was
        (0.56, 0.59, 0.1, None),
        (0.56, 0.61, 0.04, None),  # no long steps
    ],
)
def test_both_losses_end_above_where_they_have_been(
    tell: Tell, inside: float, outside: float, rate: float, advised: float | None
) -> None:
    told = tell(
        [0.6, 0.55, 0.52, 0.5, outside],
        train=[0.6, 0.55, 0.52, 0.5, inside],
        left=0.5,
        rates=[rate] * 5,
        rate_unknown=lambda: True,
    )
    assert new_rate(told) == advised


@pytest.mark.parametrize(
    ("validation", "rate", "advised"),
    [
        ([0.5, 0.4, 0.45, 0.51], 0.05, 0.005),
        ([0.5, 0.4, 0.45, 0.49], 0.05, None),  # it ends near its least
        ([0.5, 0.41, 0.4, 0.51], 0.05, None),  # the third epoch brought something
        ([0.2, 0.14, 0.15, 0.25], 0.05, None),  # little is left
        ([0.5, 0.4, 0.45, 0.51], 0.049, None),
    ],
)
def test_long_steps_bring_validation_nothing_behind_the_second_epoch(
    tell: Tell, validation: list[float], rate: float, advised: float | None
) -> None:
    told = tell(validation, train=[0.4, 0.2, 0.1, 0.05], left=0.1, rates=[rate] * 4, rate_unknown=lambda: True)
    assert new_rate(replace(told, kept=2, metrics={"validation": {"loss": min(validation)}})) == advised


@pytest.mark.parametrize(("moved", "seen"), [(0.11, True), (0.09, False), (None, True)])
def test_long_steps_that_are_cut_short_are_not_too_long(tell: Tell, moved: float | None, seen: bool) -> None:
    """Nothing is learnt, as gradients are cut to next to nothing: weights are where they were drawn."""
    losses = [1.0, 0.999, 1.001, 1.0, 0.999]
    told = tell(losses, left=0.99, rates=[0.5] * 5, optimizer="{Adam: 0.5}", moved=lambda: moved)
    assert (rate_too_high(told) is not None) is seen


@pytest.mark.parametrize(
    ("left", "rate", "seen"), [(0.011, 0.3, True), (0.009, 0.3, False), (0.011, 0.04, False), (0.151, 0.04, True)]
)
def test_long_steps_that_threw_the_loss_about_are_told_where_little_is_left(
    tell: Tell, left: float, rate: float, seen: bool
) -> None:
    losses = [9.0, 0.05, 0.1, 0.03, 0.06, left]
    told = tell(losses, left=left, rates=[rate] * 6, rate=lambda: rate / 10)
    assert (rate_too_high(told) is not None) is seen


@pytest.mark.parametrize(
    ("way", "rate", "wobble", "seen"),
    [
        (10.1, 0.2, 0.15, True),
        (9.9, 0.2, 0.15, False),
        (10.1, 0.19, 0.15, False),
        (10.1, 0.2, 0.04, False),
        (None, 0.2, 0.15, False),
    ],
)
def test_validation_that_is_tossed_by_weights_far_out(
    tell: Tell, way: float | None, rate: float, wobble: float, seen: bool
) -> None:
    validation = [0.9, 0.7, 0.6, *(0.5 + wobble * (-1) ** each for each in range(5))]
    train = [0.8, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4]
    told = tell(
        validation, train=train, left=0.4, optimizer=f"{{Adam: {rate}}}", rates=[rate] * 8,
        moved=lambda: way, rate_unknown=lambda: True,
    )  # fmt: skip
    assert (rate_too_high(told) is not None) is seen
