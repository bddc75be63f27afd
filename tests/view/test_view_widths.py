"""Tables at every width: no name, number, word or histogram is broken, and what is left out is named."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from dlcli.data.description.columns import ColumnSeen
from dlcli.view.confusion import draw_confusion
from dlcli.view.console.drawn_table import drawn_table
from dlcli.view.console.labelled import line, note
from dlcli.view.console.table import Column, Table, number_column, prose_column, text_column
from dlcli.view.console.wrapping import cut, cut_inside, hanging, wrapped
from dlcli.view.data import columns_table, tensors_table
from dlcli.view.evaluation import (
    NO_SCORES,
    ClassScores,
    Evaluation,
    Scores,
    Targets,
    draw_classes,
    has_many_classes,
)
from dlcli.view.training_result import metrics_table
from tests.view.test_view_results import tensor

WIDTHS = (60, 80, 120, 200)
KOREAN = [
    "드레스원피스",
    "바지",
    "상의",
    "가방",
    "구두",
    "샌들슬리퍼",
    "운동화",
    "코트",
    "치마",
    "셔츠",
    "부츠",
    "모자",
]
LONG = [f"a_rather_long_name_of_a_class_{number}" for number in range(12)]
CLASSES = {"korean": KOREAN, "long": LONG, "short": list("abcdefghij"), "thousand": [f"c{n}" for n in range(1000)]}


def terminal(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=True, no_color=True, markup=False, highlight=False)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return "".join(
        part if not position else part.split("m", 1)[-1]
        for position, part in enumerate(console.file.getvalue().split("\x1b["))
    )


def confusion_of(count: int) -> list[list[int]]:
    matrix = np.eye(count, dtype=int) * 137
    matrix[0, 1], matrix[1, 0], matrix[2, 1] = 12, 9, 4
    return matrix.tolist()


def scores_of(names: list[str]) -> dict[str, ClassScores]:
    return {name: ClassScores(0.5, 0.25, (at + 1) / (len(names) + 1), 137 + at) for at, name in enumerate(names)}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", CLASSES)
def test_classes_keep_their_names_and_numbers(kind: str, width: int) -> None:
    names, console = CLASSES[kind], terminal(width)
    matrix, scores = confusion_of(len(names)), scores_of(names)
    draw_classes(console, Scores(names, matrix, scores))
    text = written(console)
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "137" in text
    assert "12" in text
    if len(names) <= 12:
        assert all(any(name in each for each in lines) for name in names)
        assert not set("…~") & set(text)
    else:
        assert lines[-1] == "… and 980 classes more, none of them worse; --json has all"
        firsts = [each.split()[0] for each in lines if each.startswith("c") and each[1].isdigit()]
        assert firsts == ["c0", "c1", "c2", *(f"c{number}" for number in range(20))]


def test_a_matrix_has_names_where_they_fit_numbers_where_they_do_not_and_else_the_pairs() -> None:
    def drawn(names: list[str], width: int) -> list[str]:
        console = terminal(width)
        draw_confusion(console, names, confusion_of(len(names)))
        return written(console).splitlines()

    assert drawn(list("abcdefghij"), 80)[1].split() == list("abcdefghij")
    numbered = drawn(KOREAN, 100)
    assert numbered[1].split() == [str(number) for number in range(1, 13)]
    assert numbered[3].split()[:4] == ["1", "드레스원피스", "137", "12"]
    pairs = drawn(KOREAN, 60)
    assert [each.split() for each in pairs[3:]] == [
        ["드레스원피스", "바지", "12", "8.1%"],
        ["바지", "드레스원피스", "9", "6.2%"],
        ["상의", "바지", "4", "2.8%"],
    ]


@pytest.mark.parametrize(("count", "matrix"), [(12, True), (13, False)])
def test_a_matrix_is_one_of_up_to_twelve_classes(count: int, matrix: bool) -> None:
    console = terminal(200)
    draw_confusion(console, [f"c{number}" for number in range(count)], confusion_of(count))
    assert written(console).startswith("rows: the true class") is matrix


@pytest.mark.parametrize(("pairs", "more"), [(10, ""), (11, "… and 1 pairs more, of 1 samples; --json has all")])
def test_ten_pairs_are_all_of_them(pairs: int, more: str) -> None:
    matrix = np.zeros((20, 20), dtype=int)
    matrix[0, 1 : pairs + 1] = range(pairs, 0, -1)
    console = terminal(80)
    draw_confusion(console, [f"c{number}" for number in range(20)], matrix.tolist())
    lines = written(console).splitlines()
    assert len(lines) == 3 + 10 + bool(more)
    assert ("more" in lines[-1]) is bool(more)
    assert not more or lines[-1] == more


def test_no_confusion_is_said_to_be_none() -> None:
    console = terminal(80)
    draw_confusion(console, [f"c{number}" for number in range(20)], (np.eye(20, dtype=int) * 3).tolist())
    assert written(console) == "no class was taken for another\n"


def column(name: str, **changes: Any) -> ColumnSeen:
    values: dict[str, Any] = {
        "name": name, "kind": "numbers", "min": 0.0, "max": 7.0, "mean": 3.5, "deviation": 2.25, "missing": 1,
        "different": 81, "histogram": [1, 2, 0, 0, 3, 8, 1, 4, 0, 5, 6, 2],
    }  # fmt: skip
    return ColumnSeen(**{**values, **changes})


@pytest.mark.parametrize("width", WIDTHS)
def test_histograms_and_names_of_columns_stay_whole(width: int) -> None:
    names = ["꽃받침 길이", "sepal_length", "x"]
    text = drawn_table(columns_table([*map(column, names)], unicode=True), width=width).plain
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= width
    assert text.count("▁▂  ▃█▁▄ ▅▆▂") == 3
    assert all(name in text for name in names)
    assert text.count("3.500") == text.count("0 … 7") == text.count("81") == 3


@pytest.mark.parametrize("width", WIDTHS)
def test_very_long_names_of_columns_cost_two_lines_each(width: int) -> None:
    names = [f"{'measured_by_the_left_sensor_' * 5}{number}"[-130:] for number in range(6)]
    tensors = [tensor(name) for name in names]
    text = drawn_table(tensors_table(tensors), width=width).plain
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= width
    assert len(lines) <= 3 * (2 * 6 + 4)
    for number, name in enumerate(names):
        shown = [each for each in lines if each.endswith(f"sensor_{number}") or f"sensor_{number} " in each]
        assert shown
        assert (name in shown[0]) is (width == 200)
    assert text.count("(10, 2)") == text.count("float32") == 6


@pytest.mark.parametrize("width", WIDTHS)
def test_metrics_stay_whole_beside_a_long_heading(width: int) -> None:
    name = "sparse_top_k_categorical_accuracy"
    values = {"loss": 0.123456, name: 0.98765}
    baseline = {"method": "majority class", "split": "validation", "metrics": values}
    text = drawn_table(metrics_table({"train": values, "validation": values}, baseline), width=width).plain
    assert max(map(cell_len, text.splitlines())) <= width
    assert name in text
    assert text.count("0.1235") == text.count("0.9877") == 3
    assert "majority class" in text


def test_columns_that_are_left_out_are_named() -> None:
    table = Table([Column("run"), number_column("a" * 30), number_column("b" * 30)], [["x", 1, 2]], least=1)
    assert drawn_table(table, width=69).plain.splitlines()[-1].split() == ["x", "1", "2"]
    assert drawn_table(table, width=68).plain.splitlines()[-1] == "for a wider terminal: " + "b" * 30


def test_texts_are_cut_before_anything_is_left_out() -> None:
    table = Table([Column("row"), text_column("text"), number_column("n")], [["x", "lorem ipsum " * 9, 1]], least=1)
    head, _, row = drawn_table(table, width=40).plain.splitlines()
    assert head.split() == ["row", "text", "n"]
    assert cell_len(row) == 40
    assert "…" in row


def test_prose_wraps_below_itself() -> None:
    table = Table([Column("key"), prose_column("takes")], [["x", "one two three four five six"], ["y", "seven"]])
    assert drawn_table(table, width=23).plain.splitlines() == [
        "key   takes",
        "───────────────────────",
        "x     one two three",
        "      four five six",
        "y     seven",
    ]


def test_verdicts_and_notes_go_on_under_their_beginning() -> None:
    console = terminal(40)
    line(console, "verdict", "stopped while still improving: from 0.1097 to 0.1035")
    line(console, "a_long_label", "stopped while still improving: from 0.1")
    note(console, "note: a sentence that is longer than the line")
    assert written(console).splitlines() == [
        "verdict   stopped while still improving:",
        "          from 0.1097 to 0.1035",
        "a_long_label stopped while still",
        "          improving: from 0.1",
        "note: a sentence that is longer than the",
        "      line",
    ]


def test_lines_in_a_file_stay_whole() -> None:
    console = Console(file=io.StringIO(), width=40)
    line(console, "verdict", "word " * 40)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().count("\n") == 1


@pytest.mark.parametrize(("width", "count"), [(24, 1), (23, 2)])
def test_words_wrap_where_they_do_not_fit(width: int, count: int) -> None:
    assert len(wrapped("abcdefgh 가나다라 abcdef", width)) == count
    assert hanging("abcdefgh 가나다라 abcdef", width + 2, indent=2).count("\n  ") == count - 1
    assert wrapped("  - indented", 60) == ["  - indented"]


@pytest.mark.parametrize(("text", "cells", "end", "inside"), [
    ("abcdef", 6, "abcdef", "abcdef"), ("abcdef", 5, "abcd…", "ab…ef"), ("가나다라", 7, "가나다…", "가…라"),
])  # fmt: skip
def test_text_is_cut_at_its_end_or_inside(text: str, cells: int, end: str, inside: str) -> None:
    assert cut(text, cells) == end
    assert cell_len(cut_inside(text, cells)) <= cells
    assert cut_inside(text, cells)[0] == text[0]
    assert cut_inside(text, cells) == inside or cells == 7


@pytest.mark.parametrize(("count", "many"), [(20, False), (21, True)])
def test_twenty_classes_are_not_many(count: int, many: bool) -> None:
    scores = Scores([], None, scores_of([f"c{number}" for number in range(count)]))
    of_one = Evaluation(run="a", split="test", samples=1, metrics={}, scores=scores, worst=[])
    of_two = replace(of_one, scores=NO_SCORES, several=Targets({"a": NO_SCORES, "b": scores}))
    assert (has_many_classes(of_one), has_many_classes(of_two)) == (many, many)
    assert not has_many_classes(replace(of_one, scores=NO_SCORES))
