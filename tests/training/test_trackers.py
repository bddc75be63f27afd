"""Trackers: TensorBoard's files read back by its own reader; one that is missing or fails ends no training."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from dlcli.config import config_of, fitting
from dlcli.config.trackers import PACKAGES, Tracker
from dlcli.errors import ConfigError
from dlcli.runs import Run, read_state
from dlcli.training.listeners.trackers import TRACKERS, trackers_of
from dlcli.training.listeners.trackers.ml_flow import ENDS, mlflow_name
from dlcli.training.listeners.trackers.tracker import End, keep_identity, kept_identity, values_of_epoch
from dlcli.training.listeners.trackers.tracking import TrackingListener
from dlcli.training.listeners.trackers.weights_and_biases import CODES
from dlcli.view.training.events import EpochLine, Plan

ROOT = Path(__file__).parents[2]
Command = Callable[..., Any]
LINE = EpochLine(2, 3, {"loss": 0.5, "acc": float("nan")}, {"loss": float("inf"), "acc": 0.25}, 0.01, 0.1, True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, write_experiment: Command, run_dlcli: Command) -> Path:
    """A run of three epochs, told to TensorBoard, that was resumed for two more."""
    folder = tmp_path_factory.mktemp("trackers")
    changes = {"train.trackers": ["tensorboard"], "train.checkpoint": {"keep_after": 1}}
    write_experiment(folder, changes, file="a.yaml")
    for arguments in (("train", "a.yaml", "--name", "a"), ("resume", "a", "--epochs", "5")):
        done = run_dlcli(*arguments, cwd=folder)
        assert done.code == 0, done.err
        assert "is told no more" not in done.err
    return folder


@pytest.mark.parametrize("split", ["train", "validation"])
def test_tensorboard_reads_every_epoch_once(split: str, folder: Path, read_history: Command) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "runs" / "a" / "trackers" / "tensorboard" / split))
    events.Reload()
    entries = read_history(folder, "a")
    assert len(entries) == 5
    for name in ("loss", "accuracy"):
        seen = [(each.step, each.value) for each in events.Scalars(name)]
        assert seen == [(entry["epoch"], pytest.approx(entry[split][name])) for entry in entries]
    if split == "train":
        rates = [each.value for each in events.Scalars("learning_rate")]
        assert rates == pytest.approx([entry["learning_rate"] for entry in entries])


def test_every_tracker_has_a_package_and_an_extra_of_its_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert list(TRACKERS) == list(PACKAGES) == list(get_args(Tracker))
    assert set(TRACKERS) <= set(project["optional-dependencies"])


@pytest.mark.parametrize("name", list(PACKAGES))
def test_a_tracker_without_its_package_is_told_by_validate(
    name: str, tmp_path: Path, write_experiment: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = write_experiment(tmp_path, {"train.trackers": [name]}).read_bytes()
    monkeypatch.setattr(fitting, "is_installed", lambda package: True)
    assert config_of(content, file="a.yaml", settings=[]).train.trackers == [name]
    monkeypatch.setattr(fitting, "is_installed", lambda package: package != PACKAGES[name])
    with pytest.raises(ConfigError) as caught:
        config_of(content, file="a.yaml", settings=[])
    [problem] = caught.value.problems
    assert problem.message == f"the tracker {name} needs the package {PACKAGES[name]}"
    assert problem.kind == "missing_package"
    assert problem.suggestion == f'pip install "dlcli[{name}]"'
    assert problem.path[:2] == ("train", "trackers")


def test_a_tracker_that_does_not_exist_is_told_with_those_that_do(
    tmp_path: Path, write_experiment: Command, run_dlcli: Command
) -> None:
    config = write_experiment(tmp_path, {"train.trackers": ["tensorbord"]})
    refused = run_dlcli("validate", config, cwd=tmp_path)
    assert refused.code == 3
    assert "tensorboard" in refused.err + refused.out


class Broken:
    """A tracker that fails at one thing, and notes what it is told."""

    def __init__(self, at: str) -> None:
        self.at, self.told = at, list[str]()

    def tell(self, what: str) -> None:
        self.told.append(what)
        print(f"view this run: {what}")
        if self.at in what:
            raise ConnectionError("nobody listens\non this port")

    def begin(self, plan: Plan, settings: Mapping[str, Any]) -> None:
        self.tell(f"begin {settings['optimizer.learning_rate']}")

    def epoch(self, line: EpochLine) -> None:
        self.tell(f"epoch {line.epoch}")

    def end(self, how: End) -> None:
        self.tell(f"end {how}")


WHOLE = ["begin 0.001", "epoch 2", "epoch 2", "end done"]


@pytest.mark.parametrize(("at", "told"), [("begin", 1), ("epoch", 2), ("end", 4), ("nothing", 4)])
def test_one_that_fails_is_told_no_more_and_that_is_said_once(
    at: str, told: int, tmp_path: Path, record_run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    run, notes, broken = record_run(tmp_path / "runs", "a"), list[str](), Broken(at)
    listener = TrackingListener("mlflow", broken, run, notes.append)
    listener.start(Plan("a", 3, 1, 1))
    listener.epoch(LINE)
    listener.epoch(LINE)
    listener.end(2)
    listener.close()
    listener.close()
    assert broken.told == WHOLE[:told]
    assert capsys.readouterr().out == ""  # what a tracker prints is no result
    assert run.log.read_text(encoding="utf-8") == "".join(f"view this run: {each}\n" for each in WHOLE[:told])
    words = "note: mlflow is told no more of this training: ConnectionError: nobody listens"
    assert notes == ([] if at == "nothing" else [words])


@pytest.mark.parametrize(("status", "how"), [("running", "stopped"), ("interrupted", "stopped"), ("failed", "failed")])
def test_one_that_is_closed_before_the_end_hears_how_it_broke_off(
    status: str, how: str, tmp_path: Path, record_run: Command
) -> None:
    broken, run = Broken("nothing"), record_run(tmp_path / "runs", "a")
    listener = TrackingListener("mlflow", broken, run, print)
    listener.close()
    assert broken.told == []
    listener.start(Plan("a", 3, 1, 1))
    dataclasses.replace(read_state(run), status=status).write(run)
    listener.close()
    assert broken.told == ["begin 0.001", f"end {how}"]
    assert {*ENDS} == {*CODES} == {*End}


def test_what_is_not_finite_is_left_out() -> None:
    assert values_of_epoch(LINE) == {"train/loss": 0.5, "validation/acc": 0.25, "learning_rate": 0.01}


def test_the_name_a_tracker_gives_a_run_is_kept(tmp_path: Path, record_run: Command) -> None:
    run: Run = record_run(tmp_path / "runs", "a")
    assert kept_identity(run, "mlflow") is None
    keep_identity(run, "mlflow", "5f")
    assert kept_identity(run, "mlflow") == "5f"
    (run.path / "trackers" / "mlflow.json").write_text("{")
    assert kept_identity(run, "mlflow") is None


def test_names_that_mlflow_takes() -> None:
    assert mlflow_name("validation/precision@0.3") == "validation/precision_0.3"
    assert mlflow_name("train/정확도") == "train/정확도"


def test_no_trackers_are_no_listeners(tmp_path: Path, record_run: Command) -> None:
    run = record_run(tmp_path / "runs", "a")
    assert trackers_of([], run, note=print) == []
    assert [each.name for each in trackers_of(["wandb", "mlflow"], run, note=print)] == ["wandb", "mlflow"]
    assert not (run.path / "trackers").exists()


def test_trackers_may_change_when_a_run_goes_on(folder: Path, run_dlcli: Command) -> None:
    done = run_dlcli("resume", "a", "--set", "train.trackers=[]", "--epochs", "6", cwd=folder)
    assert done.code == 0, done.err
    assert json.loads((folder / "runs" / "a" / "run.json").read_bytes())["exact"] is True
