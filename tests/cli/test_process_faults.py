"""What strikes a training from outside: a full disk, a signal before the first step, a lost terminal, a second process."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
DLCLI = [sys.executable, "-m", "dlcli"]
WIDE = {
    "layers": [
        {"Dense": {"units": 3000, "activation": "relu"}},
        {"Dense": {"units": 3, "activation": "softmax"}},
    ],
    "train.epochs": 2,
}
"""A checkpoint of this model takes 0.8 MB."""
LIMIT = 300_000


@pytest.fixture
def folder(tmp_path: Path, write_experiment: Callable[..., Path]) -> Path:
    write_experiment(tmp_path, WIDE)
    return tmp_path


def state_of(folder: Path, name: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((folder / "runs" / name / "run.json").read_bytes())
    return state


def limited() -> None:
    """No file may become larger: what a disk quota does."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


def test_a_disk_that_is_full_in_a_save_ends_training_with_7_and_loses_nothing(folder: Path, run_dlcli: Run) -> None:
    keeping = ("--set", "train.checkpoint={keep_after: 2}")
    for name, epochs in (("struck", 2), ("whole", 4)):
        arguments = ("experiment.yaml", "--name", name, "--epochs", epochs, *keeping, "-q")
        assert run_dlcli("train", *arguments, cwd=folder).code == 0
    more = [*DLCLI, "resume", "struck", "--epochs", "4", "--json", "-q"]
    done = subprocess.run(more, cwd=folder, capture_output=True, preexec_fn=limited, check=False)
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["name"]) == (7, "resources"), done.stderr
    assert error["message"].endswith("step-0000000009: the disk is full")
    assert "dlcli resume struck" in error["hint"]
    state = state_of(folder, "struck")
    assert (state["status"], state["exit_code"], state["resumable"]) == ("failed", 7, True)
    assert sorted(os.listdir(folder / "runs" / "struck" / "checkpoints"))[-1] == "step-0000000006"
    assert run_dlcli("resume", "struck", "--epochs", 4, "-q", cwd=folder).code == 0
    one, other = ((folder / "runs" / name / "metrics.jsonl").read_bytes() for name in ("struck", "whole"))
    assert one == other


def test_a_signal_before_the_first_step_leaves_no_run(folder: Path) -> None:
    process = subprocess.Popen([*DLCLI, "train", "experiment.yaml"], cwd=folder, stderr=subprocess.PIPE)
    while not (folder / "runs" / "experiment" / "config.resolved.json").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate()
    assert process.returncode == 143
    assert said == b"reading the data\nnote: stopped by SIGTERM before the first step\n"
    assert os.listdir(folder / "runs") == []


INTERRUPTED = """\
import signal
import keras

class Slow(keras.layers.Layer):
    def build(self, shape):
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error
"""


def test_what_a_library_makes_of_a_signal_before_the_first_step_is_no_bug(
    folder: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    (folder / "slow.py").write_text(INTERRUPTED, encoding="utf-8")
    write_experiment(folder, {"plugins": ["slow.py"], "layers": ["Slow", *WIDE["layers"]]})
    done = run_dlcli("train", "experiment.yaml", "--allow-code", cwd=folder)
    assert done.code == 143, done.err
    assert done.err.endswith("note: stopped by SIGTERM before the first step\n")
    assert os.listdir(folder / "runs") == []


@pytest.mark.parametrize(
    "gap", [0.0, pytest.param(0.03, marks=pytest.mark.nightly), pytest.param(0.1, marks=pytest.mark.nightly)]
)
def test_two_signals_say_a_line_and_leave_a_run_that_goes_on(gap: float, folder: Path, run_dlcli: Run) -> None:
    command = [*DLCLI, "train", "experiment.yaml", "--name", "twice", "--epochs", "4000"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert process.stderr.readline() == b"reading the data\n"
    while b"epoch    3/4000" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    time.sleep(gap)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate()
    assert process.returncode == 143
    [words] = [line for line in said.splitlines() if line.startswith(b"note: stopped ")]
    assert b"SIGTERM" in words
    assert b"   = dlcli resume twice" in said
    assert run_dlcli("runs", "--json", cwd=folder).value[0]["status"] in {"interrupted", "crashed"}
    done = run_dlcli("resume", "twice", "--time-limit", "0.01s", "--json", "-q", cwd=folder)
    assert (done.code, done.value["status"], done.value["exact"]) == (0, "done", True)


def test_a_terminal_that_closes_does_not_end_training_and_a_second_process_is_refused(
    folder: Path, run_dlcli: Run
) -> None:
    terminal, other = pty.openpty()
    command = [*DLCLI, "train", "experiment.yaml", "--name", "lost", "--epochs", "400"]
    process = subprocess.Popen(command, cwd=folder, stdout=other, stderr=other, start_new_session=True)
    os.close(other)
    seen = b""
    while b"epoch 2/400" not in seen:
        seen += os.read(terminal, 4096)
    os.close(terminal)
    second = run_dlcli("resume", "lost", "--json", cwd=folder)
    assert (second.code, second.error["name"]) == (8, "conflict")
    assert second.error["message"].startswith(f"the run is in use by process {process.pid} on ")
    assert process.wait() == 0
    state = state_of(folder, "lost")
    assert (state["status"], state["epochs"]) == ("done", 400)


def test_memory_that_a_step_cannot_have_ends_training_with_7_and_says_what_to_change(
    folder: Path, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf

    import dlcli.training.engine.engines as engine

    real = engine.one_step

    def greedy(model: Any, *arguments: Any) -> None:
        real(model, *arguments)
        size = 2**21 + tf.cast(model.optimizer.iterations, tf.int32)
        model.optimizer.iterations.assign_add(tf.cast(tf.reduce_max(tf.random.uniform((size, size))), tf.int32))

    monkeypatch.setattr(engine, "one_step", greedy)
    done = run_dlcli("train", "experiment.yaml", "--name", "greedy", "--json", cwd=folder)
    assert (done.code, done.error["name"]) == (7, "resources"), done.err
    assert done.error["message"] == "training does not fit in memory"
    assert "train.batch_size" in done.error["hint"]
    assert state_of(folder, "greedy")["exit_code"] == 7
