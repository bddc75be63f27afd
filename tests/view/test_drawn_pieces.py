"""Pieces of what is drawn: moments, cells that stay empty, the end of a training, and the stream of what is said."""

from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from dlcli.data.description.columns import ColumnSeen
from dlcli.errors import Problem
from dlcli.view.console.console import standard_error
from dlcli.view.data import moment, range_words, whole_number
from dlcli.view.layer_states import DeadUnits, LayerStates, LayerWeights, Separation, draw_states
from dlcli.view.model import line_number
from dlcli.view.problems import source_lines
from dlcli.view.training_result import TrainingResult, draw_training


def drawn(draw: Any, *values: Any, **options: Any) -> list[str]:
    console = Console(file=io.StringIO(), width=120, markup=False, highlight=False, _environ={})
    draw(console, *values, **options)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "1970-01-01"),
        (86_400.0, "1970-01-02"),
        (86_460.0, "1970-01-02 00:01"),
        (-86_400.0, "1969-12-31"),
        (951_782_400.0, "2000-02-29"),
    ],
)
def test_a_moment_is_a_day_with_its_time_where_it_is_not_midnight(seconds: float, words: str) -> None:
    assert moment(seconds) == words


def test_the_range_of_times_is_told_in_days() -> None:
    def words(kind: str, least: float | None) -> str:
        return range_words(ColumnSeen("c", kind, least, 86_400.0))

    assert words("times", 0.0) == "1970-01-01 … 1970-01-02"
    assert words("numbers", 0.0) == "0 … 86,400" or words("numbers", 0.0) == "0 … 86400"
    assert words("times", None) == "–"


def test_what_to_write_stands_beside_its_place_where_a_line_has_room() -> None:
    problem = Problem("odd", "c.yaml", 7, 7, 3, "seed: {a: 1}", suggestion="write seed: 3", kind="wrong_type")

    def lines(width: int | None) -> list[str]:
        return source_lines(problem, gutter=2, unicode=True, width=width).plain.splitlines()[1:]

    whole = lines(None)
    assert whole[1].endswith("^^^ write seed: 3")
    room = cell_len(whole[1])
    assert lines(room) == whole
    assert lines(room - 1)[1].endswith("^^^")
    assert lines(room - 1)[2].endswith("write seed: 3")


def test_a_whole_number_has_no_decimals() -> None:
    assert [repr(whole_number(value)) for value in (3.0, 3.5, -2.0, 1e15)] == ["3", "3.5", "-2", "1000000000000000.0"]
    assert repr(whole_number(999_999_999_999_999.0)) == "999999999999999"
    assert repr(whole_number(float("inf"))) == "inf"


def test_a_line_that_is_not_known_is_an_empty_cell() -> None:
    assert [line_number(number) for number in (7, None)] == ["7", ""]


def test_states_of_layers_leave_cells_empty_where_there_is_nothing_to_say() -> None:
    states = LayerStates(
        [LayerWeights("a", 0.5, 0.25, 0.1, 0), LayerWeights("b", None, None, 0.0, 4)],
        [DeadUnits("a", 8, 2)],
        [Separation("b", "kind", 0.75)],
    )
    lines = drawn(draw_states, states, layers=["a", "b", "c"])
    assert [line.split() for line in lines[2:5]] == [
        ["a", "0.5000", "±", "0.2500", "10%", "2", "of", "8"],
        ["b", "0%", "75%"],
        ["c"],
    ]
    assert lines[-1].startswith("classes apart: how many samples lie nearest to the mean of their own class of 'kind'")
    assert not [line for line in drawn(draw_states, LayerStates([]), layers=["a"]) if "classes apart: " in line]


@pytest.mark.parametrize(("weights", "kept"), [("restored", True), ("last", False)])
def test_the_end_of_a_training_says_whose_weights_are_kept(weights: str, kept: bool) -> None:
    result = TrainingResult(
        run="a b",
        path="runs/a b",
        status="done",
        reason="all epochs are done",
        stop="all_epochs",
        exact=True,
        inexact=[],
        epochs=5,
        best={"epoch": 3, "monitor": "val_loss", "value": 0.25, "weights": weights},
        metrics={"train": {"loss": 0.5}},
        baseline={},
        verdict=[],
        seconds=2.0,
        samples_per_second=1234.0,
        engine="resident",
        set={},
        config={},
    )
    lines = drawn(draw_training, result)
    assert "best      epoch 3 of 5 by val_loss 0.2500" in lines
    assert ("of the best epoch, 3" if kept else "of the last epoch, 5") + "; its weights are kept" in lines
    assert "next      dlcli evaluate 'a b'" in lines


def test_what_is_said_goes_to_a_copy_of_standard_error_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, (reads, writes) = os.dup(2), os.pipe()
    os.dup2(writes, 2)
    try:
        monkeypatch.setattr(sys, "stderr", SimpleNamespace(fileno=lambda: 2, encoding="utf-8"))
        with standard_error() as copy:
            assert copy.fileno() not in {1, 2, 3} - {kept}
            copy.write("said\n")
        assert os.read(reads, 100) == b"said\n"
        other = SimpleNamespace(fileno=lambda: 7, encoding="utf-8")
        for number in (1, 3, 7):
            other.fileno = lambda number=number: number
            monkeypatch.setattr(sys, "stderr", other)
            assert standard_error() is other
    finally:
        os.dup2(kept, 2)
        for descriptor in (kept, reads, writes):
            os.close(descriptor)
