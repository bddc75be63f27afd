"""Metrics read target and prediction as the loss does, and are called by one name everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.loss import build_metrics, metric_name

SCORES = [-3.0, -0.5, 0.2, 0.3, 4.0, 0.4, -1.0]
TRUTH = [0, 1, 1, 1, 1, 0, 0]


def value_of(metric: Any, loss: Any, truth: Any, predicted: Any) -> float:
    """What a metric says of predictions under a loss."""
    import numpy as np

    catalogue = keras_catalogue()
    predicted = np.asarray(predicted, np.float32)
    (built,) = build_metrics(
        [catalogue.read("metrics", metric)], catalogue.read("losses", loss), width=predicted.shape[-1], facts={}
    )
    built.update_state(np.asarray(truth), predicted)
    return float(np.mean(built.result()))


@pytest.mark.parametrize(
    "metric",
    [
        "accuracy",
        "BinaryAccuracy",
        "BinaryCrossentropy",
        {"BinaryIoU": {"target_class_ids": [1]}},
        "Precision",
        "Recall",
        "TruePositives",
        "TrueNegatives",
        "FalsePositives",
        "FalseNegatives",
        {"AUC": {"num_thresholds": 1000}},
    ],
)
def test_a_metric_of_two_classes_reads_raw_scores_as_it_reads_probabilities(metric: Any) -> None:
    import numpy as np

    scores = np.array(SCORES)[:, None]
    truth = np.array(TRUTH)[:, None]
    from_scores = value_of(metric, {"BinaryCrossentropy": {"from_logits": True}}, truth, scores)
    from_chances = value_of(metric, "binary_crossentropy", truth, 1 / (1 + np.exp(-scores)))
    assert from_scores == pytest.approx(from_chances, abs=2e-3)
    plain = value_of(metric, "binary_crossentropy", truth, scores)
    assert plain != pytest.approx(from_chances, abs=2e-3)


@pytest.mark.parametrize(
    ("metric", "loss", "truth"),
    [
        ("SparseCategoricalCrossentropy", "SparseCategoricalCrossentropy", [0, 2]),
        ("CategoricalCrossentropy", "CategoricalCrossentropy", [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
    ],
)
def test_a_metric_of_several_classes_reads_raw_scores_as_it_reads_probabilities(
    metric: str, loss: str, truth: Any
) -> None:
    import numpy as np

    scores = np.array([[1.0, -1.0, 0.5], [0.1, 0.2, -0.3]])
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    from_scores = value_of(metric, {loss: {"from_logits": True}}, truth, scores)
    assert from_scores == pytest.approx(value_of(metric, loss, truth, chances), rel=1e-5)


def test_what_the_configuration_says_comes_first() -> None:
    said = value_of(
        {"Precision": {"thresholds": 0.9}},
        {"BinaryCrossentropy": {"from_logits": True}},
        TRUTH,
        [[each] for each in SCORES],
    )
    assert said == 1.0


@pytest.mark.parametrize(
    ("loss", "truth", "predicted", "share"),
    [
        ("sparse_categorical_crossentropy", [0, 1, 1], [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]], 2 / 3),
        ("categorical_crossentropy", [[1, 0], [0, 1]], [[0.9, 0.1], [0.8, 0.2]], 0.5),
        ("binary_crossentropy", [0, 1, 1, 0], [[0.4], [0.6], [0.4], [0.5]], 0.75),
        ({"BinaryCrossentropy": {"from_logits": True}}, [0, 1, 1, 0], [[-0.1], [0.1], [0.4], [0.4]], 0.75),
        ("hinge", [0, 1, 1, 0], [[-0.9], [0.1], [-0.4], [-0.4]], 0.75),
        ("dice", [[1.0, 0.0], [0.0, 1.0]], [[0.9, 0.1], [0.8, 0.2]], 0.5),
    ],
)
def test_accuracy_is_the_share_of_right_answers_under_every_kind_of_loss(
    loss: Any, truth: Any, predicted: Any, share: float
) -> None:
    assert value_of("accuracy", loss, truth, predicted) == pytest.approx(share)


def test_the_classes_of_the_data_reach_a_metric() -> None:
    catalogue = keras_catalogue()
    from dlcli.spec import Fact

    metric = catalogue.read("metrics", {"MeanIoU": {"num_classes": Fact("data.classes")}})
    (built,) = build_metrics([metric], catalogue.read("losses", "mse"), width=1, facts={"data.classes": 7})
    assert built.num_classes == 7


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("accuracy", "accuracy"),
        ("mae", "mae"),
        ("AUC", "auc"),
        ("auc", "auc"),
        ("R2Score", "r2_score"),
        ("MeanAbsoluteError", "mean_absolute_error"),
        ("SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy"),
        ({"AUC": {"name": "Area"}}, "Area"),
    ],
)
def test_a_metric_is_called_as_it_is_written_or_as_keras_calls_it(written: Any, name: str) -> None:
    catalogue = keras_catalogue()
    metric = catalogue.read("metrics", written)
    assert metric_name(metric) == name
    (built,) = build_metrics([metric], catalogue.read("losses", "binary_crossentropy"), width=1, facts={})
    assert built.name == name


def test_every_class_name_is_called_as_keras_calls_it() -> None:
    import keras

    needs = {"num_classes": 2, "target_class_ids": [0]}
    seen = 0
    for name in keras_catalogue().kinds["metrics"]:
        kind = getattr(keras.metrics, name)
        if not isinstance(kind, type) or name in {"Mean", "Sum", "MeanMetricWrapper"}:
            continue
        entry = keras_catalogue().kinds["metrics"][name]["arguments"]
        given = {key: needs.get(key, 0.5) for key, each in entry.items() if each.get("required")}
        metric = keras_catalogue().read("metrics", {name: given} if given else name)
        built = kind(**given)
        seen += 1
        assert metric_name(metric) == built.name.rstrip("0123456789").rstrip("_"), name
    assert seen == 42


def test_a_metric_that_cannot_read_the_target_is_refused_at_its_line(
    tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(tmp_path, {"metrics": ["accuracy", "mae"]})
    outcome = run_dlcli("train", config, "--json", cwd=tmp_path)
    assert outcome.code == 3
    assert outcome.error["message"] == (
        "mae cannot be computed of a target of shape () and an output of shape (3,): Incompatible shapes: [8] vs. [8,3]"
    )
    assert outcome.error["hint"] == "write accuracy"
    assert config.read_text().splitlines()[outcome.error["line"] - 1].strip() == '"mae"'
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("loss", ["binary_crossentropy", "mse"])
def test_metrics_that_want_two_axes_read_one_number_a_sample(
    loss: str, tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    generator = np.random.default_rng(0)
    y = np.arange(60) % 2
    np.savez(tmp_path / "classes.npz", x=generator.normal(size=(60, 3)).astype(np.float32) + y[:, None], y=y)
    metrics = ["BinaryCrossentropy", {"F1Score": {"threshold": 0.5}}] if loss != "mse" else ["R2Score", "mae"]
    activation = "sigmoid" if loss != "mse" else "linear"
    config = write_experiment(
        tmp_path,
        {
            "layers": [{"Dense": {"units": 1, "activation": activation}}],
            "loss": loss,
            "metrics": metrics,
            "train.epochs": 1,
        },
    )
    trained = run_dlcli("train", config, "--name", "a", "--json", "-q", cwd=tmp_path)
    assert trained.code == 0, trained.err
    metrics = trained.value["metrics"]["validation"]
    evaluated = run_dlcli("evaluate", "a", "--split", "validation", "--json", cwd=tmp_path).value["metrics"]
    assert evaluated == {name: pytest.approx(value, abs=1e-6) for name, value in metrics.items()}
    if loss != "mse":
        assert metrics["binary_crossentropy"] == pytest.approx(metrics["loss"], rel=1e-6)
    assert len(metrics) == 3


@pytest.mark.parametrize(
    ("metric", "direction"),
    [("cosine_similarity", "up"), ("CosineSimilarity", "up"), ("accuracy", "up"), ("AUC", "up"), ("mse", "down")],
)
def test_a_metric_says_whether_more_of_it_is_better(metric: str, direction: str) -> None:
    from dlcli.loss import direction_of

    built = keras_catalogue().read("metrics", metric)
    assert direction_of(built) == direction
    right, wrong = ([0.0, 1.0], [1.0, 0.0])
    if metric not in {"AUC", "accuracy"}:  # the catalogue against the values themselves
        good, bad = (value_of(metric, "mse", [right], [answer]) for answer in (right, wrong))
        assert (good > bad) == (direction == "up")
