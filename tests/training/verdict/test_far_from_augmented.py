"""Augmentation that holds back what samples as they are teach at once, though training has learnt these."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from training.verdict.test_seen_and_named import with_data

from dlcli.training.evidence.unaugmented import Unaugmented
from dlcli.training.verdict import Story
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.underfits import underfits

pytestmark = pytest.mark.looks


@pytest.mark.parametrize(
    ("train", "last", "after", "began", "seen"),
    [
        (0.21, 0.1, 0.049, 0.1, True),
        (0.19, 0.1, 0.049, 0.1, False),
        (0.21, 0.1, 0.051, 0.1, False),
        (0.21, 0.051, 0.01, 0.051, True),
        (0.21, 0.049, 0.01, 0.049, False),
        (0.21, 0.1, 0.049, 0.15, False),  # three epochs took a third of it, and four more were to take as much again
    ],
)
def test_what_is_learnt_far_better_without(
    tell: Callable[..., Story], tmp_path: Path, train: float, last: float, after: float, began: float, seen: bool
) -> None:
    losses = [0.9, began, last, last, last]
    told = tell(
        losses,
        train=[0.9, 0.5, 0.4, 0.3, train],
        left=0.1,
        unaugmented=lambda rate: Unaugmented(last, after, 40, 4.0),
    )
    found = underfits(with_data(told, tmp_path, "augment: [{RandomRotation: 0.5}]"))
    assert (found is not None) is seen
    if found is not None:
        assert found.where == "data.augment"
        assert found.facts["left"] == last


@pytest.mark.parametrize(("after", "seen"), [(0.5, False), (0.93, True)])
def test_no_rate_brings_back_what_augmentation_takes(
    tell: Callable[..., Story], tmp_path: Path, after: float, seen: bool
) -> None:
    losses = [0.99, 0.98, 0.97, 0.96, 0.95, 0.94]
    told = tell(losses, left=0.94, rate=lambda: 0.03, unaugmented=lambda rate: Unaugmented(0.94, after, 40, 4.0))
    assert (rate_too_low(with_data(told, tmp_path, "augment: [{RandomRotation: 0.5}]")) is not None) is seen
