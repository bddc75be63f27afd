"""Metrics that read rows of values read the steps of a sequence as rows, masked or not: their values against scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]
STEPS, SAMPLES = 6, 60


def write(folder: Path, *, masked: bool, metric: Any, names: Path = Path("c.yaml")) -> tuple[Any, Any]:
    """An experiment on ids whose last steps are padding; gives targets and ids of the test split."""
    generator = np.random.default_rng(2)
    ids = generator.integers(1, 9, (SAMPLES, STEPS))
    for row, length in enumerate(generator.integers(2, STEPS + 1, SAMPLES)):
        ids[row, length:] = 0
    y = (generator.random((SAMPLES, STEPS, 1)) < 0.4).astype(np.float32)
    np.savez(folder / "steps.npz", x=ids, y=y)
    tree = {
        "data": {
            "source": {"npz": {"path": "steps.npz", "inputs": "x", "target": "y"}},
            "split": {"by": "time", "test": 0.5},
        },
        "layers": [
            {"Embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": masked}},
            {"Dense": {"units": 1, "activation": "sigmoid"}},
        ],
        "loss": "binary_crossentropy",
        "optimizer": {"Adam": 0.05},
        "metrics": [metric],
        "train": {"epochs": 2, "batch_size": 8},
    }
    (folder / names).write_text(json.dumps(tree), encoding="utf-8")
    return ids, y


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("name", ["r2_score", "f1_score", "fbeta_score"])
def test_steps_are_rows(name: str, masked: bool, tmp_path: Path, run_dlcli: Command) -> None:
    from sklearn import metrics

    written = {"r2_score": "R2Score", "f1_score": "F1Score", "fbeta_score": "FBetaScore"}[name]
    ids, y = write(tmp_path, masked=masked, metric={written: {} if name == "r2_score" else {"threshold": 0.4}})
    done = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.out
    evaluated = run_dlcli("evaluate", "c", "--json", cwd=tmp_path)
    assert evaluated.code == 0, evaluated.out
    assert run_dlcli("predict", "c", "steps.npz", "-o", "answers.npz", "-q", cwd=tmp_path).code == 0
    rows = np.load(tmp_path / "runs" / "c" / "splits.npz")["test"]
    with np.load(tmp_path / "answers.npz") as answers:
        predicted = answers["probability 1"][rows][..., None]
    counted = (ids[rows] > 0) if masked else np.ones((len(rows), STEPS), bool)
    truth, values = y[rows][counted][:, 0], predicted[counted][:, 0]
    expected = {
        "r2_score": lambda: metrics.r2_score(truth, values),
        "f1_score": lambda: metrics.f1_score(truth, values > 0.4),
        "fbeta_score": lambda: metrics.fbeta_score(truth, values > 0.4, beta=1),
    }[name]()
    shown = evaluated.value["metrics"][name]
    assert shown == pytest.approx(expected, abs=1e-5)
    if name == "r2_score":
        every = metrics.r2_score(y[rows].ravel(), predicted.ravel())
        assert (shown == pytest.approx(every, abs=1e-5)) is not masked
