"""Workers as real processes: the numbers of one process, and what follows where one is killed, stopped or never comes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worker_processes import Workers, free_ports

ROUNDING = 1e-5
CHANGES: dict[str, Any] = {
    "layers": [
        {"Dense": {"units": 8, "activation": "relu"}},
        "BatchNormalization",
        {"Dense": {"units": 3, "activation": "softmax"}},
    ],
    "optimizer": {"Adam": {"learning_rate": 0.01, "clipnorm": 0.1}},
    "train.epochs": 3,
}
TOGETHER = ("train", "experiment.yaml", "--set", "train.distribute=multi_worker")
LONG = (*TOGETHER, "--epochs", "400", "--set", "train.checkpoint={every: 1 epoch}")


@pytest.fixture
def workers(tmp_path: Path, write_experiment: Callable[..., Path]) -> Callable[..., Workers]:
    """So many workers of an experiment on three classes."""

    def made(count: int, changes: dict[str, Any] = CHANGES, **named: str) -> Workers:
        path = write_experiment(tmp_path, changes)
        return Workers(tmp_path, count, path, path.with_name("classes.npz"), **named)

    return made


def weights_of(run: Path) -> list[np.ndarray[Any, Any]]:
    """The weights of a model, one behind the other."""
    import h5py

    found: list[np.ndarray[Any, Any]] = []
    with zipfile.ZipFile(run / "model" / "model.keras") as archive:
        (run.parent / "w.h5").write_bytes(archive.read("model.weights.h5"))
    with h5py.File(run.parent / "w.h5") as file:
        file.visititems(lambda name, each: found.append(each[()]) if isinstance(each, h5py.Dataset) else None)
    return found


def check_equal(together: Path, alone: Path) -> None:
    """Two runs have the same weights and the same history, to rounding."""
    pairs = list(zip(weights_of(together), weights_of(alone), strict=True))
    assert len(pairs) > 5
    assert max(float(np.abs(a - b).max()) for a, b in pairs if a.size) < ROUNDING
    lines = [(run / "metrics.jsonl").read_text().splitlines() for run in (together, alone)]
    assert len(lines[0]) == len(lines[1])
    for ours, theirs in zip(*(map(json.loads, each) for each in lines), strict=True):
        assert (ours["epoch"], ours["step"]) == (theirs["epoch"], theirs["step"])
        for split in ("train", "validation"):
            assert ours[split] == pytest.approx(theirs[split], abs=ROUNDING)


def state_of(folder: Path) -> dict[str, Any]:
    """What a run says of itself."""
    state: dict[str, Any] = json.loads((folder / "runs" / "experiment" / "run.json").read_text())
    return state


def test_two_workers_give_the_numbers_of_one_process(
    workers: Callable[..., Workers], tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    team = workers(2).start(*TOGETHER, "--json")
    assert run_dlcli("train", "experiment.yaml", cwd=tmp_path).code == 0
    assert team.ended() == {0: 0, 1: 0}, (team.said(0), team.said(1))
    chief, other = team.folders
    check_equal(chief / "runs" / "experiment", tmp_path / "runs" / "experiment")
    assert (state_of(chief)["engine"], state_of(chief)["exact"]) == ("distributed", True)
    assert state_of(chief)["way"] == "each batch is shared by 2 workers"
    assert json.loads(team.out(0))["run"] == "experiment"
    assert not (other / "runs").exists()
    assert json.loads(team.out(1)) == {"worker": 1, "workers": 2}
    assert team.said(1).startswith("worker 1 of 2 follows worker 0 (127.0.0.1:")


@pytest.mark.nightly
@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_worker_ends_all_and_the_same_command_goes_on_exactly(
    lost: int, workers: Callable[..., Workers]
) -> None:
    command = (*TOGETHER, "--epochs", "80", "--set", "train.checkpoint={every: 1 epoch}")
    team = workers(2).start(*command)
    team.until(0, r"epoch +9/80")
    began = time.monotonic()
    team.child(lost).send_signal(signal.SIGKILL)
    left = 1 - lost
    codes = team.ended()
    assert time.monotonic() - began < 30
    assert codes == {lost: 137, left: 7}, team.said(left)
    told = " ".join(team.said(left).split())
    assert f"worker {lost} (127.0.0.1:" in told
    assert "is gone, so the others cannot go on" in told
    assert "give the same command on every machine once more: it goes on from the last checkpoint" in told
    state = state_of(team.folders[0])
    assert state["status"] == ("failed" if lost else "running")
    assert (state["resumable"], state["exit_code"]) == (True, 7 if lost else None)
    assert team.start(*command).ended() == {0: 0, 1: 0}, team.said(0)
    assert "goes on from the end of epoch" in team.said(0)
    assert team.start(*command, "--name", "left-alone").ended() == {0: 0, 1: 0}
    runs = team.folders[0] / "runs"
    assert sorted(path.name for path in runs.iterdir()) == ["experiment", "left-alone"]
    files = [(runs / name / "metrics.jsonl").read_bytes() for name in ("experiment", "left-alone")]
    assert files[0] == files[1]
    assert files[0].count(b"\n") == 80
    assert state_of(team.folders[0])["exact"]


@pytest.mark.nightly
@pytest.mark.parametrize("asked", [(0,), (1,), (0, 1)])
def test_a_signal_to_any_of_them_ends_all_after_the_step(
    asked: tuple[int, ...], workers: Callable[..., Workers]
) -> None:
    team = workers(2).start(*LONG)
    team.until(0, r"epoch +5/400")
    for number in asked:
        team.processes[number].send_signal(signal.SIGTERM)
    assert team.ended() == {0: 143, 1: 143}, (team.said(0), team.said(1))
    state = state_of(team.folders[0])
    assert (state["status"], state["resumable"]) == ("interrupted", True)
    assert "stopped by SIGTERM in epoch" in " ".join(team.said(0).split())
    assert "the same command on every machine" in " ".join(team.said(0).split())
    assert "the chief was stopped by SIGTERM" in " ".join(team.said(1).split())


@pytest.mark.nightly
def test_three_workers_give_the_numbers_of_one_process_and_each_time_the_same(
    workers: Callable[..., Workers], tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    team = workers(3).start(*TOGETHER)
    assert team.ended() == dict.fromkeys(range(3), 0), team.said(0)
    assert run_dlcli("train", "experiment.yaml", cwd=tmp_path).code == 0
    check_equal(team.folders[0] / "runs" / "experiment", tmp_path / "runs" / "experiment")
    assert state_of(team.folders[0])["way"] == "each batch is shared by 3 workers"
    assert not state_of(team.folders[0])["exact"]
    again = team.start(*TOGETHER, "--name", "again")
    assert again.ended() == dict.fromkeys(range(3), 0)
    check_equal(team.folders[0] / "runs" / "again", team.folders[0] / "runs" / "experiment")


@pytest.mark.nightly
def test_phases_weights_and_ragged_ends_are_shared_too(
    workers: Callable[..., Workers], tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    phases = [{"epochs": 2}, {"epochs": 2, "set": {"optimizer.learning_rate": 0.002}}]
    train = {"batch_size": 29, "phases": phases, "class_weight": "balanced", "reduce_on_plateau": {"monitor": "loss"}}
    changes = {
        **CHANGES,
        "train": train,
        "train.epochs": None,
        "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
    }
    team = workers(2, changes).start(*TOGETHER)
    assert team.ended() == {0: 0, 1: 0}, (team.said(0), team.said(1))
    assert run_dlcli("train", "experiment.yaml", cwd=tmp_path).code == 0
    check_equal(team.folders[0] / "runs" / "experiment", tmp_path / "runs" / "experiment")


@pytest.mark.nightly
def test_three_workers_end_where_one_is_lost(workers: Callable[..., Workers]) -> None:
    team = workers(3).start(*LONG)
    team.until(0, r"epoch +5/400")
    team.child(2).send_signal(signal.SIGKILL)
    assert team.ended() == {0: 7, 1: 7, 2: 137}
    for number in (0, 1):
        assert "worker 2 (127.0.0.1:" in " ".join(team.said(number).split())


@pytest.mark.nightly
def test_a_worker_that_computes_something_else_is_found(workers: Callable[..., Workers], tmp_path: Path) -> None:
    """A worker with other data trains nothing; the file is the same, and the samples are not."""
    team = workers(2)
    other = dict(np.load(team.folders[1] / "classes.npz"))
    other["x"] = other["x"] + 1
    np.savez(team.folders[1] / "classes.npz", **other)
    team.start(*TOGETHER)
    codes = team.ended()
    assert codes == {0: 8, 1: 8}, (team.said(0), team.said(1))
    assert "has other data than the chief" in " ".join(team.said(0).split())


@pytest.mark.nightly
def test_fit_of_keras_does_not_work_on_several_workers(tmp_path: Path) -> None:
    """Once this fails, Keras's own `fit` works there, and an engine of dlcli's own for it may go."""
    ports = free_ports(2)
    addresses = [f"127.0.0.1:{port}" for port in ports[:2]]
    told = [{"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}} for index in range(2)]
    processes = [
        subprocess.Popen(
            [sys.executable, Path(__file__).parents[2] / "stock_fit.py"],
            env={**os.environ, "TF_CONFIG": json.dumps(each)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for each in told
    ]
    assert [process.communicate(timeout=120)[0] for process in processes] == ["fails: ValueError\n"] * 2


def test_who_never_comes_is_named(workers: Callable[..., Workers]) -> None:
    team = workers(3, wait="4s").start(*TOGETHER, only=[0, 1])
    assert team.ended() == {0: 7, 1: 7}
    for number in (0, 1):
        told = " ".join(team.said(number).split())
        assert "worker 2 (127.0.0.1:" in told
        assert "did not come within 4s" in told
        assert not (team.folders[number] / "runs").exists()
