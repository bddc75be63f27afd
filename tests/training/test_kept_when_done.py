"""A run that is done keeps its model and not its checkpoints, and is extended to what a longer one would have been."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.runs import Run, read_state
from dlcli.runs.checkpoint import folders, load_checkpoint

Command = Callable[..., Any]
LAYERS = [
    {"Dense": {"units": 200, "activation": "relu"}},
    {"Dropout": 0.2},
    {"Dense": {"units": 200, "activation": "relu"}},
    {"Dense": {"units": 3, "activation": "softmax"}},
]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, write_experiment: Command, run_dlcli: Command) -> Path:
    """A run of three epochs, the same with one of five, and one that keeps two checkpoints."""
    folder = tmp_path_factory.mktemp("done")
    write_experiment(folder, {"layers": LAYERS}, file="a.yaml")
    for name, settings in (
        ("short", ()),
        ("whole", ("--epochs", "5")),
        ("kept", ("--set", "train.checkpoint={keep_after: 2}")),
    ):
        trained = run_dlcli("train", "a.yaml", "-q", "--name", name, *settings, cwd=folder)
        assert trained.code == 0, trained.err
    return folder


def bytes_of(path: Path) -> int:
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def test_a_run_that_is_done_takes_little_more_than_its_model(done: Path) -> None:
    run = done / "runs" / "short"
    [path] = folders(Run(run))
    assert sorted(each.name for each in path.iterdir()) == ["MANIFEST.json", "state.json"]
    assert bytes_of(path) < 4000
    assert not (run / "best.json").exists()
    assert not read_state(Run(run)).resumable
    assert bytes_of(run) < bytes_of(run / "model") + 60_000
    assert bytes_of(done / "runs" / "kept") > 4 * bytes_of(run / "model")


def test_as_many_checkpoints_stay_as_are_asked_for(done: Path) -> None:
    kept = [load_checkpoint(path) for path in folders(Run(done / "runs" / "kept"))]
    assert [each.step for each in kept] == [6, 9]
    assert [each.hollow for each in kept] == [False, False]
    assert read_state(Run(done / "runs" / "kept")).resumable


def test_a_run_that_is_over_says_so(done: Path, run_dlcli: Command) -> None:
    for arguments in ((), ("--epochs", "3")):
        again = run_dlcli("resume", "short", *arguments, cwd=done)
        assert (again.code, again.err) == (0, "note: 'short' is complete: all epochs are done\n")


@pytest.mark.parametrize("name", ["short", "kept"])
def test_an_extended_run_is_what_a_longer_one_would_have_been(name: str, done: Path, run_dlcli: Command) -> None:
    runs = done / "runs"
    extended = run_dlcli("resume", name, "--epochs", "5", cwd=done)
    assert extended.code == 0, extended.err
    again = f"note: '{name}' keeps no checkpoint since it is done: it is trained once more from the beginning"
    assert (again in extended.err) is (name == "short")
    assert ("goes on from the end of epoch 3" in extended.err) is (name == "kept")
    assert (runs / name / "metrics.jsonl").read_bytes() == (runs / "whole" / "metrics.jsonl").read_bytes()
    assert (runs / name / "samples.npz").read_bytes() == (runs / "whole" / "samples.npz").read_bytes()
    assert_same_weights(runs / name, runs / "whole")
    state = read_state(Run(runs / name))
    assert (state.status, state.epochs, state.exact, state.set["train.epochs"]) == ("done", 5, True, 5)
    assert [load_checkpoint(path).hollow for path in folders(Run(runs / name))] == (
        [True] if name == "short" else [False, False]
    )


def assert_same_weights(one: Path, other: Path) -> None:
    import keras

    models = [keras.saving.load_model(run / "model" / "model.keras", compile=False) for run in (one, other)]
    pairs = list(zip(*(model.get_weights() for model in models), strict=True))
    assert len(pairs) == 6
    assert all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def test_other_settings_have_no_place_to_go_on_from(done: Path, run_dlcli: Command) -> None:
    before = sorted(path.name for path in (done / "runs" / "whole").rglob("*"))
    arguments = ("--epochs", "9", "--set", "optimizer.learning_rate=0.5", "--allow-config-change", "--json")
    refused = run_dlcli("resume", "whole", *arguments, cwd=done)
    assert (refused.code, refused.error["kind"]) == (8, "no_checkpoint")
    assert "weights: {run: whole}" in refused.error["hint"]
    assert sorted(path.name for path in (done / "runs" / "whole").rglob("*")) == before


def test_a_kill_before_the_checkpoints_are_gone_leaves_a_run_that_is_done(
    tmp_path: Path, run_dlcli: Command, write_experiment: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*arguments: Any, **options: Any) -> None:
        raise Killed

    write_experiment(tmp_path, {"train.epochs": 1}, file="a.yaml")
    with monkeypatch.context() as patch:
        patch.setattr("dlcli.training.checkpointing.thin_out", killed)
        with pytest.raises(Killed):
            run_dlcli("train", "a.yaml", "-q", "--name", "a", cwd=tmp_path)
    assert json.loads((tmp_path / "runs" / "a" / "run.json").read_bytes())["status"] == "done"
    assert "is complete" in run_dlcli("resume", "a", cwd=tmp_path).err
