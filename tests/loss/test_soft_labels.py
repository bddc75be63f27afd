"""Labels that are how likely a yes is: metrics of yes and no count what is more likely, against scikit-learn, and it is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as reference

from dlcli.config.catalogue import keras_catalogue
from dlcli.loss import build_metrics

Run = Callable[..., Any]


@pytest.mark.parametrize("loss", ["binary_crossentropy", "BinaryFocalCrossentropy", "mse"])
def test_metrics_of_yes_and_no_round_soft_labels(loss: str) -> None:
    generator = np.random.default_rng(0)
    soft, chance = generator.uniform(0, 1, (200, 1)), generator.uniform(0, 1, (200, 1)).astype(np.float32)
    yes, said = soft[:, 0] > 0.5, chance[:, 0]
    catalogue = keras_catalogue()
    written: dict[str, Any] = {
        "auc": {"AUC": {"num_thresholds": 4001, "name": "auc"}},
        "precision": "Precision",
        "recall": "Recall",
        "binary_accuracy": "BinaryAccuracy",
        "mean_absolute_error": "MeanAbsoluteError",
    }
    built = build_metrics(
        [catalogue.read("metrics", each) for each in written.values()],
        catalogue.read("losses", loss),
        width=1,
        facts={},
    )
    for metric in built:
        metric.update_state(soft.astype(np.float32), chance)
    values = [float(metric.result()) for metric in built]
    wanted = [
        reference.roc_auc_score(yes, said),
        reference.precision_score(yes, said > 0.5),
        reference.recall_score(yes, said > 0.5),
        (yes == (said > 0.5)).mean(),
        np.abs(soft[:, 0] - said).mean(),  # what reads numbers sees the labels as they are
    ]
    assert values == pytest.approx(wanted, abs=2e-3)
    assert 0.3 < wanted[0] < 0.7


@pytest.mark.parametrize(("share", "noted"), [(0.25, True), (0.0, False)])
def test_a_training_says_how_soft_labels_are_counted(share: float, noted: bool, tmp_path: Path, run_dlcli: Run) -> None:
    labels = [share, 1, 0, 1]
    rows = "".join(f"{row / 7 + 3 * labels[row % 4]},{labels[row % 4]}\n" for row in range(60))
    (tmp_path / "t.csv").write_text("a,y\n" + rows, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(
        "data: {source: t.csv, target: y}\nlayers: [Dense: {units: 1, activation: sigmoid}]\n"
        "loss: binary_crossentropy\nmetrics: [accuracy, mae, AUC]\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    done = run_dlcli("train", "c.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    note = "note: the labels of 'y' are shares; accuracy, auc: above 0.5 counts as yes"
    assert (note in done.err) is noted


@pytest.mark.parametrize("soft", [True, False])
@pytest.mark.parametrize("threshold", [None, 0.4])
def test_scores_of_classes_count_the_largest_share(threshold: float | None, soft: bool) -> None:
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 3, 200)
    y = np.eye(3)[labels] * 0.7 + 0.1 if soft else np.eye(3)[labels]
    said = generator.dirichlet([1, 1, 1], 200).astype(np.float32)
    catalogue = keras_catalogue()
    block = {"average": "macro"} if threshold is None else {"average": "macro", "threshold": threshold}
    built = build_metrics(
        [
            catalogue.read("metrics", {"F1Score": block}),
            catalogue.read("metrics", {"FBetaScore": {**block, "beta": 2.0}}),
        ],
        catalogue.read("losses", "categorical_crossentropy"),
        width=3,
        facts={},
    )
    for metric in built:
        metric.update_state(y.astype(np.float32), said)
    yes = np.eye(3)[said.argmax(axis=1)] if threshold is None else said > threshold
    wanted = [reference.f1_score(np.eye(3)[labels], yes, average="macro")]
    wanted += [reference.fbeta_score(np.eye(3)[labels], yes, beta=2, average="macro")]
    assert [float(metric.result()) for metric in built] == pytest.approx(wanted, abs=1e-5)
