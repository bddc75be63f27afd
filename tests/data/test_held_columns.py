"""A part of a table on disk is read once for all its columns, however many rules ask for them one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np
import pytest

from dlcli.data.fields import fields as fields_room
from dlcli.data.fields.chunks import Chunks
from dlcli.data.fields.fields import Fields, Place

SIZES = (7, 0, 5, 8)
TABLE = {name: np.random.default_rng(at).normal(size=sum(SIZES)) for at, name in enumerate("abc")}
ROWS = np.array([0, 2, 6, 7, 11, 12, 19])


def fields_on_disk(asked: Counter[int]) -> Fields:
    starts = np.cumsum([0, *SIZES])

    def read(number: int, names: Collection[str]) -> dict[str, Any]:
        asked[number] += 1
        return {name: TABLE[name][starts[number] : starts[number + 1]] for name in names}

    chunks = Chunks(SIZES, read, keep=0)
    arrays: dict[str, Any] = {name: chunks.column(name, np.float64) for name in TABLE}
    return Fields(arrays, [Place("t.csv", sum(SIZES))], chunks=chunks)


def test_rows_that_are_held_are_read_once_and_others_are_still_right() -> None:
    asked = Counter[int]()
    held = fields_on_disk(asked).holding(ROWS)
    assert asked == dict.fromkeys(range(len(SIZES)), 1)
    for name, values in TABLE.items():
        for rows in (ROWS, ROWS[::-1], ROWS[2:3], ROWS[:0]):
            np.testing.assert_array_equal(held.arrays[name][rows], values[rows])
    assert sum(asked.values()) == len(SIZES)
    np.testing.assert_array_equal(held.arrays["b"][np.array([0, 3])], TABLE["b"][[0, 3]])  # 3 is not held
    assert sum(asked.values()) > len(SIZES)


def test_what_is_too_much_for_memory_stays_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    bytes_held = 8 * len(ROWS) * len(TABLE)
    told = []
    for most in (bytes_held - 1, bytes_held):
        monkeypatch.setattr(fields_room, "MOST_HELD", most)
        fields = fields_on_disk(Counter())
        told.append(fields.holding(ROWS) is fields)
    assert told == [True, False]
