"""An input that is a part of the target, each story just within and just without a limit; and what only looks like a part."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data
from dlcli.data.findings import findings
from dlcli.data.findings.part_of_target import decimals_of, input_is_a_part, share_as_whole
from dlcli.view.sentences import told_of_data

ROWS = 400
GENERATOR = np.random.default_rng(5)
PLACES = GENERATOR.permutation(ROWS)
"""Rows in an order of their own."""
MOST = GENERATOR.integers(50, 500, ROWS)


def total(*, whole: int = 8, half: int = 8) -> tuple[Any, Any]:
    """A part and its total, of which the part is all in so many rows, and no more than half in so many others."""
    part, other = MOST.copy(), np.maximum(MOST // 5 - GENERATOR.integers(0, 10, ROWS), 1)
    other[PLACES[:whole]] = 0
    other[PLACES[whole : whole + half]] = part[PLACES[whole : whole + half]]
    return part, part + other


def read(folder: Path, columns: dict[str, Any], **keys: Any) -> Any:
    """A table that is all for training."""
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    split = {"by": "time", "validation": 0, "test": 0}
    block = {"source": str(folder / "t.csv"), "target": "y", "split": split, **keys}
    return Data.model_validate(block, context=Language()).load(seed=0)


@pytest.mark.parametrize(
    ("whole", "half", "seen"), [(4, 8, True), (3, 8, False), (8, 4, True), (8, 3, False)]
)  # one of a hundred
def test_a_part_is_all_of_the_target_in_some_rows_and_little_in_others(whole: int, half: int, seen: bool) -> None:
    share = share_as_whole(*total(whole=whole, half=half))
    assert share == (whole / ROWS if seen else None)


def test_a_part_is_never_more_than_the_target_nor_below_0() -> None:
    part, whole = total()
    last = PLACES[-1]
    assert share_as_whole(part, whole) is not None
    for value in (whole[last] + 1, -1):
        other = part.copy()
        other[last] = value
        assert share_as_whole(other, whole) is None


@pytest.mark.parametrize(("noise", "seen"), [(0.1, True), (3.0, False)])
def test_a_part_goes_with_the_target(noise: float, seen: bool) -> None:
    part, whole = total()
    more = whole + (noise * 400 * GENERATOR.random(ROWS)).astype(int) * (whole > part)
    assert (share_as_whole(part, more) is not None) is seen


def test_both_are_written_with_the_same_decimals() -> None:
    part, whole = total()
    assert share_as_whole(part / 100, whole / 100) is not None
    other = np.where(whole > part, part + 0.25, part)
    assert share_as_whole(other, np.where(other > whole, other, whole) * 1.0) is None
    assert share_as_whole(np.sqrt(part), np.sqrt(whole)) is None
    assert [decimals_of(np.array(each)) for each in ([3.0, 4.0], [0.5, 1.25], [1 / 3, 1.0])] == [0, 2, None]


def test_rows_in_which_both_are_0_say_nothing() -> None:
    part, whole = total(whole=0)
    part[PLACES[-20:]] = whole[PLACES[-20:]] = 0
    assert share_as_whole(part, whole) is None


@pytest.mark.parametrize(("rows", "seen"), [(100, True), (99, False)])
def test_few_rows_tell_no_part(rows: int, seen: bool, tmp_path: Path) -> None:
    part, whole = total(whole=40, half=40)
    found = input_is_a_part(read(tmp_path, {"c": part[:rows], "other": MOST[::-1][:rows] % 7, "y": whole[:rows]}))
    assert (found is not None) is seen


def test_a_part_is_named_and_left_out(tmp_path: Path) -> None:
    part, whole = total()
    codes = {each.code: each for each in findings(read(tmp_path, {"c": part, "d": MOST[::-1] % 7, "y": whole}))}
    found = codes["input_is_a_part"]
    assert (found.where, [each.about for each in found.advice]) == ("c", ["data.inputs"])
    told = told_of_data(found)
    assert told.evidence == "'c' is a part of 'y': from 0 to it in every training sample, and equal to it in 2.0%"
    scaled = read(tmp_path, {"c": part, "y": whole}, target={"column": "y", "scale": "standard"})
    assert input_is_a_part(scaled) is not None


def test_parts_that_add_up_and_copies_are_told_as_such(tmp_path: Path) -> None:
    part, whole = total()
    assert input_is_a_part(read(tmp_path, {"c": part, "d": whole - part, "y": whole})) is None
    near = whole - (PLACES == 3)
    assert input_is_a_part(read(tmp_path, {"c": near, "d": MOST[::-1], "y": whole})) is None


def test_what_is_only_less_than_the_target_is_no_part() -> None:
    days = np.arange(ROWS)
    most = np.round(15 + 10 * np.sin(days / 58) + GENERATOR.normal(size=ROWS), 1)
    least = np.round(most - 2 - 8 * GENERATOR.random(ROWS), 1)
    assert share_as_whole(np.maximum(least, 0), np.maximum(most, 2.0)) is None  # the least of a day is never the most
    walk = 300 + np.cumsum(GENERATOR.integers(-3, 4, ROWS))
    assert share_as_whole(walk, walk + GENERATOR.integers(0, 6, ROWS)) is None  # what opens a day is near its highest
    sitting = np.round(85 + 4 * GENERATOR.normal(size=ROWS), 1)
    assert share_as_whole(sitting, np.round(sitting * 1.9, 1)) is None
