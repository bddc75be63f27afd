"""Which run a command of several workers goes on with, and where that kind of training is not to be had."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dlcli.config import load_config
from dlcli.errors import ResourceError
from dlcli.training.distributed.cluster import Cluster
from dlcli.training.distributed.leading import LeadingEngine
from dlcli.training.train import Request
from dlcli.training.workers.together import unfinished


@pytest.fixture
def request_of(tmp_path: Path, write_experiment: Callable[..., Path]) -> Callable[..., Request]:
    """What the command line asks, with some settings."""
    path = write_experiment(tmp_path, {"train.distribute": "multi_worker"})

    def made(*settings: str, **named: Any) -> Request:
        config, content = load_config(str(path), settings=list(settings))
        return Request(config, content, str(path), tmp_path / "runs", settings=settings, **named)

    return made


def recorded(record_run: Callable[..., Any], request: Request, name: str, status: str, **state: Any) -> None:
    run = record_run(request.runs, name, status=status, **state)
    run.config.write_bytes(request.content)


def test_the_newest_run_of_the_same_command_goes_on_if_it_has_not_ended(
    request_of: Callable[..., Request], record_run: Callable[..., Any]
) -> None:
    asked = request_of()
    assert unfinished(asked) is None
    recorded(record_run, asked, "experiment", "failed")
    found = unfinished(asked)
    assert found is not None
    assert found.name == "experiment"
    recorded(record_run, asked, "experiment-2", "done")
    assert unfinished(asked) is None
    recorded(record_run, asked, "experiment-3", "interrupted")
    found = unfinished(asked)
    assert found is not None
    assert found.name == "experiment-3"


def test_a_run_of_another_command_does_not_go_on(
    request_of: Callable[..., Request], record_run: Callable[..., Any]
) -> None:
    recorded(record_run, request_of(), "experiment", "running")
    assert unfinished(request_of()) is not None
    assert unfinished(request_of("train.epochs=9")) is None
    assert unfinished(request_of(name="other")) is None
    (request_of().runs / "experiment" / "config.yaml").write_text("another: file\n")
    assert unfinished(request_of()) is None


def test_settings_are_part_of_the_command(request_of: Callable[..., Request], record_run: Callable[..., Any]) -> None:
    asked = request_of("train.epochs=9")
    recorded(record_run, asked, "experiment", "failed", set={"train.epochs": 9})
    assert unfinished(asked) is not None
    assert unfinished(request_of()) is None


def test_without_a_cluster_it_is_told_at_its_line(
    tmp_path: Path,
    write_experiment: Callable[..., Path],
    run_dlcli: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dlcli.training.workers import supervised

    for name in ("TF_CONFIG", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(supervised, "is_child", lambda: True)
    monkeypatch.setattr(supervised, "told_parent", lambda: lambda words: None)
    path = write_experiment(tmp_path, {"train.distribute": "multi_worker"})
    error = run_dlcli("train", path.name, "--json", cwd=tmp_path).error
    line = 1 + next(place for place, text in enumerate(path.read_text().splitlines()) if '"distribute"' in text)
    assert (error["kind"], error["line"]) == ("no_cluster", line)
    assert error["message"].startswith("neither TF_CONFIG nor the variables of Slurm (srun) say which machines")
    assert not (tmp_path / "runs").exists()


def test_other_commands_than_train_refuse_it_at_its_line(
    tmp_path: Path, write_experiment: Callable[..., Path], run_dlcli: Callable[..., Any]
) -> None:
    path = write_experiment(tmp_path)
    assert run_dlcli("train", path.name, "--epochs", "1", cwd=tmp_path).code == 0
    options = ("--set", "train.distribute=multi_worker", "--allow-config-change", "--epochs", "2")
    error = run_dlcli("resume", "experiment", *options, "--json", cwd=tmp_path).error
    assert error["kind"] in {"no_cluster", "no_checkpoint"}
    (tmp_path / "lines.txt").write_text(f"{path.name} --set train.distribute=multi_worker\n")
    sweep = write_experiment(tmp_path, {"sweep": {"space": {"train.batch_size": [8, 16]}}}, file="s.yaml")
    given = ("--set", "train.distribute=multi_worker", "--json")
    for words in (
        ("many", "lines.txt", "--json"),
        ("sweep", sweep.name, *given),
        ("train", path.name, "--seeds", "2", *given),
    ):
        done = run_dlcli(*words, cwd=tmp_path)
        assert (done.code, done.error["problems"][0]["kind"]) == (3, "no_cluster"), words
        assert done.error["problems"][0]["message"].startswith("multi_worker trains one run by dlcli train")
    assert os.listdir(tmp_path / "runs") == ["experiment"]


class Answering:
    """Peers of which one answers with a digest of its weights."""

    def __init__(self, digest: str) -> None:
        self.digest, self.said = digest, list[str]()
        self.cluster = Cluster(["a:1", "b:2"], 0, 9)

    def say(self, words: dict[str, Any], arrays: Any = None) -> None:
        self.said.append(words["do"])

    def answers(self) -> dict[int, Any]:
        return {1: ({"weights": self.digest}, {"0": 2.0, "1": 3.0})}


@pytest.mark.parametrize("digest", ["same", "other"])
def test_weights_that_are_not_the_same_end_the_training(digest: str) -> None:
    pulled: list[Any] = []
    engine = LeadingEngine.__new__(LeadingEngine)
    engine.is_ahead = True
    engine.peers = Answering(digest)  # type: ignore[assignment]
    engine.twin = SimpleNamespace(digest=lambda: "same", pull=pulled.append)  # type: ignore[assignment]
    if digest == "same":
        engine.settle()
        assert pulled == [[[2.0, 3.0]]]
        return
    with pytest.raises(ResourceError, match=r"the weights of worker 1 \(b:2\) are not those of the chief") as caught:
        engine.settle()
    assert (caught.value.code, caught.value.kind, pulled) == (7, "weights_differ", [])
