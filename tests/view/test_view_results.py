"""What is drawn of data, checks, evaluations and samples: each limit just below and just above, each word where it belongs."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from dlcli.data.description.columns import ColumnSeen
from dlcli.data.description.tensors import Tensor
from dlcli.view.check import (
    BatchShown,
    CheckShown,
    GradientShown,
    RatePoint,
    RatesShown,
    draw_check,
    draw_rates,
    rate_ticks,
)
from dlcli.view.data import DataShown, draw_data, range_words
from dlcli.view.drawing.curve import labels_below
from dlcli.view.evaluation import ClassScores, Scores, WorstSample, draw_classes, short, worst_table
from dlcli.view.first_loss import FirstLossShown
from dlcli.view.samples import draw_samples, drawn_piece


def drawn(draw: Any, *values: Any, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False, _environ={})
    draw(console, *values)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def tensor(name: str, *, least: float = 0.0, most: float = 1.0, **changes: Any) -> Tensor:
    values: dict[str, Any] = {
        "split": "train",
        "role": "input",
        "name": name,
        "shape": [10, 2],
        "axes": ["samples", "features"],
        "ndim": 2,
        "dtype": "float32",
        "bytes": 80,
        "min": least,
        "max": most,
        "mean": 0.5,
        "missing": 0,
        "classes": None,
        "seen": 10,
    }
    kept = {key: value for key, value in {**values, **changes}.items() if key in Tensor.__dataclass_fields__}
    return Tensor(**kept)


def column(name: str) -> ColumnSeen:
    return ColumnSeen(name, "numbers", 0.0, 7.0, 3.5, 2.0, 1, 8, [1, 2, 3, 8])


@pytest.mark.parametrize(("count", "more"), [(60, ""), (61, "… and 1 more; --json lists them")])
def test_up_to_sixty_tensors_and_columns_are_all_of_them(count: int, more: str) -> None:
    tensors = drawn(draw_data, DataShown("s", [tensor(f"t{number}_") for number in range(count)], []))
    columns = drawn(draw_data, DataShown("s", [], [column(f"c{number}_") for number in range(count)]))
    for text, letter in ((tensors, "t"), (columns, "c")):
        assert text.count(f" {letter}59_ ") + text.count(f"\n{letter}59_ ") == 1
        assert f"{letter}60_" not in text
        assert ("more; --json lists them" in text) is bool(more)
        assert more in text


def test_data_is_drawn_with_its_classes_of_the_training_split_alone() -> None:
    parts = [
        tensor("y", split=split, role="target", classes={"u": 3, "v": number})
        for number, split in enumerate(("train", "validation", "test"), start=1)
    ]
    text = drawn(draw_data, DataShown("s", parts, [column("c")]))
    assert text.count("classes of 'y' in ") == 1
    assert "classes of 'y' in train\nu  █" in text
    assert "75.0 %" in text
    assert "no findings" in text
    assert "▁▂▃█" in text


@pytest.mark.parametrize(("width", "wide"), [(60, 60), (76, 76), (77, 76), (120, 76)])
def test_classes_are_drawn_in_at_most_76_cells(width: int, wide: int) -> None:
    part = tensor("y", role="target", classes={"u": 9, "v": 1})
    lines = drawn(draw_data, DataShown("s", [part], []), width=width).splitlines()
    [line] = [each for each in lines if each.startswith("u  █")]
    assert len(line) == wide


def test_a_range_is_told_in_whole_numbers_where_it_is_whole() -> None:
    assert range_words(tensor("x", least=-3.0, most=0.5)) == "-3 … 0.5000"
    assert range_words(tensor("x", least=0.0, most=16.0)) == "0 … 16"
    assert range_words(tensor("x", least=-1e15, most=1e14)) == "-1.000e+15 … 100,000,000,000,000"


@pytest.mark.parametrize(
    ("measured", "at_chance", "words"),
    [
        (2.49, True, "loss 2.490, 2.000 expected (ln 7): as expected"),
        (2.51, True, "loss 2.510, 2.000 expected (ln 7): not as expected: dlcli check says more"),
        (1.51, True, "loss 1.510, 2.000 expected (ln 7): as expected"),
        (1.49, True, "loss 1.490, 2.000 expected (ln 7): not as expected: dlcli check says more"),
        (1.49, False, "loss 1.490; the ln 7 alone reaches 2.000"),
    ],
)
def test_a_first_loss_agrees_up_to_a_quarter(measured: float, at_chance: bool, words: str) -> None:
    assert FirstLossShown(measured, 2.0, "ln 7", at_chance, {}).words == words
    assert FirstLossShown(measured, None, "", at_chance, {}).words == f"loss {measured:.3f}"


def check(rates: RatesShown | None) -> CheckShown:
    def layer(name: str, **changes: Any) -> GradientShown:
        base: dict[str, Any] = {"kind": "Dense", "line": 3, "norm": 0.5, "weights": 2.0, "frozen": False, "ratio": 0.25}
        return GradientShown(layer=name, **{**base, **changes})

    gradients = [layer("a"), layer("b", norm=None, ratio=None), layer("c", norm=None, frozen=True, ratio=None)]
    batch = BatchShown(
        samples=8, steps=40, first=2.5, last=0.01, most=3.0, contradictory=False, memorized=True, perfect=0.0
    )
    first = FirstLossShown(2.5, 2.0, "ln 7", True, {})
    return CheckShown(first_loss=first, gradients=gradients, overfit=batch, verdict=[], rates=rates)


def test_a_check_is_drawn_with_every_gradient() -> None:
    lines = [line.split() for line in drawn(draw_check, check(None)).splitlines()]
    assert ["untrained", "loss", "2.500;", "2.000", "expected", "(ln", "7)"] in lines
    assert "8 samples alone: loss 2.500 to 0.01000 in 40 steps" in " ".join(lines[1])
    assert ["a", "(Dense)", "5.00e-01", "2.00e+00", "2.5e-01"] in lines
    assert ["b", "(Dense)", "none", "2.00e+00"] in lines
    assert ["c", "(Dense)", "frozen", "2.00e+00"] in lines


@pytest.mark.parametrize(
    ("rates", "labels"),
    [
        ([1.0000000116e-07, 3e-6, 2e-5, 0.2], ["1e-07", "1e-06", "1e-05", "1e-04", "1e-03", "1e-02", "1e-01"]),
        ([1.2e-3, 0.02, 0.09], ["1e-03", "9e-02"]),  # one power of ten is no scale
        ([0.9e-3, 0.02, 0.09], ["1e-03", "1e-02"]),
    ],
)
def test_the_ticks_of_rates_are_powers_of_ten_where_they_stand(rates: list[float], labels: list[str]) -> None:
    ticks = rate_ticks([RatePoint(rate, 1.0) for rate in rates])
    assert [label for _, label in ticks] == labels
    logarithms = np.log10(rates)
    for place, label in ticks if len(labels) > 2 or labels[1] == "1e-02" else []:
        assert np.interp(place, range(len(rates)), logarithms) == pytest.approx(np.log10(float(label)), abs=1e-5)


@pytest.mark.parametrize(("columns", "shown"), [(31, 5), (30, 3), (17, 3), (16, 2), (10, 1)])
def test_labels_that_have_no_room_are_left_out_evenly(columns: int, shown: int) -> None:
    stands = [(round(at / 4 * (columns - 1)), f"1e-0{at}") for at in range(5)]
    line = labels_below(stands, columns)
    assert len(line.split()) == shown
    assert all(label in [each for _, each in stands] for label in line.split())


@pytest.mark.parametrize(("width", "wide"), [(80, 80), (100, 100), (101, 100), (200, 100)])
def test_the_rates_are_a_curve_of_fourteen_lines_and_at_most_a_hundred_cells(width: int, wide: int) -> None:
    points = [RatePoint(10.0**exponent, 1.0 / (8 + exponent)) for exponent in range(-7, 1)]
    text = drawn(draw_rates, RatesShown(key="optimizer.learning_rate", points=points, proposed=0.003), width=width)
    *lines, blank, last = text.splitlines()
    assert blank == ""
    assert [len(line) for line in lines] == [wide] * 14
    gap = lines[-2].index("└") + 1
    assert lines[-2].index("▲") - gap == round(4 / 7 * (wide - gap - 1))
    assert "▲ 0.003" in lines[0]
    assert last.split() == ["rate", "--set", "optimizer.learning_rate=0.003"]
    powers = [f"{10.0**each:.0e}" for each in range(-7, 1)]
    assert lines[-1].split() == powers
    for at, power in enumerate(powers):
        place = gap + round(at / 7 * (wide - gap - 1))
        assert lines[-2][place] == ("▲" if at == 4 else "┴"), power
        assert abs(lines[-1].index(power) + len(power) // 2 - place) <= (3 if at in {0, 7} else 0)
    assert "loss by learning rate" in lines[0]
    one = drawn(draw_rates, RatesShown(key="k", points=points[:1], proposed=None), width=width)
    assert one.split() == ["rate", "the", "loss", "fell", "at", "no", "learning", "rate"]


@pytest.mark.parametrize(("count", "shown"), [(12, True), (13, False)])
def test_a_confusion_matrix_is_drawn_of_up_to_twelve_classes(count: int, shown: bool) -> None:
    names = [f"c{number}" for number in range(count)]
    confusion = (np.eye(count, dtype=int) * 7).tolist()
    scores = {name: ClassScores(1.0, 1.0, 1.0, 7) for name in names}
    text = drawn(draw_classes, Scores(names, confusion, scores))
    assert ("rows: the true class" in text) is shown
    assert text.count("precision") == 1
    assert drawn(draw_classes, Scores(None, None, None)) == ""


@pytest.mark.parametrize(
    ("counts", "told"), [([7, 5], None), ([7, 0], None), ([7, 4], "samples of b"), ([1, 2], "samples of a, b")]
)
def test_classes_of_too_few_samples_are_told(counts: list[int], told: str | None) -> None:
    scores = {name: ClassScores(1.0, 1.0, 1.0, count) for name, count in zip("ab", counts, strict=True)}
    text = drawn(draw_classes, Scores(["a", "b"], None, scores))
    words = None if told is None else f"note: fewer than 5 {told}: their scores say nothing of others"
    assert ([line for line in text.splitlines() if line.startswith("note")] or [None])[0] == words
    places = drawn(draw_classes, Scores(["a", "b"], None, scores, counted="places"))
    assert "places" in places
    assert "samples" not in places


class Sample:
    def __init__(self, kind: str, values: Any) -> None:
        self.kind, self.values, self.caption, self.names = kind, values, f"a {kind}", list[str]()


@pytest.mark.parametrize(
    ("length", "channels", "label", "named"),
    [
        (500, 4, "time", 4),
        (501, 5, "time, the first 500 of 501 steps", 4),
        (20, 3, "time", 3),
    ],
)
def test_a_series_is_drawn_with_its_first_channels_and_steps(
    length: int, channels: int, label: str, named: int
) -> None:
    values = np.sin(np.arange(length * channels)).reshape(length, channels)
    blank, caption, *lines = drawn(draw_samples, [Sample("series", values)], width=120).splitlines()
    assert (blank, caption) == ("", "a series")
    assert [len(line) for line in lines] == [100] * 10
    assert [f"channel {number}" in lines[0] for number in range(5)] == [number < named for number in range(5)]
    assert " ".join(lines[-1].split()) == f"0 {label} {min(length, 500) - 1}"
    assert drawn(draw_samples, [Sample("text", "좋은 영화")]) == "\na text\n좋은 영화\n"


@pytest.mark.parametrize(("beginning", "start"), [(0.0, 2000), (0.49, 2000), (0.51, 0), (1.0, 0)])
def test_of_a_long_series_that_begins_in_silence_the_liveliest_piece_is_drawn(beginning: float, start: int) -> None:
    values = np.zeros((3000, 2))
    waves = np.sin(np.arange(500) / 9)[:, None]
    values[:500], values[2000:2500] = beginning * waves, waves
    piece = drawn_piece(values, ["바람", "wind"])
    assert (piece.start, piece.length, piece.steps) == (start, 500, 3000)
    assert piece.channels == {
        name: values[start : start + 500, at].tolist() for at, name in enumerate(["바람", "wind"])
    }
    assert piece.label == ("time, 500 of 3,000 steps" if start else "time, the first 500 of 3,000 steps")
    assert [*drawn_piece(values, ["wind"]).channels] == ["channel 0", "channel 1"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (21.123456, "21.12"),
        ("rose", "rose"),
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 39 + "…"),
        ({"kind": "3", "mpg": 21.123456}, "kind 3, mpg 21.12"),
        ([0.123456, 2, 3, 4, 5], "[0.1235, 2, 3, 4, 5]"),
        ([1, 2, 3, 4, 5, 6], "[1, 2, 3, 4, 5, …]"),
    ],
)
def test_a_target_in_a_cell_is_short_and_no_python(value: Any, words: str) -> None:
    assert short(value) == words


@pytest.mark.parametrize(
    ("files", "places"),
    [
        (["/d/snd/en/silence/5.wav", "/d/snd/en/digits/5.wav"], ["en/silence/5.wav", "en/digits/5.wav"]),
        (["/d/snd/en/5.wav", "/d/snd/en/6.wav"], ["en/5.wav", "en/6.wav"]),
        (["snd/a/1.png", "snd/b/1.png"], ["snd/a/1.png", "snd/b/1.png"]),
        (["1.png"], ["1.png"]),
        (["/d/t.csv:3", "/e/t.csv:4"], ["t.csv:3", "t.csv:4"]),
    ],
)
def test_the_worst_samples_are_told_with_the_folder_of_their_class(files: list[str], places: list[str]) -> None:
    worst = []
    for row, each in enumerate(files):
        file, _, line = each.partition(":")
        worst.append(WorstSample(row, file, int(line) if line else None, "a", "b", 1.0))
    assert [row[1] for row in worst_table(worst).cells] == places
