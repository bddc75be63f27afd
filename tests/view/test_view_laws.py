"""Laws of what is drawn: never wider than asked, every extreme is there, sizes and times keep to their column."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from laws import LAW
from rich.cells import cell_len

from dlcli.view.console.tables import byte_size, duration
from dlcli.view.drawing.curve import DOTS, curve
from dlcli.view.drawing.histogram import BLOCKS, histogram

VALUES = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=0, max_size=200)


@LAW
@given(
    st.dictionaries(st.text(max_size=9), VALUES, max_size=4), st.integers(20, 120), st.integers(4, 30), st.booleans()
)
def test_a_curve_is_exactly_as_wide_and_high_as_asked(series: Any, width: int, height: int, unicode: bool) -> None:
    for logarithmic in (False, True):
        text = curve(series, width=width, height=height, unicode=unicode, logarithmic=logarithmic).plain
        assert [cell_len(line) for line in text.split("\n")] == [width] * height


@LAW
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=400), st.integers(20, 90), st.integers(6, 20))
def test_the_least_and_the_greatest_value_are_drawn_where_they_are(
    values: list[float], width: int, height: int
) -> None:
    lines = curve({"a": values}, width=width, height=height).plain.split("\n")[1:-2]
    gutter = min(line.index(edge) for line in lines for edge in "┤│" if edge in line) + 1
    columns, low, high = width - gutter, min(values), max(values)
    if low == high:
        return
    for at, value in enumerate(values):
        if value not in {low, high}:
            continue
        x = round(at / (len(values) - 1) * (columns * 2 - 1))
        y = 0 if value == high else len(lines) * 4 - 1
        assert ord(lines[y // 4][gutter + x // 2]) - 0x2800 & DOTS[y % 4][x % 2], (at, value)


@LAW
@given(st.integers(0, 10**14))
def test_a_size_keeps_to_nine_cells(size: int) -> None:
    said, _, unit = byte_size(size).partition(" ")
    assert len(byte_size(size)) <= len("100000 GB")
    if size < 10**12:
        assert len(byte_size(size)) <= len("1000 GB")
    exact = float(said) * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]
    assert abs(exact - size) <= max(0.0501 * exact, 0.5)


@LAW
@given(st.floats(0, 3.6e6))
def test_a_time_keeps_to_twelve_cells_and_is_told_to_its_last_digit(seconds: float) -> None:
    parts = duration(seconds).split()
    assert len(duration(seconds)) <= len("1000 h 00 min")
    units = {"h": 3600.0, "min": 60.0, "s": 1.0}
    told = sum(float(number) * units[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))
    last = units[parts[-1]] / 2 if len(parts) > 2 or seconds >= 9.95 else 0.05
    assert math.isclose(told, seconds, abs_tol=last + 1e-9)


@LAW
@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_a_histogram_has_a_mark_for_each_count_and_none_for_none(counts: list[int]) -> None:
    drawn = histogram(counts)
    assert len(drawn) == len(counts)
    assert [mark == " " for mark in drawn] == [count == 0 for count in counts]
    heights = [BLOCKS.find(mark) for mark in drawn]
    ranked = [height for _, height in sorted(zip(counts, heights, strict=True))]
    assert ranked == sorted(ranked)
