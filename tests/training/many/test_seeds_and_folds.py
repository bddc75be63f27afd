"""`train --seeds` and `--folds` in processes of their own: what `train` alone gives, what was held out, and what goes on."""

from __future__ import annotations

import csv
import json
import os
import signal
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from watched_runs import epochs_in, until, writer_of_run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes do not start warm")

DLCLI = [sys.executable, "-m", "dlcli"]
ROWS = 120


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([*DLCLI, *words], cwd=folder, stdout=pipe, stderr=pipe, text=True)


def done(folder: Path, *words: str, code: int = 0) -> Any:
    process = started(folder, *words, "--json")
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, err
    return json.loads(out)


def history(folder: Path, name: str) -> bytes:
    return (folder / "runs" / name / "metrics.jsonl").read_bytes()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


CONFIG = """\
data: {source: two.csv, inputs: [a, b], target: kind, split: {test: 0.1, seed: 5}, prepare: [Normalization]}
layers: [Dense: {units: 4, activation: relu}, Dense: {units: 1, activation: sigmoid}]
loss: binary_crossentropy
optimizer: {Adam: 0.05}
metrics: [accuracy, AUC, {F1Score: {threshold: 0.5}}]
train: {epochs: 4, batch_size: 16}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two overlapping classes, the first with three times the rows of the second."""
    generator = np.random.default_rng(3)
    yes = np.arange(ROWS) % 4 == 0
    points = generator.normal(size=(ROWS, 2)) + yes[:, None]
    lines = [f"{a:.5f},{b:.5f},{'yes' if y else 'no'}" for (a, b), y in zip(points, yes, strict=True)]
    (tmp_path / "two.csv").write_text("\n".join(["a,b,kind", *lines, ""]), encoding="utf-8")
    (tmp_path / "two.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_each_fold_is_judged_by_what_it_was_not_trained_on(folder: Path) -> None:
    value = done(folder, "train", "two.yaml", "--folds", "3", "-j", "2", "--threads", "1")
    assert (value["group"], value["kind"], value["done"]) == ("two-folds", "folds", 3)
    held = value["out_of_fold"]
    rows = rows_of(folder / held["file"])
    assert list(rows[0]) == ["row", "fold", "true kind", "kind", "probability no", "probability yes"]
    numbers = [int(row["row"]) for row in rows]
    assert numbers == sorted({*numbers})
    assert held["samples"] == len(rows) == ROWS - 12
    source = rows_of(folder / "two.csv")
    assert [row["true kind"] for row in rows] == [source[number - 1]["kind"] for number in numbers]
    splits = [np.load(folder / "runs" / "two-folds" / f"fold-{number}" / "splits.npz") for number in (1, 2, 3)]
    for number, split in enumerate(splits, start=1):
        mine = [int(row["row"]) - 1 for row in rows if int(row["fold"]) == number]
        assert mine == split["validation"].tolist()
        assert not {*mine} & {*split["train"].tolist()}
    truth = np.array([row["true kind"] == "yes" for row in rows])
    chance = np.array([float(row["probability yes"]) for row in rows])
    said = np.array([row["kind"] == "yes" for row in rows])
    assert held["metrics"]["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(truth, said))
    assert held["metrics"]["f1_score"] == pytest.approx(sklearn.metrics.f1_score(truth, said), rel=1e-5)
    assert held["metrics"]["loss"] == pytest.approx(sklearn.metrics.log_loss(truth, chance), rel=1e-5)
    assert held["metrics"]["auc"] == pytest.approx(sklearn.metrics.roc_auc_score(truth, chance), abs=0.01)
    values = [each["metrics"]["validation"]["accuracy"] for each in value["members"]]
    accuracy = value["metrics"]["validation.accuracy"]
    assert (accuracy["values"], accuracy["mean"]) == (values, pytest.approx(statistics.mean(values)))
    assert accuracy["deviation"] == pytest.approx(statistics.stdev(values))
    # Each is what `train` alone makes of its fold, prepared by its own training part; and answers as `predict` does.
    done(folder, "train", "two.yaml", "--set", "data.split.fold=2/3", "--name", "alone")
    states = [json.loads((folder / "runs" / name / "run.json").read_text()) for name in ("alone", "two-folds/fold-2")]
    assert states[0]["metrics"]["validation"] == pytest.approx(states[1]["metrics"]["validation"], rel=1e-4)
    answers = done(folder, "predict", "two-folds/fold-2", "two.csv")["predictions"]
    mine = {int(row["row"]): float(row["probability yes"]) for row in rows if row["fold"] == "2"}
    assert {row: answers[row - 1]["probability yes"] for row in mine} == pytest.approx(mine, rel=1e-5)
    judged = done(folder, "evaluate", "two-folds")
    assert [each["run"] for each in judged["members"]] == [each["run"] for each in value["members"]]
    for name in ("mean", "deviation", "low", "high"):
        assert judged["metrics"]["loss"][name] == pytest.approx(value["metrics"]["test.loss"][name], rel=1e-4)
    [shown] = done(folder, "runs", "two-folds")
    assert shown["metrics"] == value["metrics"]
    assert shown["out_of_fold"] == value["out_of_fold"]


@pytest.mark.nightly
def test_seeds_are_stopped_killed_and_go_on_as_if_nothing_had_been(folder: Path) -> None:
    """Each of the seeds trains what `train` alone does with it, wherever it was stopped."""
    words = ["train", "two.yaml", "--seeds", "3", "--threads", "1", "--epochs", "60"]
    whole = done(folder, *words, "--name", "whole", "-j", "2")
    assert [each["member"] for each in whole["members"]] == ["seed-0", "seed-1", "seed-2"]
    assert len({history(folder, f"whole/seed-{seed}") for seed in range(3)}) == 3
    process = started(folder, *words, "--name", "cut")
    until(lambda: epochs_in(folder, "cut/seed-1") > 2, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert err.splitlines()[0].startswith("1/3  cut/seed-0  val_loss ")
    assert "2/3  cut/seed-1  stopped: stopped by SIGINT in epoch" in err
    assert out.splitlines()[-1].split() == ["next", "dlcli", "resume", "cut"]
    kept = (folder / "runs" / "cut" / "seed-0" / "run.json").read_bytes()
    process = started(folder, *words, "--name", "cut", "--resume")
    until(lambda: epochs_in(folder, "cut/seed-2") > 2, process)
    process.kill()
    os.kill(writer_of_run(folder, "cut/seed-2"), signal.SIGKILL)
    process.communicate(timeout=120)
    shown = done(folder, "resume", "cut")
    assert [each["state"] for each in shown["members"]] == ["done"] * 3
    assert (folder / "runs" / "cut" / "seed-0" / "run.json").read_bytes() == kept
    for seed in range(3):
        assert history(folder, f"cut/seed-{seed}") == history(folder, f"whole/seed-{seed}")
    assert shown["metrics"] == whole["metrics"]
    assert sorted(path.name for path in (folder / "runs").iterdir() if path.is_dir()) == ["cut", "whole"]
