"""What few samples are moved by without a reason, and the one of many features that chance moves."""

from __future__ import annotations

import numpy as np
import pytest

from dlcli.training.evidence.drift import beyond_chance, new_names


@pytest.mark.parametrize(
    ("shift", "features", "before", "after", "moved"),
    [
        (1.0, 1, 60, 20, True),
        (1.0, 60, 60, 20, False),  # one of sixty is moved by as much
        (1.2, 60, 60, 20, True),
        (1.0, 60, 600, 200, True),
        (1.0, 1, 60, 10, False),
        (1.2, 1, 60, 10, True),
    ],
)
def test_a_mean_that_chance_moves_as_far_has_not_moved(
    shift: float, features: int, before: int, after: int, moved: bool
) -> None:
    found = beyond_chance([(shift, 0.0)] * features, before, after)
    assert {each[0] for each in found} == {shift if moved else 0.0}


@pytest.mark.parametrize(("features", "share", "moved"), [(1, 6 / 15, True), (1, 5 / 15, False), (60, 6 / 15, False)])
def test_so_many_of_few_samples_lie_outside_by_chance(features: int, share: float, moved: bool) -> None:
    found = beyond_chance([(0.0, share)] * features, 60, 15)
    assert {each[1] for each in found} == {share if moved else 0.0}


def test_chance_moves_hardly_ever_what_it_is_asked_of() -> None:
    draw = np.random.default_rng(0)
    told = 0
    for _ in range(200):
        one, other = draw.exponential(size=(60, 40)), draw.exponential(size=(15, 40))
        shifts = np.abs(other.mean(axis=0) - one.mean(axis=0)) / np.sqrt((one.var(axis=0) + other.var(axis=0)) / 2)
        told += any(each[0] >= 1 for each in beyond_chance([(float(each), 0.0) for each in shifts], 60, 15))
    assert told <= 4


@pytest.mark.parametrize(("names", "new"), [(range(60), 0.0), ([each % 5 for each in range(60)], 0.4)])
def test_new_names_are_to_be_expected_where_most_come_once(names: list[int], new: float) -> None:
    before = np.array(names, np.float32)[:, None]
    after = np.array([*[names[0]] * 12, *range(100, 108)], np.float32)[:, None]
    assert new_names(before, after) == pytest.approx(new)
