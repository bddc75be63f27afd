"""Trainings that are on their way to what their last epochs do not show yet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dlcli.training.verdict import Story
from dlcli.training.verdict.still_improving import still_improving

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


WOBBLY = [0.99, 0.98, 0.96, 0.93, 0.8, 0.66, 0.68, 0.72]


@pytest.mark.parametrize(
    ("validation", "inside", "left", "seen"),
    [
        (WOBBLY, [1.0, 0.92, 0.91, 0.89], 0.3, True),
        (WOBBLY, [1.0, 0.92, 0.91, 0.91], 0.3, False),  # training is at rest
        (WOBBLY, [1.0, 0.92, 0.91, 0.89], 0.29, False),
        ([*WOBBLY[:4], 0.66, 0.8, 0.68, 0.72], [1.0, 0.92, 0.91, 0.89], 0.3, False),  # its best is long ago
        ([*WOBBLY[:5], 0.66, 0.68, 0.79], [1.0, 0.92, 0.91, 0.89], 0.3, False),
    ],
)
def test_validation_that_wobbles_down_with_training_is_still_improving(
    tell: Tell, validation: list[float], inside: list[float], left: float, seen: bool
) -> None:
    told = tell(validation, train=[*[1.0] * 4, *inside], left=left)
    assert (still_improving(told) is not None) is seen
