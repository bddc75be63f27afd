"""A training in this process, stopped, failed or told of at chosen places: what its state, its listeners and its folder say."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlcli.errors import ResourceError, Stopped
from dlcli.runs import Run, RunState
from dlcli.runs.checkpoint import best as best_folder
from dlcli.runs.checkpoint import folders, load_checkpoint
from dlcli.training.kept.snapshot import Progress

STEPS = 3
"""Of an epoch: 90 training samples in batches of 32."""


class Heard:
    """A listener that writes down what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: list[int] = []
        self.best: list[bool] = []
        self.ended: list[int | None] = []
        self.at_step: Callable[[int], None] = lambda step: None

    def start(self, plan: Any) -> None:
        self.plan = plan

    def step(self, step: int, loss: float | None) -> None:
        self.steps.append(step)
        self.at_step(step)

    def epoch(self, line: Any) -> None:
        self.best.append(line.best)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def over(self) -> None:
        return

    def end(self, best_epoch: int | None) -> None:
        self.ended.append(best_epoch)

    def close(self) -> None:
        return


Begun = Callable[..., Any]


@pytest.fixture
def begun(tmp_path: Path, write_experiment: Callable[..., Path]) -> Begun:
    """`begun({"train.epochs": 2})`: a training that has been set up, with `heard`, its listener, and `stop`."""
    from dlcli.config import load_config
    from dlcli.training.session import Session
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up
    from dlcli.training.signals import StopRequest
    from dlcli.view.training.listeners import Listeners

    def begin(changes: dict[str, Any]) -> Any:
        config, _ = load_config(str(write_experiment(tmp_path, changes)))
        dataset = read_data(config)
        start_keras(seed=config.seed)
        run, heard = Run.claim(tmp_path / "runs", "a"), Heard()
        state = RunState(run.name, 1, "created", "experiment.yaml", "2026-01-01T00:00:00+00:00").write(run)
        run.config.write_bytes(b"x")
        session = Session(run, set_up(config, dataset), Listeners([heard]), StopRequest(), state)
        return SimpleNamespace(session=session, run=run, heard=heard, stop=session.stop)

    return begin


def state_of(run: Run) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(run.state.read_bytes())
    return state


def test_a_signal_in_the_first_epoch_leaves_no_metrics_and_a_checkpoint(begun: Begun) -> None:
    told = begun({})

    def stops(step: int) -> None:
        told.stop.signal = signal.SIGTERM

    told.heard.at_step = stops
    with pytest.raises(Stopped, match=r"^stopped by SIGTERM in epoch 1; the model as it was is saved in ") as caught:
        told.session.run_to_end()
    assert caught.value.hint == f"dlcli resume a --runs {told.run.root}"
    state = state_of(told.run)
    assert (state["status"], state["stop"], state["metrics"]) == ("interrupted", "signal", {})
    assert (state["epochs"], state["resumable"], state["exit_code"]) == (0, True, caught.value.code)
    [kept] = folders(told.run)
    assert load_checkpoint(kept).state["progress"]["begun"] == told.heard.steps[-1]
    assert told.run.model.is_dir()
    assert told.heard.ended == []


def test_a_signal_after_an_epoch_leaves_its_metrics(begun: Begun) -> None:
    told = begun({"train.epochs": 3})
    seen: list[int] = []

    def stops(step: int) -> None:
        seen.append(step)
        if told.session.progress.epoch == 1:
            told.stop.signal = signal.SIGINT

    told.heard.at_step = stops
    with pytest.raises(Stopped, match=r"^stopped by SIGINT in epoch 2; "):
        told.session.run_to_end()
    state = state_of(told.run)
    assert list(state["metrics"]) == ["train", "validation"]
    assert state["epochs"] == 1
    assert state["seconds"] > 0
    assert len(told.heard.best) == 1


def test_without_validation_there_are_metrics_of_training_alone(begun: Begun) -> None:
    told = begun({"data.split": {"validation": 0.0, "test": 0.2}, "train.epochs": 2})
    state = told.session.run_to_end()
    assert list(state.metrics) == ["train"]
    assert told.heard.plan.monitor == "loss"
    assert told.heard.steps[-1] == told.session.steps == 4


