"""What a run says that trains, was killed, failed or diverged; one that is only read; weights that are not finite."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlcli.errors import ArtifactError, UnsafeError
from dlcli.runs import Run

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command, write_experiment: Callable[..., Path]) -> Any:
    """A training of two epochs on three classes, which also writes a file of its own in a folder of its own."""
    folder = tmp_path_factory.mktemp("standing")
    changes = {"train.epochs": 2, "train.callbacks": [{"CSVLogger": {"filename": "sub/x.csv"}}]}
    outcome = run_dlcli("train", write_experiment(folder, changes), "--name", "a", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return SimpleNamespace(folder=folder, run=Run(folder / "runs" / "a"))


@pytest.fixture
def copied(trained: Any) -> Iterator[Run]:
    """A copy of the run, to do harm to."""
    path = trained.folder / "runs" / "b"
    shutil.copytree(trained.run.path, path)
    yield Run(path)
    shutil.rmtree(path)


def test_readers_write_nothing_into_a_run_and_every_file_of_it_is_known(trained: Any, run_dlcli: Command) -> None:
    from dlcli.runs.places import FILES, FOLDERS

    folder = trained.run.path
    known = {name.partition("/")[0] for name in FILES | FOLDERS}
    assert {path.name for path in folder.iterdir()} - known == {"sub"}
    assert (folder / "sub" / "x.csv").read_text().startswith("epoch,")
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}
    assert len(before) > 15
    with np.load(trained.folder / "classes.npz") as data:
        np.savez(trained.folder / "new.npz", x=data["x"][:4])
    for command in (["evaluate", "a"], ["predict", "a", "new.npz"], ["inspect", "a"]):
        outcome = run_dlcli(*command, cwd=trained.folder)
        assert (outcome.code, "note: 'a'" in outcome.err) == (0, False)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")} == before


@pytest.mark.parametrize("name", ["splits.npz", "env.json", "config.resolved.json", "run.json"])
def test_a_damaged_file_of_the_record_is_5_in_every_command(
    name: str, trained: Any, copied: Run, run_dlcli: Command
) -> None:
    for content in (b"", b"null", b"[" * 100_000):
        (copied.path / name).write_bytes(content)
        for command in (["evaluate", "b"], ["inspect", "b"], ["resume", "b", "--epochs", "4"]):
            outcome = run_dlcli(*command, "--json", cwd=trained.folder)
            assert (outcome.code, json.loads(outcome.out)["error"]["name"]) == (5, "artifact"), command


@pytest.mark.parametrize("name", ["logs", "checkpoints", "model"])
def test_a_folder_that_is_a_link_is_refused_and_what_it_leads_to_stays(
    name: str, trained: Any, copied: Run, run_dlcli: Command
) -> None:
    shutil.rmtree(copied.path / name)
    (copied.path / name).symlink_to(trained.run.path / name)
    before = sorted(path.stat().st_mtime_ns for path in trained.run.path.rglob("*"))
    for command in (["evaluate", "b"], ["inspect", "b"], ["resume", "b", "--epochs", "4"]):
        outcome = run_dlcli(*command, "--json", cwd=trained.folder)
        assert (outcome.code, json.loads(outcome.out)["error"]["kind"]) == (UnsafeError.code, "link_in_run")
    assert sorted(path.stat().st_mtime_ns for path in trained.run.path.rglob("*")) == before


def test_a_history_that_is_not_what_was_saved_is_not_gone_on_with(
    trained: Any, copied: Run, run_dlcli: Command
) -> None:
    content = copied.metrics.read_bytes()
    copied.metrics.write_bytes(content.replace(b'"loss"', b'"l0ss"', 1))
    outcome = run_dlcli("resume", "b", "--epochs", "3", "--json", cwd=trained.folder)
    assert (outcome.code, json.loads(outcome.out)["error"]["kind"]) == (5, "damaged_history")
    copied.metrics.write_bytes(content)
    assert run_dlcli("resume", "b", "--epochs", "3", "-q", cwd=trained.folder).code == 0
    assert len(copied.metrics.read_bytes().splitlines()) == 3


def test_weights_that_are_not_finite_answer_nothing(trained: Any, copied: Run, run_dlcli: Command) -> None:
    import keras

    from dlcli.runs.atomic import write_manifest

    path = copied.model / "model.keras"
    model = keras.saving.load_model(path)
    weights = model.get_weights()
    weights[0][0, 0] = np.nan
    model.set_weights(weights)
    model.save(path)
    (copied.model / "MANIFEST.json").unlink()
    write_manifest(copied.model)
    for command in (["evaluate", "b"], ["predict", "b", "classes.npz"], ["inspect", "b"]):
        outcome = run_dlcli(*command, "--json", cwd=trained.folder)
        error = json.loads(outcome.out)["error"]
        assert (outcome.code, error["kind"]) == (ArtifactError.code, "weights_not_finite"), command
        assert "kernel of model.keras is not finite" in error["message"]
