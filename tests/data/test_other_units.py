"""A few values in another unit than all others: cents among euros, kilograms among grams."""

from __future__ import annotations

import numpy as np
import pytest

from dlcli.data.findings.far_values import few_beyond

DRAW = np.random.default_rng(4)
PRICES = np.exp(3 + 0.45 * DRAW.normal(size=800))
WEIGHTS = 70 + 10 * DRAW.normal(size=800)


@pytest.mark.parametrize(
    ("usual", "factor", "slips", "seen"),
    [
        (PRICES, 100, 8, True),
        (PRICES, 1000, 24, True),
        (PRICES, 1000, 25, False),  # more than three of a hundred
        (WEIGHTS, 0.01, 12, True),
        (WEIGHTS, 0.001, 12, True),
        (-WEIGHTS, 100, 12, True),
        (WEIGHTS, 10, 12, False),  # so far some are by themselves
        (np.exp(3 + DRAW.normal(size=800)), 100, 12, False),  # others are as far apart
    ],
)
def test_a_few_values_of_another_unit_are_seen(
    usual: np.ndarray[tuple[int], np.dtype[np.float64]], factor: float, slips: int, seen: bool
) -> None:
    values = usual.copy()
    rows = np.arange(slips) * 7
    values[rows] *= factor
    found = few_beyond(values)
    assert (found is not None) is seen
    if found is not None:
        assert found[0].tolist() == rows.tolist()


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_long_tails_are_in_no_other_unit(power: float) -> None:
    draw = np.random.default_rng(0)
    tails = [np.exp(power * draw.exponential(size=300)) for _ in range(200)]
    assert sum(few_beyond(each) is not None for each in tails) <= 1