def test_callbacks_hear_of_no_batch_that_never_comes(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    heard: list[tuple[str, int]] = []
    for hook in ("begin", "end"):
        monkeypatch.setattr(
            keras.callbacks.CSVLogger,
            f"on_train_batch_{hook}",
            lambda self, batch, logs=None, hook=hook: heard.append((hook, batch)),
        )
    told = begun({"train.epochs": 2, "train.callbacks": [{"CSVLogger": "log.csv"}]})
    told.session.run_to_end()
    assert heard == [(hook, batch) for batch in range(STEPS) for hook in ("begin", "end")] * 2
    assert told.heard.steps == [1, 2, 3] * 2


def test_checkpoints_by_steps_are_made_where_they_are_due_and_once_at_the_end(begun: Begun) -> None:
    made: list[int] = []
    told = begun({"train.epochs": 3, "train.checkpoint": {"every": "2 steps", "keep": 9, "keep_after": 9}})
    commit = told.session.checkpoints.commit

    def committed(step: int, *, is_best: bool) -> bool:
        made.append(step)
        done: bool = commit(step, is_best=is_best)
        return done

    told.session.checkpoints.commit = committed
    told.session.run_to_end()
    assert made == [2, 4, 6, 8, 9]
    assert [int(path.name[-10:]) for path in folders(told.run)] == made


def test_a_run_without_a_checkpoint_cannot_be_gone_on_with(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.training import checkpointing

    def full(*_: Any, **__: Any) -> None:
        raise ResourceError("cannot write vars.npz: the disk is full", kind="not_writable")

    monkeypatch.setattr(checkpointing, "save", full)
    told = begun({"train.epochs": 1, "train.checkpoint": {"every": "1 epochs", "on_save_error": "warn"}})
    assert told.session.run_to_end().resumable is False
    assert [note for note in told.heard.notes if "training goes on" in note] == [
        "note: no checkpoint of step 3: cannot write vars.npz: the disk is full; training goes on"
    ]


def test_weights_of_the_best_epoch_are_kept_where_they_are_wanted(begun: Begun) -> None:
    told = begun({"train.epochs": 3, "train.checkpoint": {"keep_after": 1}})
    told.session.run_to_end()
    assert load_checkpoint(folders(told.run)[-1]).best is None
    assert told.session.checkpoints.best_weights is None
    state = state_of(told.run)
    assert (state["best"]["weights"], state["best"]["monitor"]) == ("last", "val_loss")


def test_the_best_checkpoint_is_marked_while_weights_of_the_best_are_wanted(begun: Begun) -> None:
    told = begun(
        {
            "train.epochs": 4,
            "train.checkpoint": {"every": "1 epochs", "keep": 9, "keep_after": 9, "monitor": "val_loss", "mode": "max"},
        }
    )
    told.session.run_to_end()
    losses = [entry["validation"]["loss"] for entry in told.session.progress.entries]
    best = 1 + int(np.argmax(losses))
    state = state_of(told.run)
    assert state["best"] == {"epoch": best, "monitor": "val_loss", "value": max(losses), "weights": "last"}
    assert told.heard.ended == [best]
    assert told.heard.best == [loss > max(losses[:number], default=-1) for number, loss in enumerate(losses)]
    kept = load_checkpoint(folders(told.run)[-1])
    assert kept.best is not None
    assert best_folder(told.run) is not None


def test_the_last_epoch_is_shown_as_best_where_no_value_was_a_number(begun: Begun) -> None:
    told = begun({"train.epochs": 2})
    told.session.validate = lambda: {"loss": math.nan, "accuracy": math.nan}
    state = told.session.run_to_end()
    assert state.best == {"epoch": 2, "monitor": "val_loss", "value": None, "weights": "last"}
    assert told.heard.ended == [None]


def test_the_speed_is_samples_of_all_epochs_by_seconds(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    told = begun({"train.epochs": 3})
    monkeypatch.setattr("dlcli.training.session.time", SimpleNamespace(monotonic=lambda: 7.0))
    told.session.progress.spent = 2.5
    state = told.session.run_to_end()
    assert (state.seconds, state.samples_per_second) == (2.5, 3 * 90 / 2.5)
    assert Progress() == Progress(0, 0, None, None, 0.0, None, [])
    told.session.progress = Progress(entries=told.session.progress.entries, epoch=3)
    assert told.session.seconds == 0.0


def test_a_callback_that_ends_the_training_is_the_reason(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    def ends(self: Any, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = epoch == 1

    monkeypatch.setattr(keras.callbacks.CSVLogger, "on_epoch_end", ends)
    told = begun({"train.epochs": 5, "train.callbacks": [{"CSVLogger": "log.csv"}]})
    state = told.session.run_to_end()
    assert (state.epochs, state.stop, state.reason) == (2, "callback", "a callback ended the training")
