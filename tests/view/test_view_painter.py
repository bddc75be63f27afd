"""The painter: the pictures of a process of its own are those that would be drawn here."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from dlcli.view.painter import Painter, painter
from dlcli.view.picture import loss_curve

LOSSES = {"train": [2.0, 1.0, math.nan, 0.2], "validation": [2.1, 1.2, 0.9, 0.8]}


@pytest.fixture
def before_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)


@pytest.mark.usefixtures("before_tensorflow")
def test_a_process_draws_the_same_pictures_and_is_gone_afterwards() -> None:
    with painter() as hand:
        process = hand.process
        assert process is not None
        assert process.poll() is None
        made = hand.loss_curve(LOSSES, title="숫자 [b]", best_epoch=4)
        assert process.returncode == 0  # it was he who drew
    assert made == loss_curve(LOSSES, title="숫자 [b]", best_epoch=4)
    assert made != loss_curve(LOSSES, title="숫자 [b]", best_epoch=3)


@pytest.mark.usefixtures("before_tensorflow")
def test_one_who_is_not_needed_is_gone_afterwards() -> None:
    with painter() as hand:
        process = hand.process
    assert process is not None
    assert process.poll() is not None


@pytest.mark.usefixtures("before_tensorflow")
def test_pictures_are_drawn_here_where_the_process_has_died() -> None:
    with painter() as hand:
        assert hand.process is not None
        hand.process.kill()
        hand.process.wait()
        assert hand.loss_curve(LOSSES, title="a", best_epoch=None) == loss_curve(LOSSES, title="a", best_epoch=None)


@pytest.mark.parametrize("said", ["", "[1, 2]", "[1, 2]\nxxxx", "no JSON\n"])
def test_half_an_answer_counts_as_none(said: str) -> None:
    program = f"import sys; sys.stdin.read(); sys.stdout.write({said!r})"
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    drawn = Painter(process).loss_curve(LOSSES, title="a", best_epoch=None)
    assert drawn == loss_curve(LOSSES, title="a", best_epoch=None)


def test_where_tensorflow_is_there_already_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    with painter() as hand:
        assert hand.process is None
        assert hand.loss_curve(LOSSES, title="a", best_epoch=None) == loss_curve(LOSSES, title="a", best_epoch=None)
