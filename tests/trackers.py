"""MLflow and Weights & Biases for real: `pip install -e '.[test,mlflow,wandb]' mlflow && pytest tests/trackers.py`.

They are heavy, so that only the nightly run has them. The extra is MLflow's client; its server, which the test starts on
loopback, is in the whole of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dlcli.training.listeners.trackers.ml_flow import PATIENCE

Command = Callable[..., Any]


def trained(folder: Path, name: str, write_experiment: Command, run_dlcli: Command) -> list[dict[str, Any]]:
    """The history of a run of three epochs that was resumed for two more, told to a tracker."""
    changes = {"train.trackers": [name], "train.checkpoint": {"keep_after": 1}}
    write_experiment(folder, changes, file="a.yaml")
    for arguments in (("train", "a.yaml", "--name", "a"), ("resume", "a", "--epochs", "5")):
        done = run_dlcli(*arguments, cwd=folder)
        assert done.code == 0, done.err
        assert "is told no more" not in done.err, done.err
    lines = (folder / "runs" / "a" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_mlflow_has_every_epoch_once(
    tmp_path: Path, write_experiment: Command, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "store").as_uri())
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "rates")
    entries = trained(tmp_path, "mlflow", write_experiment, run_dlcli)
    client = MlflowClient()
    experiment = client.get_experiment_by_name("rates")
    [run] = client.search_runs([experiment.experiment_id])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "a")
    assert run.data.params["optimizer.learning_rate"] == "0.01"
    for name in ("train/loss", "validation/accuracy"):
        split, _, metric = name.partition("/")
        seen = [(each.step, each.value) for each in client.get_metric_history(run.info.run_id, name)]
        assert seen == [(entry["epoch"], pytest.approx(entry[split][metric])) for entry in entries]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_mlflow_tells_a_training_that_was_stopped_from_one_that_failed(
    sent: int, tmp_path: Path, write_experiment: Command
) -> None:
    pytest.importorskip("mlflow")
    from mlflow import MlflowClient

    write_experiment(tmp_path, {"train.trackers": ["mlflow"], "train.epochs": 100_000}, file="a.yaml")
    store = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_TRACKING_URI": (tmp_path / "store").as_uri()}
    command = [str(Path(sys.executable).with_name("dlcli")), "train", "a.yaml", "--name", "a", "-q"]
    history = tmp_path / "runs" / "a" / "metrics.jsonl"
    with subprocess.Popen(command, cwd=tmp_path, env={**os.environ, **store}) as process:
        for _ in range(600):
            if history.exists() and history.stat().st_size:
                break
            time.sleep(0.1)
        process.send_signal(sent)
    assert process.returncode == 128 + sent
    client = MlflowClient(tracking_uri=store["MLFLOW_TRACKING_URI"])
    [run] = client.search_runs([client.get_experiment_by_name("dlcli").experiment_id])
    assert run.info.status == "KILLED"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of an MLflow server on loopback; the client alone has none."""
    pytest.importorskip("mlflow.server.handlers", exc_type=ImportError)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = [str(Path(sys.executable).with_name("mlflow")), "server", "--host", "127.0.0.1", "--port", str(port)]
    stores = ["--backend-store-uri", f"sqlite:///{tmp_path}/m.db", "--artifacts-destination", str(tmp_path / "files")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*program, *stores, "--workers", "1"], cwd=tmp_path, **quiet) as process:  # type: ignore[call-overload]
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                    break
                assert process.poll() is None
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def test_an_mlflow_server_has_every_epoch_once_and_what_was_set(
    server: str, tmp_path: Path, write_experiment: Command, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    entries = trained(tmp_path, "mlflow", write_experiment, run_dlcli)
    client = MlflowClient(tracking_uri=server)
    experiment = client.get_experiment_by_name("dlcli")
    [run] = client.search_runs([experiment.experiment_id])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "a")
    assert run.data.params["optimizer.learning_rate"] == "0.01"
    assert run.data.tags["dlcli.path"] == str((tmp_path / "runs" / "a").resolve())
    told = 0
    for split in ("train", "validation"):
        for metric, last in entries[-1][split].items():
            seen = [(each.step, each.value) for each in client.get_metric_history(run.info.run_id, f"{split}/{metric}")]
            assert seen == [(entry["epoch"], pytest.approx(entry[split][metric])) for entry in entries]
            assert run.data.metrics[f"{split}/{metric}"] == pytest.approx(last)
            told += 1
    assert told == 4


def test_a_server_that_is_not_there_is_not_waited_for(
    tmp_path: Path, write_experiment: Command, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told no more after one more try, and what it waits is what the environment says."""
    pytest.importorskip("mlflow")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    for name in PATIENCE:
        monkeypatch.delenv(name, raising=False)
    write_experiment(tmp_path, {"train.trackers": ["mlflow"]}, file="a.yaml")
    done = run_dlcli("train", "a.yaml", "--name", "a", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.err.count("note: mlflow is told no more of this training: ") == 1
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"


def test_wandb_writes_what_can_be_sent_later(
    tmp_path: Path, write_experiment: Command, run_dlcli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    trained(tmp_path, "wandb", write_experiment, run_dlcli)
    wandb.teardown()  # its own process writes what is left
    identity = json.loads((tmp_path / "runs" / "a" / "trackers" / "wandb.json").read_bytes())["id"]
    files = list(
        (tmp_path / "runs" / "a" / "trackers" / "wandb").glob(f"offline-run-*-{identity}/run-{identity}.wandb")
    )
    assert len(files) == 2
    assert all(b"validation/accuracy" in path.read_bytes() for path in files)
