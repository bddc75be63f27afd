"""MLflow and Weights & Biases for real: `pip install -e '.[test,mlflow,wandb]' && pytest tests/trackers.py`. They are heavy, so
that only the nightly run has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
