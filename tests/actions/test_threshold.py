"""A threshold is chosen on the validation split alone, kept with the weights it is of, and said wherever answers go by it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlcli.actions.threshold import METRICS, best_threshold

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Any:
    """A run that tells a rare class from another, with splits that the data itself names."""
    folder = tmp_path_factory.mktemp("threshold")
    generator = np.random.default_rng(2)
    rows = []
    for row in range(400):
        rare = row % 5 == 0
        values = generator.normal(0.9 * rare, 1, 2)
        rows.append([f"{values[0]:.3f}", f"{values[1]:.3f}", "yes" if rare else "no", SPLITS[row % 4]])
    write(folder / "table.csv", ["a", "b", "kind", "part"], rows)
    for name in ("validation", "test"):
        write(folder / f"{name}.csv", ["a", "b", "kind", "part"], [row for row in rows if row[3] == name])
    data = {"source": "table.csv", "target": "kind", "inputs": ["a", "b"], "split": {"by": "part"}}
    data["split"] = {"by": {"column": "part", "train": ["train"], "validation": ["validation"], "test": ["test"]}}
    changes = {
        "data": data,
        "layers": [{"Dense": {"units": 1, "activation": "sigmoid"}}],
        "loss": "binary_crossentropy",
        "optimizer.Adam.learning_rate": 0.05,
    }
    config = write_experiment(folder, changes)
    done = run_dlcli("train", config, "--name", "t", "-q", cwd=folder)
    assert done.code == 0, done.err
    three = write_experiment(folder, {"train.epochs": 1}, file="three.yaml")
    assert run_dlcli("train", three, "--name", "three", "-q", cwd=folder).code == 0
    return SimpleNamespace(folder=folder, rows=rows)


SPLITS = ("train", "train", "validation", "test")


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    path.write_text("".join(f"{','.join(row)}\n" for row in [header, *rows]), encoding="utf-8")


def said_of(name: str, trained: Any, run_dlcli: Run) -> tuple[Any, Any, list[str], str]:
    """What is true in a file, how likely a yes is said to be, what is said, and what stands beside it."""
    outcome = run_dlcli("predict", "t", f"{name}.csv", cwd=trained.folder)
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    truth = np.array([row[2] == "yes" for row in trained.rows if row[3] == name])
    return truth, np.array([float(row["probability yes"]) for row in rows]), [row["kind"] for row in rows], outcome.err


@pytest.mark.parametrize("seed", range(8))
def test_the_best_threshold_is_that_of_trying_all(seed: int) -> None:
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

    generator = np.random.default_rng(seed)
    truth = generator.random(60) < 0.3
    chances = np.clip(generator.normal(0.4 + 0.2 * truth, 0.2), 0, 1).round(1 + seed % 3)
    measures = {"f1": f1_score, "accuracy": accuracy_score, "balanced_accuracy": balanced_accuracy_score}
    assert set(measures) == set(METRICS)
    tried = [-0.01, *np.unique(chances)]
    for name, measure in measures.items():
        value, reached = best_threshold(truth, chances, name)
        options = {"zero_division": 0.0} if name == "f1" else {}
        assert reached == pytest.approx(max(measure(truth, chances > each, **options) for each in tried))
        assert reached == pytest.approx(measure(truth, chances > value, **options))


def test_of_thresholds_that_are_as_good_the_one_nearest_to_one_half_is_taken() -> None:
    truth = np.array([False, True, False, True])
    assert best_threshold(truth, np.array([0.1, 0.3, 0.6, 0.9]), "accuracy") == (0.75, 0.75)
    assert best_threshold(truth, np.array([0.1, 0.3, 0.4, 0.7]), "accuracy") == (pytest.approx(0.55), 0.75)


def test_it_is_chosen_on_validation_kept_and_said(trained: Any, run_dlcli: Run) -> None:
    from sklearn.metrics import confusion_matrix, f1_score, precision_recall_curve

    truth, chances, before, said = said_of("validation", trained, run_dlcli)
    assert said == ""
    precision, recall, _ = precision_recall_curve(truth, chances)
    best = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    outcome = run_dlcli("evaluate", "t", "--threshold", "best:f1", "--json", cwd=trained.folder)
    chosen = outcome.value["threshold"]
    assert (chosen["best"], chosen["positive"], chosen["target"]) == ("f1", "yes", "kind")
    assert chosen["reached"] == pytest.approx(best)
    assert f1_score(truth, chances > chosen["value"]) == pytest.approx(best)
    assert abs(chosen["value"] - 0.5) > 0.05
    truth, chances, answers, said = said_of("test", trained, run_dlcli)
    assert answers == ["yes" if each > chosen["value"] else "no" for each in chances]
    assert "'yes' is said where its probability is above" in " ".join(said.split())
    assert "the best f1 on validation" in " ".join(said.split())
    assert outcome.value["confusion"] == confusion_matrix(truth, chances > chosen["value"]).tolist()
    again = run_dlcli("evaluate", "t", cwd=trained.folder)
    assert "the best f1 on validation" in " ".join(again.out.split())
    assert before == ["yes" if each > 0.5 else "no" for each in said_of("validation", trained, run_dlcli)[1]]


def test_a_number_is_kept_too_and_other_weights_have_none(trained: Any, run_dlcli: Run) -> None:
    assert run_dlcli("evaluate", "t", "--threshold", "0.3", cwd=trained.folder).code == 0
    _, chances, answers, said = said_of("test", trained, run_dlcli)
    assert answers == ["yes" if each > 0.3 else "no" for each in chances]
    assert 0.1 < np.mean(chances > 0.3) < 0.9
    assert "above 0.3: as was asked" in " ".join(said.split())
    path = trained.folder / "runs" / "t" / "threshold.json"
    kept = path.read_text(encoding="utf-8")
    from dlcli.runs import Run as RunFolder
    from dlcli.training.kept.threshold import keep_threshold, kept_threshold

    run = RunFolder(path.parent)
    found = kept_threshold(run)
    assert found is not None
    manifest = run.model / "MANIFEST.json"
    content = manifest.read_bytes()
    manifest.write_bytes(content + b"\n")
    assert kept_threshold(run) is None
    manifest.write_bytes(content)
    path.write_text(kept.replace("0.3", "0.2"), encoding="utf-8")
    damaged = run_dlcli("predict", "t", "test.csv", "--json", cwd=trained.folder)
    assert (damaged.error["kind"], damaged.code) == ("damaged_run", 5)
    path.write_text(kept, encoding="utf-8")
    keep_threshold(run, found)
    assert json.loads(path.read_text())["value"] == 0.3


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["t", "--threshold", "best:f1", "--split", "validation"], "chosen_on_what_is_told"),
        (["t", "--threshold", "best:f2"], "bad_threshold"),
        (["t", "--threshold", "1"], "bad_threshold"),
        (["t", "--threshold", "half"], "bad_threshold"),
        (["three", "--threshold", "0.3"], "option_without_effect"),
    ],
)
def test_what_is_no_threshold_is_refused(arguments: list[str], kind: str, trained: Any, run_dlcli: Run) -> None:
    outcome = run_dlcli("evaluate", *arguments, "--json", cwd=trained.folder)
    assert (outcome.error["kind"], outcome.code) == (kind, 2)
    assert not (trained.folder / "runs" / "three" / "threshold.json").exists()
