"""Errors of somebody else that say nothing are told by their class, at the line of the configuration; bugs of dlcli as bugs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.first_line import first_line, named_line

Run = Callable[..., Any]
MINE = """\
import keras


class Silent(keras.losses.Loss):
    def __init__(self):
        raise ValueError

    def call(self, y_true, y_pred):
        return y_pred


class Objecting(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise ValueError


class Refusing(keras.callbacks.Callback):
    def __init__(self):
        raise ValueError


class Bad(keras.layers.Layer):
    def call(self, inputs, training=False):
        assert not training
        return inputs


class Broken(keras.layers.Layer):
    def call(self, inputs):
        raise ValueError


class Odd(keras.metrics.Metric):
    def update_state(self, y_true, y_pred, sample_weight=None):
        raise ValueError

    def result(self):
        return 0.0


class Leaving(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise SystemExit(0)


class Gone(keras.layers.Layer):
    def build(self, shape):
        raise SystemExit(0)
"""
CONFIG = """\
data: {source: line}
plugins: [mine.py]
layers:
  - Dense: 1
loss: mse
optimizer: {SGD: 0.01}
train: {epochs: 1}
"""
CASES: dict[str, tuple[tuple[str, str], int, str]] = {
    "loss": (("loss: mse", "loss: Silent"), 6, "Silent.__init__ raised ValueError without a message"),
    "callback at an epoch": (
        ("{epochs: 1}", "{epochs: 1, callbacks: [Objecting]}"),
        7,
        "ValueError without a message",
    ),
    "callback at its start": (
        ("{epochs: 1}", "{epochs: 1, callbacks: [Refusing]}"),
        7,
        "Refusing: ValueError without a message",
    ),
    "augmentation": (
        ("{source: line}", "{source: line, augment: [Bad]}"),
        1,
        "Bad cannot change 'features' of shape (1,): AssertionError without a message",
    ),
    "layer": (
        ("  - Dense: 1", "  - Broken\n  - Dense: 1"),
        4,
        "Broken cannot take the shape (1,): Could not automatically infer the output shape / dtype of 'broken' (of type Broken). "
        "Either the `Broken.call()` method is incorrect, or you need to implement the `Broken.compute_output_spec() / "
        "compute_output_shape()` method.",
    ),
    "metric": (
        ("loss: mse", "loss: mse\nmetrics: [Odd]"),
        35,  # of the plugin
        "Odd.update_state raised ValueError without a message",
    ),
    "callback that leaves": (
        ("{epochs: 1}", "{epochs: 1, callbacks: [Leaving]}"),
        43,
        "Leaving.on_epoch_end raised SystemExit: 0",
    ),
    "layer that leaves": (("  - Dense: 1", "  - Gone\n  - Dense: 1"), 48, "Gone.build raised SystemExit: 0"),
}


@pytest.mark.parametrize("name", CASES)
def test_an_error_without_words_is_told_at_its_line(name: str, tmp_path: Path, run_dlcli: Run) -> None:
    change, line, message = CASES[name]
    assert change[0] in CONFIG
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(CONFIG.replace(*change), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--allow-code", "--json", "-q", cwd=tmp_path)
    assert (done.code, done.error["name"], done.error["line"], done.error["message"]) == (3, "config", line, message)
    assert len(CASES) == 8


def broken(*arguments: Any, **more: Any) -> Any:
    """Stands for a function of dlcli's own that is wrong."""
    raise IndexError


OWN = ["build_optimizer", "build_metrics", "compile_model"]


@pytest.mark.parametrize("name", OWN)
def test_a_bug_of_dlcli_is_told_as_such(
    name: str, tmp_path: Path, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlcli.training.setup import experiment

    monkeypatch.setattr(experiment, name, broken)
    (tmp_path / "c.yaml").write_text(CONFIG.replace("plugins: [mine.py]\n", "metrics: [mae]\n"), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path)
    assert (done.code, done.error["name"]) == (1, "internal")
    assert done.error["message"] == "a bug in dlcli: IndexError without a message"


def test_whose_error_it_is() -> None:
    import keras

    from dlcli.foreign_error import is_foreign
    from dlcli.spec import Fact, KerasObject

    def raised(action: Callable[[], Any]) -> Exception:
        try:
            action()
        except Exception as error:
            return error
        raise AssertionError("nothing was raised")

    dense = KerasObject("layers", "Dense", "Dense", {"units": 2, "colour": "red"})
    assert is_foreign(raised(lambda: keras.layers.Dense(-1)))
    assert is_foreign(raised(lambda: dense.build({})))
    assert is_foreign(raised(lambda: Fact("data.classes").resolve({})))
    assert not is_foreign(raised(lambda: [][0]))
    assert not is_foreign(raised(lambda: int("x")))
    assert not is_foreign(ValueError("never raised"))


@pytest.mark.parametrize(
    ("error", "line", "named"),
    [
        (ValueError("one\ntwo"), "one", "ValueError: one"),
        (ValueError("\n  \ntwo"), "two", "ValueError: two"),
        (ValueError(), "ValueError without a message", "ValueError without a message"),
        (ValueError(" \n"), "ValueError without a message", "ValueError without a message"),
        (KeyError("name"), "'name'", "KeyError: 'name'"),
    ],
)
def test_the_line_of_an_error_is_never_empty(error: Exception, line: str, named: str) -> None:
    assert (first_line(error), named_line(error)) == (line, named)


def test_a_line_may_be_cut() -> None:
    assert (first_line(ValueError("abcdef"), most=3), first_line(ValueError("abc"), most=3)) == ("abc", "abc")
