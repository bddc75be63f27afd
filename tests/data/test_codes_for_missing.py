"""One value that comes again and again, far beyond all others: a code for what is missing."""

from __future__ import annotations

import numpy as np
import pytest

from dlcli.data.findings.far_values import few_beyond

USUAL = [float(each % 97) for each in range(200)]


@pytest.mark.parametrize(
    ("others", "code", "times", "seen"),
    [
        (USUAL, -999.0, 14, True),
        (USUAL, 9999.0, 14, True),
        (USUAL, -999.0, 133, True),
        (USUAL, -999.0, 134, False),  # more than two of five
        (USUAL, -961.0, 14, True),
        (USUAL, -960.0, 14, False),  # not ten times the range of the others
        (USUAL, 999.0, 14, True),  # of nines alone three times are enough
        (USUAL, 99.0, 14, False),
        ([each / 97 * 300 for each in USUAL], -999.0, 14, True),
        ([each / 96 * 340 - 1 for each in USUAL], -999.0, 14, False),
        ([3300 + each for each in USUAL], 0.0, 14, False),  # nothing may be a true amount
        ([each % 9 for each in USUAL], -999.0, 14, False),  # of names and counts few are different
        ([float(each % 2) for each in USUAL], 99.0, 14, False),
        ([float(np.exp(each / 10)) for each in USUAL], 99999.0, 14, False),  # long tails reach far
    ],
)
def test_a_value_that_comes_again_far_beyond_all_others(
    others: list[float], code: float, times: int, seen: bool
) -> None:
    found = few_beyond(np.array([*others, *[code] * times]))
    assert (found is not None) is seen
    if found is not None:
        assert (len(found[0]), found[1]) == (times, (0.0, max(others)))


def test_other_values_of_their_own_are_no_code() -> None:
    assert few_beyond(np.array([*USUAL, *[-999.0 - each for each in range(14)]])) is None


@pytest.mark.parametrize(
    ("others", "code", "times", "seen"),
    [
        (USUAL, -99.0, 3, True),  # below 0, where nothing else is, and farther than all others reach
        (USUAL, -99.0, 2, False),
        ([each / 96 * 98 for each in USUAL], -99.0, 14, True),
        ([each / 96 * 100 for each in USUAL], -99.0, 14, False),
        ([float(np.exp(each / 12)) for each in USUAL], -9999.0, 14, True),  # however long their tail is
        ([each - 1.0 for each in USUAL], -99.0, 14, False),  # others are below 0 as well
        ([-each for each in USUAL], 99.0, 14, True),
        (USUAL, -98.0, 14, False),
        ([each / 96 * 8 for each in USUAL], -9.0, 14, False),  # a single nine may be an amount
    ],
)
def test_a_code_of_nines_on_the_other_side_of_0(others: list[float], code: float, times: int, seen: bool) -> None:
    found = few_beyond(np.array([*others, *[code] * times]))
    assert (found is not None) is seen
    assert found is None or len(found[0]) == times
