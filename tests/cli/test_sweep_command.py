"""`dlcli sweep`: what it writes, its codes, and that a trial is byte for byte what `dlcli train` gives; processes of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

Run = Callable[..., Any]
SWEEP: dict[str, Any] = {
    "search": "random", "trials": 3, "goal": "max val_accuracy",
    "space": {"optimizer.learning_rate": {"log": [0.001, 0.1]}, "layers.0.units": [4, 8]},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, write_experiment: Callable[..., Path]) -> Path:
    write_experiment(tmp_path, {"sweep": SWEEP})
    return tmp_path


def lines_of(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in text.splitlines()]


def test_lines_are_printed_and_nothing_is_trained(folder: Path, run_dlcli: Run) -> None:
    done = run_dlcli("sweep", "experiment.yaml", "--print", "--set", "train.epochs=1", cwd=folder)
    assert (done.code, done.err) == (0, "")
    lines = lines_of(done.out)
    assert [words[:3] for words in lines] == [["experiment.yaml", "--set", "train.epochs=1"]] * 3
    assert [words[-1] for words in lines] == [f"experiment-sweep-{number}" for number in (1, 2, 3)]
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["--storage", "sqlite:///a.db"], 2, "unfit_storage"),
        (["--storage", "mysql://a/b"], 2, "unfit_storage"),
        (["--storage", "grpc://"], 2, "unfit_storage"),
        (["--storage", "."], 2, "unfit_storage"),
        (["--storage", ""], 2, "unfit_storage"),
        (["--storage", "grpc://a:b"], 2, "unfit_storage"),
        (["--set", "sweep.goal=max val_los"], 3, "unknown_monitor"),
        (["--set", "sweep.space={layers.0.units: [a]}"], 3, "wrong_type"),
        (["--set", "sweep=null"], 3, "no_sweep"),
        (["--name", "a/b"], 2, "bad_run_name"),
    ],
)
def test_what_is_wrong_is_told_before_the_first_trial(
    arguments: list[str], code: int, kind: str, folder: Path, run_dlcli: Run
) -> None:
    done = run_dlcli("sweep", "experiment.yaml", "--json", *arguments, cwd=folder)
    assert (done.code, done.error["kind"]) == (code, kind)
    assert not (folder / "runs").exists()


def test_a_wrong_value_is_an_error_of_validate(folder: Path, run_dlcli: Run) -> None:
    assert run_dlcli("validate", "experiment.yaml", cwd=folder).code == 0
    done = run_dlcli("validate", "experiment.yaml", "--set", "sweep.space={layers.0.unit: [4]}", "--json", cwd=folder)
    [problem] = done.value["files"][0]["problems"]
    assert (done.code, problem["suggestion"]) == (3, "did you mean 'units'?")


def test_without_optuna_it_says_what_to_install(folder: Path, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = run_dlcli("sweep", "experiment.yaml", "--json", cwd=folder)
    assert (done.code, done.error["kind"], done.error["hint"]) == (4, "missing_package", 'pip install "dlcli[sweep]"')


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "COLUMNS": "140"}
    program = [str(Path(sys.executable).with_name("dlcli")), *arguments]
    return subprocess.Popen(
        program, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def content_of(run: Path) -> dict[str, Any]:
    """What a run holds but for times, names and processes: the weights as they are in the archive of its model."""
    state = json.loads((run / "run.json").read_text())
    with ZipFile(run / "model" / "model.keras") as archive:
        weights = archive.read("model.weights.h5")
    names = ("config.yaml", "config.resolved.json", "metrics.jsonl", "splits.json")
    files = {name: (run / name).read_bytes() for name in names if (run / name).exists()}
    return {
        **files,
        "weights": weights,
        **{key: state[key] for key in ("metrics", "best", "baseline", "set", "epochs")},
    }


def test_a_search_is_trained_and_a_trial_is_what_train_gives(folder: Path) -> None:
    process = started(folder, "sweep", "experiment.yaml", "--json")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    shown = json.loads(out)
    assert [(each["number"], each["run"], each["state"]) for each in shown["trials"]] == [
        (number, f"experiment-sweep/trial-{number}", "done") for number in (1, 2, 3)
    ]
    assert shown["best"]["value"] == max(each["value"] for each in shown["trials"])
    assert {*shown} >= {"sweep", "path", "goals", "trials", "best", "importance", "done", "failed", "left", "seconds"}
    assert sum("val_accuracy" in line for line in err.splitlines()) == 3
    lines = lines_of(started(folder, "sweep", "experiment.yaml", "--print").communicate(timeout=60)[0])
    alone = started(folder, "train", *lines[1])
    out, err = alone.communicate(timeout=120)
    assert alone.returncode == 0, err
    group = folder / "runs" / "experiment-sweep"
    one, other = content_of(group / "trial-2"), content_of(folder / "runs" / lines[1][-1])
    assert len(one) >= 8
    assert one == other
    assert one != content_of(group / "trial-1")
    again = started(folder, "sweep", "experiment.yaml", "--json")
    out, err = again.communicate(timeout=300)
    assert (again.returncode, json.loads(out)["trials"], "val_accuracy" in err) == (0, shown["trials"], False)
