"""The one door to a trained run: everything is read once, when it is asked for, and means what it meant in training."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlcli.errors import ArtifactError
from dlcli.runs import Run, atomic

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command, write_experiment: Callable[..., Path]) -> Any:
    """A training of two epochs on three classes."""
    folder = tmp_path_factory.mktemp("door")
    outcome = run_dlcli("train", write_experiment(folder, {"train.epochs": 2}), "--name", "a", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return SimpleNamespace(folder=folder, run=Run(folder / "runs" / "a"))


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the files of a model have been hashed, by name."""
    counts, digest = Counter[str](), atomic.sha256

    def counted(path: Path) -> str:
        counts[path.name] += path.parent.name == "model"
        return digest(path)

    monkeypatch.setattr(atomic, "sha256", counted)
    return counts


@pytest.mark.parametrize("command", [["evaluate", "a"], ["predict", "a", "new.npz"], ["inspect", "a"]])
def test_a_command_hashes_the_files_of_the_model_once(
    command: list[str], trained: Any, run_dlcli: Command, hashed: Counter[str]
) -> None:
    with np.load(trained.folder / "classes.npz") as data:
        np.savez(trained.folder / "new.npz", x=data["x"][:4])
    assert run_dlcli(*command, cwd=trained.folder).code == 0
    files = sorted(path.name for path in trained.run.model.iterdir() if path.name != atomic.MANIFEST)
    assert {name: hashed[name] for name in files} == dict.fromkeys(files, 1)
    assert len(files) >= 2


@pytest.mark.parametrize("stream", [False, True])
def test_evaluate_passes_over_the_samples_once(
    stream: bool,
    trained: Any,
    run_dlcli: Command,
    write_experiment: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dlcli.training.setup.feed import Feed

    name = f"stream-{stream}"
    config = write_experiment(trained.folder, {"train.epochs": 1, "data.stream": stream})
    assert run_dlcli("train", config, "--name", name, "-q", cwd=trained.folder).code == 0
    passes, take = [], Feed.take

    def counted(feed: Feed, rows: Any) -> Any:
        taken = take(feed, rows)
        passes.append(len(next(iter(taken[0].values()))))
        return taken

    monkeypatch.setattr(Feed, "take", counted)
    done = run_dlcli("evaluate", name, "--split", "train", "--json", cwd=trained.folder)
    assert done.code == 0, done.err
    samples = done.value["samples"]
    # A sample alone tells shapes and sizes; how much is read at a time is judged by a batch.
    assert [count for count in passes if count > 1].count(samples) == (2 if stream else 1)
    assert sum(passes) <= (2 if stream else 1) * samples + 4


def test_judging_gives_the_numbers_of_measuring_to_the_last_bit(trained: Any) -> None:
    from dlcli.training.kept.trained import open_trained

    with open_trained(trained.run) as door:
        feed = door.feed(door.dataset().splits["validation"])
        judged, measured = door.judged(feed), door.measure.measure(feed)
        outputs = door.predicted(feed)
        answers = door.answers(outputs)
    recorded = json.loads(trained.run.state.read_bytes())["metrics"]["validation"]
    assert dict(judged.metrics) == measured == recorded
    assert list(judged.outputs) == list(outputs) == list(answers) == list(judged.targets)
    for name, values in outputs.items():
        np.testing.assert_array_equal(judged.outputs[name], values)
        answer = answers[name]
        assert answer is not None
        assert (answer.classes == values.argmax(axis=1)).all()
    assert len(outputs) == 1


def test_regularization_and_noise_are_judged_as_keras_does(
    tmp_path: Path, run_dlcli: Command, write_experiment: Callable[..., Path]
) -> None:
    layers = [
        {"Dense": {"units": 8, "activation": "relu", "activity_regularizer": {"L2": 0.1}}},
        {"Dropout": 0.5},
        {"Dense": {"units": 3, "activation": "softmax", "kernel_regularizer": {"L2": 0.1}}},
    ]
    config = write_experiment(tmp_path, {"train.epochs": 1, "layers": layers})
    trained = run_dlcli("train", config, "--name", "a", "-q", "--json", cwd=tmp_path)
    assert trained.code == 0, trained.err
    done = run_dlcli("evaluate", "a", "--split", "validation", "--json", cwd=tmp_path)
    assert done.value["metrics"] == trained.value["metrics"]["validation"]


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    from dlcli.training.kept.trained import open_trained

    (tmp_path / "logs").mkdir()
    with open_trained(Run(tmp_path)) as door:
        with pytest.raises(ArtifactError, match=r"^the configuration of '.*' cannot be read: "):
            _ = door.config
        with pytest.raises(ArtifactError, match=r"^run\.json of '.*' cannot be read: No such file"):
            _ = door.schema
