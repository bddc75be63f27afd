"""All that listen to a training hear it in order, and are closed whatever ends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.errors import DlcliError
from dlcli.view.training.events import EpochLine, Plan
from dlcli.view.training.listeners import Listeners


class Ear:
    """A listener that notes what it hears, in a list that several share."""

    def __init__(self, name: str, heard: list[tuple[str, str, Any]], *, fails: str = "") -> None:
        self.name, self.heard, self.fails = name, heard, fails

    def note_down(self, hook: str, value: Any = None) -> None:
        self.heard.append((self.name, hook, value))
        if hook == self.fails:
            raise RuntimeError(hook)

    def start(self, plan: Plan) -> None:
        self.note_down("start", plan.epochs)

    def step(self, step: int, loss: float | None) -> None:
        self.note_down("step", step)

    def epoch(self, line: EpochLine) -> None:
        self.note_down("epoch", line.epoch)

    def note(self, text: str) -> None:
        self.note_down("note", text)

    def over(self) -> None:
        self.note_down("over")

    def end(self, best_epoch: int | None) -> None:
        self.note_down("end", best_epoch)

    def close(self) -> None:
        self.note_down("close")


def test_each_hears_all_in_order_and_they_close_in_reverse() -> None:
    heard: list[tuple[str, str, Any]] = []
    line = EpochLine(1, 2, {"loss": 1.0}, {}, None, 0.1, True)
    with Listeners([Ear("a", heard)]).and_also(Ear("b", heard)) as listeners:
        listeners.note("x")
        listeners.start(Plan("run", 2, 3, 4))
        listeners.step(1, 0.5)
        listeners.epoch(line)
        listeners.end(1)
    hooks = [("note", "x"), ("start", 2), ("step", 1), ("epoch", 1), ("end", 1)]
    assert heard == [
        *((name, *hook) for hook in hooks for name in "ab"),
        ("b", "close", None),
        ("a", "close", None),
    ]


def test_one_that_fails_to_close_keeps_no_other_open() -> None:
    heard: list[tuple[str, str, Any]] = []
    ears = [Ear("a", heard), Ear("b", heard, fails="close"), Ear("c", heard)]
    with pytest.raises(RuntimeError):
        Listeners(ears).close()
    assert [name for name, hook, _ in heard if hook == "close"] == ["c", "b", "a"]


def trained(folder: Path, config: Path, *ears: Ear) -> Any:
    """Trains with listeners, as the command does."""
    from dlcli.config import load_config
    from dlcli.training.train import Request, train

    checked, content = load_config(str(config))
    with Listeners(ears) as listeners:
        return train(Request(checked, content, config.name, folder / "runs"), listeners)


def test_a_training_tells_its_listeners(tmp_path: Path, write_experiment: Callable[..., Path]) -> None:
    heard: list[tuple[str, str, Any]] = []
    run, state = trained(tmp_path, write_experiment(tmp_path, {"train.epochs": 3}), Ear("a", heard))
    told = [(hook, value) for _, hook, value in heard if hook not in {"step", "note"}]
    epochs = [("epoch", 1), ("epoch", 2), ("epoch", 3)]
    assert told[:6] == [("start", 3), *epochs, ("over", None), ("end", state.best["epoch"])]
    assert {hook for hook, _ in told[6:]} == {"close"}
    assert sum(hook == "step" for _, hook, _ in heard) >= 3
    assert sorted(path.name for path in run.path.glob("loss.*")) == ["loss.png", "loss.svg"]


def test_they_are_closed_where_training_fails_and_nothing_is_drawn(
    tmp_path: Path, write_experiment: Callable[..., Path]
) -> None:
    heard: list[tuple[str, str, Any]] = []
    config = write_experiment(tmp_path, {"optimizer": {"SGD": {"learning_rate": 1e30}}})
    with pytest.raises(DlcliError):
        trained(tmp_path, config, Ear("a", heard))
    hooks = [hook for _, hook, _ in heard]
    assert "close" in hooks
    assert "end" not in hooks
    assert list((tmp_path / "runs").glob("*/loss.*")) == []
