"""A metric that what it has seen does not define is NaN: null in JSON and `–` on the screen; others are those of scikit-learn."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.loss import build_metrics

Command = Callable[..., Any]
RANKING: list[Any] = [
    "AUC",
    {"AUC": {"multi_label": True, "num_labels": 1}},
    {"SensitivityAtSpecificity": {"specificity": 0.5}},
    {"SpecificityAtSensitivity": {"sensitivity": 0.5}},
]
OF_YES: list[Any] = [
    {"AUC": {"curve": "PR"}},
    {"PrecisionAtRecall": {"recall": 0.5}},
    {"RecallAtPrecision": {"precision": 0.5}},
    "Recall",
]


def value(metric: Any, loss: str, target: Any, output: Any, *, width: int = 1) -> float:
    catalogue = keras_catalogue()
    read = catalogue.read("metrics", metric)
    [made] = build_metrics([read], catalogue.read("losses", loss), width=width, facts={})
    made.update_state(np.asarray(target, np.float32), np.asarray(output, np.float32))
    return float(made.result())


ORDER = np.linspace(0.1, 0.9, 8)[:, None]
MIXED = np.array([0, 0, 1, 0, 1, 0, 1, 1.0])[:, None]


@pytest.mark.parametrize("metric", RANKING + OF_YES, ids=str)
def test_an_order_of_one_class_has_no_value(metric: Any) -> None:
    assert math.isnan(value(metric, "binary_crossentropy", np.zeros((8, 1)), ORDER))
    of_yes = value(metric, "binary_crossentropy", np.ones((8, 1)), ORDER)
    assert math.isnan(of_yes) is (metric in RANKING)
    assert 0 < value(metric, "binary_crossentropy", MIXED, ORDER) <= 1


def test_the_order_of_two_classes_is_that_of_numpy() -> None:
    pairs = [(a > b) for a in ORDER[MIXED == 1] for b in ORDER[MIXED == 0]]
    assert value("AUC", "binary_crossentropy", MIXED, ORDER) == pytest.approx(np.mean(pairs), abs=0.01)
    labels, outputs = np.hstack([MIXED, np.ones((8, 1))]), np.hstack([ORDER, ORDER])
    several = {"AUC": {"multi_label": True, "num_labels": 2}}
    over_labels = value(several, "binary_crossentropy", labels, outputs, width=2)
    assert over_labels == pytest.approx(np.mean(pairs), abs=0.01)  # the label that all have defines none
    assert math.isnan(value(several, "binary_crossentropy", np.ones((8, 2)), outputs, width=2))


def test_a_share_of_no_variance_has_no_value() -> None:
    assert math.isnan(value("R2Score", "mse", np.full((8, 1), 5.0), ORDER))
    assert value("R2Score", "mse", ORDER, np.full((8, 1), ORDER.mean())) == pytest.approx(0, abs=1e-6)
    assert value("R2Score", "mse", ORDER, ORDER) == pytest.approx(1)


def test_evaluate_says_none_where_one_class_is_there(tmp_path: Path, run_dlcli: Command) -> None:
    rows = [(a / 40, int(a % 40 > 20)) for a in range(200)]
    (tmp_path / "d.csv").write_text("a,y\n" + "".join(f"{a},{y}\n" for a, y in rows), encoding="utf-8")
    (tmp_path / "ones.csv").write_text("a,y\n" + "".join(f"{a},1\n" for a, _ in rows), encoding="utf-8")
    (tmp_path / "c.yaml").write_text(
        "data: {source: d.csv, target: y}\nlayers: [{Dense: {units: 1, activation: sigmoid}}]\n"
        "loss: binary_crossentropy\noptimizer: Adam\nmetrics: [AUC]\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    trained = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert 0 <= trained.value["metrics"]["validation"]["auc"] <= 1
    shown = run_dlcli("evaluate", "c", "--data", "ones.csv", "--json", cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert shown.value["metrics"]["auc"] is None
    screen = run_dlcli("evaluate", "c", "--data", "ones.csv", cwd=tmp_path)
    [line] = [line for line in screen.out.splitlines() if line.startswith("auc")]
    assert line.split()[1] == "–"
