"""What is true of a sample that was held out stands in out-of-fold.csv as the source has it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlcli.actions.many.out_of_fold import ROUNDED, as_in_source

MILES = np.array([43.1, 18.0, 9.0, 36.1, 20.2])
ROWS = np.array([4, 0, 3])


def scaled_and_back(values: Any) -> Any:
    """As a target of `scale: standard` comes back from 32 bits."""
    mean, deviation = np.float32(MILES.mean()), np.float32(MILES.std())
    return ((values.astype(np.float32) - mean) / deviation) * deviation + mean


@pytest.mark.parametrize("kind", [np.float64, np.int64])
def test_a_scaled_number_is_that_of_the_source(kind: Any) -> None:
    source = MILES.astype(kind)
    fields: Any = SimpleNamespace(arrays={"mpg": source})
    learnt = scaled_and_back(source[ROWS])
    assert kind is np.int64 or (learnt != source[ROWS]).any()  # 43.099998 is not 43.1
    told = as_in_source("mpg", learnt, fields, ROWS)
    assert (told.dtype, told.tolist()) == (kind, source[ROWS].tolist())


def test_what_is_not_the_number_of_the_source_stays() -> None:
    fields: Any = SimpleNamespace(arrays={"mpg": MILES, "pair": np.ones((5, 2)), "name": np.array(["a"] * 5, object)})
    learnt = scaled_and_back(MILES[ROWS])
    off = 43.1 * ROUNDED  # of the largest of these rows, which is the second
    near, far = (MILES[ROWS] + np.array([share * off, 0, 0]) for share in (0.99, 1.01))
    assert as_in_source("mpg", near, fields, ROWS).tolist() == MILES[ROWS].tolist()
    for name, values, rows in (
        ("mpg", far, ROWS),
        ("mpg", learnt, ROWS[::-1]),  # of another sample
        ("mpg", learnt, ROWS + 1),  # of which one lies behind the last
        ("mpg 0", learnt, ROWS),
        ("pair", learnt, ROWS),
        ("name", learnt, ROWS),
        ("mpg", np.array(["43.1"] * 3, object), ROWS),
        ("mpg", learnt[:0], ROWS[:0]),
    ):
        assert as_in_source(name, values, fields, rows) is values
