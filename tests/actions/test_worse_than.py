"""What `evaluate` shows to be surely worse than an answer that needs no model, on every split and by every metric."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.actions.worse_than import worse_than
from dlcli.config import load_config

Run = Callable[..., Any]

TEXT = """
data: {source: t.csv, target: y, split: {validation: 0.2, test: 0.2}}
layers: [Dense: {units: 1, kernel_initializer: {Constant: 3.0}}]
loss: mse
metrics: [mae, r2_score]
optimizer: {SGD: 1e-12}
train: {epochs: 1}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 200))
    rows = [f"{one:.4f},{other:.4f}" for one, other in zip(x, y, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *rows]) + "\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("metric", "low", "high", "reached", "seen"),
    [
        ("loss", 1.01, 3.0, 1.0, True),
        ("loss", 0.99, 3.0, 1.0, False),
        ("mae", 1.01, 3.0, 1.0, True),
        ("r2_score", 0.1, 0.49, 0.5, True),
        ("r2_score", 0.1, 0.51, 0.5, False),
        ("unknown", 1.01, 3.0, 1.0, False),
    ],
)
def test_an_interval_that_lies_wholly_on_the_wrong_side_is_worse(
    metric: str, low: float, high: float, reached: float, seen: bool, folder: Path
) -> None:
    heads = load_config(str(folder / "c.yaml"))[0].heads
    values = {metric: (low + high) / 2}
    for baseline in ("mean", "last value"):
        found = worse_than(heads, values, {metric: (low, high)}, {baseline: {metric: reached}})
        assert [(each.baseline, each.metric, each.reached) for each in found] == [(baseline, metric, reached)] * seen
    assert worse_than(heads, values, {}, {"mean": {metric: reached}}) == []
    assert worse_than(heads, {metric: None}, {metric: (low, high)}, {"mean": {metric: reached}}) == []


def test_every_split_is_set_beside_the_mean_of_training(folder: Path, run_dlcli: Run) -> None:
    assert run_dlcli("train", "c.yaml", "-q", "--name", "a", cwd=folder).code == 0
    with np.load(folder / "runs" / "a" / "splits.npz") as stored:
        rows = {split: stored[split] for split in ("train", "validation", "test")}
    y = np.loadtxt(folder / "t.csv", delimiter=",", skiprows=1)[:, 1]
    mean = y[rows["train"]].mean()
    for split, own in rows.items():
        found = run_dlcli("evaluate", "a", "--split", split, "--json", cwd=folder).value["worse_than"]
        by_metric = {each["metric"]: each for each in found}
        assert by_metric["loss"]["baseline"] == "mean"
        assert by_metric["loss"]["reached"] == pytest.approx(((y[own] - mean) ** 2).mean(), rel=1e-4)
        assert by_metric["mae"]["reached"] == pytest.approx(abs(y[own] - mean).mean(), rel=1e-4)
        assert by_metric["loss"]["low"] > by_metric["loss"]["reached"]
    shown = run_dlcli("evaluate", "a", cwd=folder).out
    (line,) = [each for each in shown.splitlines() if each.startswith("worse")]
    assert line.startswith("worse     than the mean alone: loss ")
    assert not math.isnan(float(line.rsplit(" ", 1)[1]))
    # Of a model as good as the mean nothing is said.
    zeros = "layers.0.kernel_initializer=zeros"
    assert run_dlcli("train", "c.yaml", "-q", "--name", "b", "--set", zeros, cwd=folder).code == 0
    assert run_dlcli("evaluate", "b", "--json", cwd=folder).value["worse_than"] == []
