from __future__ import annotations

import math

import pytest
from rich.cells import cell_len

from dlcli.view.drawing.curve import curve, spans_decades

HARD = {
    "empty": {},
    "no values": {"a": []},
    "nothing finite": {"a": [math.nan, math.inf]},
    "one point": {"a": [0.5]},
    "constant": {"a": [3.0, 3.0]},
    "zero": {"a": [0.0, 0.0]},
    "tiny": {"a": [1e-30, 2e-30]},
    "huge": {"a": [1e30, 3e30]},
    "tiny and huge": {"a": [1e-30, 1e30]},
    "the greatest numbers": {"a": [1.7e308, -1.7e308]},
    "greatest constant": {"a": [1.7e308]},
    "least number": {"a": [5e-324]},
    "negative": {"a": [-1.0, -2.0]},
    "gap": {"a": [1.0, math.nan, 3.0]},
    "markup and wide names": {"[/b]": [1.0, 2.0], "검증 손실" * 20: [2.0, 1.0]},
    "five": {str(at): [float(at), 1.0] for at in range(5)},
    "long": {"a": [math.sin(at) for at in range(10_000)]},
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("logarithmic", [True, False])
@pytest.mark.parametrize(("width", "height"), [(40, 7), (60, 12), (20, 4)])
def test_every_series_fills_exactly_its_width_and_height(name, unicode, logarithmic, width, height):
    lines = curve(HARD[name], width=width, height=height, unicode=unicode, logarithmic=logarithmic).plain.split("\n")

    assert [cell_len(line) for line in lines] == [width] * height


def test_a_falling_line_in_braille():
    text = curve({"loss": [1.0, 0.0]}, width=14, height=6)

    assert text.plain.split("\n") == [
        "   ⠤⠤⠤ loss   ",
        "1 ┤⠑⠢⢄⡀       ",
        "  │   ⠈⠑⠢⢄⡀   ",
        "0 ┤       ⠈⠑⠢⢄",
        "  └───────────",
        "   1  epoch  2",
    ]


def test_a_falling_line_in_ascii():
    text = curve({"loss": [3.0, 2.0, 1.0]}, width=12, height=6, unicode=False, x_label="x", first=5)

    assert text.plain.split("\n") == [
        "   *** loss ",
        "3 +***      ",
        "  |   ***   ",
        "1 +      ***",
        "  +---------",
        "   5   x   7",
    ]


def test_two_series_differ_without_colour():
    solid = curve({"a": [1.0] * 30, "b": []}, width=60, height=8).plain
    dotted = curve({"a": [], "b": [1.0] * 30}, width=60, height=8).plain
    ratio = sum(bin(ord(c) & 0xFF).count("1") for c in "".join(solid.split("\n")[1:]) if "\u2800" < c <= "\u28ff")
    other = sum(bin(ord(c) & 0xFF).count("1") for c in "".join(dotted.split("\n")[1:]) if "\u2800" < c <= "\u28ff")
    assert ratio / other == pytest.approx(1.5, abs=0.1)
    assert "⠤ ⠤ b" in dotted


def test_two_series_have_two_colours():
    text = curve({"a": [1.0, 2.0], "b": [5.0, 9.0]}, width=60, height=8)
    assert {"cyan", "yellow"} <= {str(span.style) for span in text.spans}


def test_labels_tell_values_apart():
    text = curve({"a": [1.00001, 1.00002]}, width=40, height=8).plain
    labels = [line.split("┤")[0].strip() for line in text.split("\n") if "┤" in line]
    assert len(labels) == len(set(labels)) >= 2


def test_values_that_are_not_finite_are_skipped_and_neighbours_joined():
    whole = curve({"a": [0.0, 2.0]}, width=40, height=8, x_label="").plain.split("\n")
    for missing in (math.nan, math.inf, -math.inf):
        gap = curve({"a": [0.0, missing, 2.0]}, width=40, height=8, x_label="").plain.split("\n")
        assert gap[:-1] == whole[:-1]
        assert (gap[-1].split(), whole[-1].split()) == (["1", "3"], ["1", "2"])


def test_many_points_keep_a_spike():
    values = [0.0] * 10_000
    values[5_000] = 1.0
    plot = curve({"a": values}, width=40, height=8).plain.split("\n")[1:6]
    assert [line[3:].strip() for line in plot[:4]] == ["⢸", "⢸", "⣼", "⣿"]


def test_spans_decades_from_a_hundredfold_on():
    assert spans_decades([1.0, 100.0, math.nan]) is True
    assert spans_decades([1.0, 99.0]) is False
    assert spans_decades([0.0, 99.0]) is False
    assert spans_decades([]) is False
    assert spans_decades([5e-324, 1.7e308]) is True


@pytest.mark.parametrize("at", [5_037, 3_001, 9_998])
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("up", [True, False])
def test_a_spike_within_a_column_of_dots_is_kept(at, unicode, up):
    values = [0.0 if up else 1.0] * 10_000
    values[at] = 1.0 if up else 0.0
    plot = [line[3:] for line in curve({"a": values}, width=40, height=8, unicode=unicode).plain.split("\n")[1:6]]
    assert all(line.strip(" ┤│+|") for line in plot)


@pytest.mark.parametrize(
    ("height", "rows"), [(4, [0]), (8, [0, 4]), (9, [0, 5]), (10, [0, 3, 6]), (12, [0, 4, 8]), (20, [0, 4, 8, 12, 16])]
)
def test_a_label_stands_at_every_fourth_row_or_about_that(height, rows):
    plot = curve({"a": [0.0, 1.0]}, width=40, height=height).plain.split("\n")[1:-2]
    assert [row for row, line in enumerate(plot) if "┤" in line] == rows


def test_one_epoch_is_one_mark_in_ascii_and_has_one_label():
    lines = curve({"train": [1.0]}, width=40, height=8, unicode=False).plain.splitlines()
    assert sum(line.partition("|")[2].count("*") for line in lines) == 1
    assert lines[-1].split()[0] == "1"
    assert "1" not in lines[-1].split()[1:]


@pytest.mark.parametrize(("at", "place"), [(0, 0), (4, 25), (8, 50), (9, None), (-1, None)])
@pytest.mark.parametrize("unicode", [True, False])
def test_an_epoch_is_marked_on_the_axis_and_named(at, place, unicode):
    values = [float(value) for value in range(9, 0, -1)]
    text = curve({"a": values}, width=54, height=8, unicode=unicode, marked=(at, "best epoch"))
    legend, *_, axis, _ = text.plain.split("\n")
    sign = "▲" if unicode else "^"
    start = axis.index("└" if unicode else "+") + 1
    assert (f"{sign} best epoch" in legend) is (place is not None)
    assert axis.find(sign) == (-1 if place is None else start + place)
    assert cell_len(axis) == 54


@pytest.mark.parametrize(("width", "scale"), [(80, "(logarithmic)"), (60, "(log)")])
def test_a_legend_is_whole_where_there_is_less_room(width: int, scale: str) -> None:
    series = {"train loss": [4e6, 3e5, 1e4], "validation loss": [5e6, 4e5, 3e4]}
    drawn = curve(series, width=width, height=8, logarithmic=True, marked=(2, "best epoch 327"))
    said = drawn.plain.split("\n")[0]
    assert all(part in said for part in ("train loss", "validation loss", "best epoch 327", scale)), said
