"""Every metric of Keras against NumPy and scikit-learn, under every loss that it may stand beside; the others are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.loss import build_metrics, metric_values
from dlcli.loss.metric_fit import metric_mistakes
from dlcli.loss.target_loss import Head

SAMPLES, FINE = 160, 4001
"""Samples, and thresholds so near to each other that no two samples lie between the same two."""
EPSILON = 1e-7
Reference = Callable[[Any, Any], float]
"""Truth (samples, units) of 0 and 1 or numbers, and probabilities or numbers (samples, units); what the metric is."""

TWO_LOSSES: Mapping[str, Any] = {
    "probabilities": "binary_crossentropy",
    "raw scores": {"BinaryCrossentropy": {"from_logits": True}},
    "focal": "BinaryFocalCrossentropy",
    "focal raw scores": {"BinaryFocalCrossentropy": {"from_logits": True}},
    "hinge": "hinge",
    "squared hinge": "SquaredHinge",
}
SEVERAL_LOSSES: Mapping[str, Any] = {
    "probabilities": "categorical_crossentropy",
    "raw scores": {"CategoricalCrossentropy": {"from_logits": True}},
    "focal raw scores": {"CategoricalFocalCrossentropy": {"from_logits": True}},
    "hinge": "CategoricalHinge",
}
INDEX_LOSSES: Mapping[str, Any] = {
    "probabilities": "sparse_categorical_crossentropy",
    "raw scores": {"SparseCategoricalCrossentropy": {"from_logits": True}},
}


def clipped(p: Any) -> Any:
    import numpy as np

    return np.clip(p, EPSILON, 1 - EPSILON)


def counts(t: Any, p: Any, threshold: float = 0.5) -> tuple[float, float, float, float]:
    """True and false positives, true and false negatives."""
    yes = p > threshold
    return tuple(float(each.sum()) for each in (yes & (t == 1), yes & (t == 0), ~yes & (t == 0), ~yes & (t == 1)))  # type: ignore[return-value]


def precision(t: Any, p: Any, threshold: float = 0.5) -> float:
    right, wrong, _, _ = counts(t, p, threshold)
    return right / max(right + wrong, 1)


def recall(t: Any, p: Any, threshold: float = 0.5) -> float:
    right, _, _, missed = counts(t, p, threshold)
    return right / (right + missed)


def specificity(t: Any, p: Any, threshold: float) -> float:
    _, wrong, rejected, _ = counts(t, p, threshold)
    return rejected / (rejected + wrong)


def best_where(score: Any, limit: Any, least: float) -> Reference:
    """The greatest of a score over all thresholds at which another is at least so much."""
    import numpy as np

    def reference(t: Any, p: Any) -> float:
        edges = [-1.0, *(np.unique(p) - 1e-9), *np.unique(p)]
        return max((score(t, p, each) for each in edges if limit(t, p, each) >= least), default=0.0)

    return reference


def iou(t: Any, p: Any, *, classes: int) -> float:
    """The mean over the classes of what two sets of indices share."""
    import numpy as np

    shares = [((t == each) & (p == each)).sum() / ((t == each) | (p == each)).sum() for each in range(classes)]
    return float(np.mean(shares))


def f_score(threshold: float | None, *, beta: float = 1.0) -> Reference:
    """The mean over units, of yes and no by a threshold or by the largest."""

    def reference(t: Any, p: Any) -> float:
        from sklearn.metrics import fbeta_score

        yes = p > threshold if threshold is not None else p == p.max(axis=1, keepdims=True)
        if t.shape[1] == 1:
            return float(fbeta_score(t[:, 0], yes[:, 0], beta=beta))
        return float(fbeta_score(t, yes, beta=beta, average="macro"))

    return reference


def area(t: Any, p: Any) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(t.ravel(), p.ravel()))


def top(k: int) -> Reference:
    import numpy as np

    return lambda t, p: float(np.mean([t[row].argmax() in p[row].argsort()[-k:] for row in range(len(t))]))


def numbers_like() -> list[tuple[Any, Reference]]:
    """Metrics that compare number by number."""
    import numpy as np
    from sklearn.metrics import r2_score

    def rows(values: Any) -> float:
        return float(np.mean(values))

    def divergence(t: Any, p: Any) -> float:
        t, p = np.clip(t, EPSILON, 1), np.clip(p, EPSILON, 1)
        return rows((t * np.log(t / p)).sum(axis=1))

    def cosine(t: Any, p: Any) -> float:
        return rows((t * p).sum(axis=1) / np.linalg.norm(t, axis=1) / np.linalg.norm(p, axis=1))

    return [
        ("mae", lambda t, p: rows(np.abs(t - p))),
        ("mse", lambda t, p: rows((t - p) ** 2)),
        ("RootMeanSquaredError", lambda t, p: rows((t - p) ** 2) ** 0.5),
        ("R2Score", lambda t, p: float(r2_score(t, p))),
        ("MeanSquaredLogarithmicError", lambda t, p: rows((np.log1p(t) - np.log1p(np.maximum(p, EPSILON))) ** 2)),
        ("MeanAbsolutePercentageError", lambda t, p: rows(100 * np.abs(t - p) / np.maximum(np.abs(t), EPSILON))),
        ("LogCoshError", lambda t, p: rows(np.log(np.cosh(p - t)))),
        ("log_cosh", lambda t, p: rows(np.log(np.cosh(p - t)))),
        ("huber", lambda t, p: rows(np.where(np.abs(t - p) <= 1, (t - p) ** 2 / 2, np.abs(t - p) - 0.5))),
        ("Poisson", lambda t, p: rows(p - t * np.log(p + EPSILON))),
        ("KLDivergence", divergence),
        ("CosineSimilarity", cosine),
    ]


def decisions() -> list[tuple[Any, Reference]]:
    """Metrics of yes and no, each unit by itself."""
    import numpy as np

    def entropy(t: Any, p: Any) -> float:
        p = clipped(p)
        return float(np.mean(-(t * np.log(p) + (1 - t) * np.log(1 - p))))

    def focal(t: Any, p: Any) -> float:
        p = clipped(p)
        both = t * p + (1 - t) * (1 - p)
        return float(np.mean(-((1 - both) ** 2) * np.log(both)))

    fine = {"num_thresholds": FINE}
    return [
        ("BinaryAccuracy", lambda t, p: float(((p > 0.5) == t).mean())),
        ({"BinaryAccuracy": {"threshold": 0.3}}, lambda t, p: float(((p > 0.3) == t).mean())),
        ("BinaryIoU", lambda t, p: iou(t, p > 0.5, classes=2)),
        ("Precision", precision),
        ({"Precision": {"thresholds": 0.7}}, lambda t, p: precision(t, p, 0.7)),
        ("Recall", recall),
        ({"Recall": {"thresholds": [0.3]}}, lambda t, p: recall(t, p, 0.3)),
        ("TruePositives", lambda t, p: counts(t, p)[0]),
        ("FalsePositives", lambda t, p: counts(t, p)[1]),
        ("TrueNegatives", lambda t, p: counts(t, p)[2]),
        ("FalseNegatives", lambda t, p: counts(t, p)[3]),
        ({"F1Score": {"threshold": 0.4, "average": "macro"}}, f_score(0.4)),
        ({"FBetaScore": {"threshold": 0.5, "beta": 2.0, "average": "macro"}}, f_score(0.5, beta=2.0)),
        ({"AUC": fine}, area),
        ({"RecallAtPrecision": {"precision": 0.7, **fine}}, best_where(recall, precision, 0.7)),
        ({"PrecisionAtRecall": {"recall": 0.8, **fine}}, best_where(precision, recall, 0.8)),
        ({"SensitivityAtSpecificity": {"specificity": 0.7, **fine}}, best_where(recall, specificity, 0.7)),
        ({"SpecificityAtSensitivity": {"sensitivity": 0.7, **fine}}, best_where(specificity, recall, 0.7)),
        ("BinaryCrossentropy", entropy),
        ("binary_focal_crossentropy", focal),
    ]


def largest() -> list[tuple[Any, Reference]]:
    """Metrics of the largest of several units, and of their probabilities together."""
    import numpy as np

    def entropy(t: Any, p: Any) -> float:
        return float(np.mean(-(t * np.log(clipped(p))).sum(axis=1)))

    def focal(t: Any, p: Any) -> float:
        p = clipped(p)
        return float(np.mean((0.25 * (1 - p) ** 2 * -t * np.log(p)).sum(axis=1)))

    def indices(t: Any, p: Any) -> float:
        return iou(t.argmax(axis=1), p.argmax(axis=1), classes=3)

    one = {"num_classes": 3, "target_class_ids": [0, 1, 2]}
    return [
        ("CategoricalAccuracy", top(1)),
        ({"TopKCategoricalAccuracy": {"k": 2}}, top(2)),
        ({"F1Score": {"average": "macro"}}, f_score(None)),
        ({"FBetaScore": {"average": "macro", "beta": 0.5}}, f_score(None, beta=0.5)),
        ({"OneHotIoU": one}, indices),
        ({"OneHotMeanIoU": {"num_classes": 3}}, indices),
        ({"IoU": one}, indices),
        ({"MeanIoU": {"num_classes": 3}}, indices),
        ("CategoricalCrossentropy", entropy),
        ("categorical_focal_crossentropy", focal),
    ]


def of_indices() -> list[tuple[Any, Reference]]:
    """Metrics of class indices; the references read one-hot vectors."""
    import numpy as np

    one = {"num_classes": 3, "target_class_ids": [0, 1, 2]}

    def indices(t: Any, p: Any) -> float:
        return iou(t.argmax(axis=1), p.argmax(axis=1), classes=3)

    return [
        ("SparseCategoricalAccuracy", top(1)),
        ({"SparseTopKCategoricalAccuracy": {"k": 2}}, top(2)),
        ("SparseCategoricalCrossentropy", lambda t, p: float(np.mean(-np.log(clipped((t * p).sum(axis=1)))))),
        ({"IoU": one}, indices),
        ({"MeanIoU": {"num_classes": 3}}, indices),
    ]


def scores_like() -> list[tuple[Any, Reference]]:
    """Metrics that read what they are given as scores."""
    import numpy as np

    def margin(t: Any, p: Any) -> Any:
        return np.maximum(1 - np.where(t > 0, 1, -1) * p, 0)

    return [
        ("Hinge", lambda t, p: float(margin(t, p).mean())),
        ("SquaredHinge", lambda t, p: float((margin(t, p) ** 2).mean())),
    ]


def categorical_margin(t: Any, p: Any) -> float:
    import numpy as np

    return float(np.mean(np.maximum(((1 - t) * p).max(axis=1) - (t * p).sum(axis=1) + 1, 0)))


def read_by_numpy(name: str, raw: Any) -> Any:
    """What outputs are under a loss: probabilities, or -1 to 1 as 0 to 1."""
    import numpy as np

    if "raw scores" in name and raw.shape[-1] == 1:
        return 1 / (1 + np.exp(-raw))
    if "raw scores" in name:
        powers = np.exp(raw - raw.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)
    return raw


def outputs(units: int, name: str) -> tuple[Any, Any]:
    """Truth (samples, units) of 0 and 1, and what a model that has learnt something puts out under a loss."""
    import numpy as np

    generator = np.random.default_rng(3)
    if units == 1:
        truth = generator.integers(0, 2, (SAMPLES, 1)).astype(np.float32)
    else:
        truth = np.eye(units, dtype=np.float32)[generator.integers(0, units, SAMPLES)]
    raw = (1.2 * (2 * truth - 1) + generator.normal(0, 1.3, truth.shape)).astype(np.float32)
    if "raw scores" in name or "hinge" in name:
        return truth, raw
    return truth, read_by_numpy("raw scores", raw)


def value_under(loss: Any, metric: Any, truth: Any, output: Any, *, mask: Any = None) -> float | None:
    """What a metric says under a loss, or None where it is refused."""
    import keras

    catalogue = keras_catalogue()
    read, read_loss = catalogue.read("metrics", metric), catalogue.read("losses", loss)
    if metric_mistakes(Head(None, read_loss, [read]), width=output.shape[-1]):
        return None
    (built,) = build_metrics([read], read_loss, width=output.shape[-1], facts={})
    half = len(truth) // 2
    for part in (slice(0, half), slice(half, None)):
        one = keras.ops.convert_to_tensor(output[part])
        if mask is not None:
            one._keras_mask = keras.ops.convert_to_tensor(mask[part])
        built.update_state(truth[part], one)
    values = metric_values({"": built.result()})
    assert len(values) == 1
    return next(iter(values.values()))


def refused_and_right(
    losses: Mapping[str, Any], metrics: list[tuple[Any, Reference]], *, units: int, indices: bool = False
) -> dict[str, set[str]]:
    """By loss the metrics that are refused; the value of each other one is that of its reference."""
    refused: dict[str, set[str]] = {}
    for name, loss in losses.items():
        truth, output = outputs(units, name)
        refused[name] = set()
        for metric, reference in metrics:
            called = metric if isinstance(metric, str) else next(iter(metric))
            given = truth.argmax(axis=1) if indices else truth
            value = value_under(loss, metric, given, output)
            if value is None:
                refused[name].add(called)
                continue
            read = read_by_numpy(name, output)
            if name.endswith("hinge") and units == 1 and called not in ORDER:
                read = (output + 1) / 2
            assert value == pytest.approx(reference(truth, read), rel=2e-4, abs=2e-4), (name, metric)
    return refused


ORDER = {
    "AUC",
    "RecallAtPrecision",
    "PrecisionAtRecall",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
    "Hinge",
    "SquaredHinge",
}
VALUES = {"BinaryCrossentropy", "binary_focal_crossentropy"}


def test_metrics_of_two_classes_under_every_loss_for_two_classes() -> None:
    metrics = decisions()
    assert len(metrics) == 20
    refused = refused_and_right(TWO_LOSSES, metrics, units=1)
    assert refused == {name: VALUES if name.endswith("hinge") else set() for name in TWO_LOSSES}


@pytest.mark.parametrize("scale", [0.003, 1.0, 30.0, 1e6])
@pytest.mark.parametrize("loss", ["hinge", "squared hinge"])
def test_an_order_of_scores_is_that_of_scikit_learn_however_large_they_are(loss: str, scale: float) -> None:
    from sklearn.metrics import average_precision_score

    truth, output = outputs(1, "hinge")
    shown = output * scale
    for given in (truth, 2 * truth - 1):
        area_of_metric = value_under(TWO_LOSSES[loss], "AUC", given, shown)
        assert area_of_metric == pytest.approx(area(truth, output), abs=2e-3)
        precise = value_under(TWO_LOSSES[loss], {"AUC": {"curve": "PR"}}, given, shown)
        assert precise == pytest.approx(average_precision_score(truth, output), abs=1e-2)
    at = {"RecallAtPrecision": {"precision": 0.7}}
    assert value_under(TWO_LOSSES[loss], at, truth, shown) == pytest.approx(
        best_where(recall, precision, 0.7)(truth, output), abs=2e-2
    )
    coarse = value_under(TWO_LOSSES[loss], {"AUC": {"num_thresholds": 3}}, truth, shown)
    assert coarse is not None
    assert abs(coarse - area(truth, output)) > 1e-3  # thresholds that are written are taken


def test_metrics_of_numbers_read_probabilities_and_never_scores() -> None:
    metrics = numbers_like()
    kept = [(name, reference) for name, reference in metrics if name != "CosineSimilarity"]
    refused = refused_and_right(TWO_LOSSES, kept, units=1)
    everything = {name for name, _ in kept}
    assert len(everything) == 11
    assert refused == {name: everything if name.endswith("hinge") else set() for name in TWO_LOSSES}
    several = refused_and_right(SEVERAL_LOSSES, metrics, units=3)
    assert several == {name: {*everything, "CosineSimilarity"} if name == "hinge" else set() for name in SEVERAL_LOSSES}


def test_metrics_of_several_classes_under_every_loss_for_one_hot_vectors() -> None:
    refused = refused_and_right(SEVERAL_LOSSES, [*largest(), *decisions()], units=3)
    assert refused["probabilities"] == refused["raw scores"] == refused["focal raw scores"] == set()
    seen = {metric if isinstance(metric, str) else next(iter(metric)) for metric, _ in [*largest(), *decisions()]}
    kept = {"CategoricalAccuracy", "TopKCategoricalAccuracy", "OneHotIoU", "OneHotMeanIoU", "IoU", "MeanIoU"}
    assert refused["hinge"] == seen - kept


def test_metrics_of_class_indices_under_every_loss_for_them() -> None:
    refused = refused_and_right(INDEX_LOSSES, of_indices(), units=3, indices=True)
    assert refused == {name: set() for name in INDEX_LOSSES}
    assert len(of_indices()) == 5


def test_metrics_of_scores_read_what_the_loss_reads() -> None:
    assert not any(refused_and_right(TWO_LOSSES, scores_like(), units=1).values())
    assert not any(refused_and_right(SEVERAL_LOSSES, [("CategoricalHinge", categorical_margin)], units=3).values())


def test_metrics_of_the_largest_are_refused_where_each_value_is_an_answer_of_its_own() -> None:
    names = {metric if isinstance(metric, str) else next(iter(metric)) for metric, _ in largest()}
    refused = refused_and_right({"probabilities": "binary_crossentropy"}, largest(), units=1)["probabilities"]
    assert refused == names
    assert value_under("hinge", "CategoricalHinge", *outputs(1, "hinge")) is None


@pytest.mark.parametrize("loss", ["probabilities", "raw scores"])
def test_places_under_a_mask_count_in_no_metric(loss: str) -> None:
    import numpy as np

    seen = 0
    for losses, metrics, units, indices in (
        (TWO_LOSSES, [*decisions(), *numbers_like()[:8]], 1, False),
        (SEVERAL_LOSSES, [*largest(), *decisions(), *numbers_like()], 3, False),
        (INDEX_LOSSES, of_indices(), 3, True),
    ):
        truth, output = outputs(units, loss)
        mask = np.random.default_rng(0).random(SAMPLES) > 0.4
        read = read_by_numpy(loss, output)
        for metric, reference in metrics:
            given = truth.argmax(axis=1) if indices else truth
            places = (20, SAMPLES // 20)
            value = value_under(
                losses[loss],
                metric,
                given.reshape(*places, *given.shape[1:]),
                output.reshape(*places, units),
                mask=mask.reshape(places),
            )
            wanted = reference(truth[mask], read[mask])
            assert value == pytest.approx(wanted, rel=2e-4, abs=2e-4), metric
            assert value is not None
            seen += 1
    assert seen == 28 + 42 + 5


def test_several_values_of_a_metric_are_told_apart_by_name() -> None:
    catalogue = keras_catalogue()
    truth, output = outputs(1, "probabilities")
    metric = catalogue.read("metrics", {"Precision": {"thresholds": [0.3, 0.5, 0.7]}})
    loss = catalogue.read("losses", "binary_crossentropy")
    (built,) = build_metrics([metric], loss, width=1, facts={})
    built.update_state(truth, output)
    values = metric_values({built.name: built.result()})
    assert values == {f"precision@{each}": pytest.approx(precision(truth, output, each)) for each in (0.3, 0.5, 0.7)}
    assert len({*values.values()}) == 3
    assert Head(None, loss, [metric]).directions == dict.fromkeys(values, "up")

    truth, output = outputs(3, "probabilities")
    metric, loss = catalogue.read("metrics", "F1Score"), catalogue.read("losses", "categorical_crossentropy")
    (built,) = build_metrics([metric], loss, width=3, facts={}, classes=["rose", "lily", "iris"])
    built.update_state(truth, output)
    assert list(metric_values({"f1_score": built.result()})) == ["f1_score@rose", "f1_score@lily", "f1_score@iris"]


@pytest.mark.parametrize(
    ("metric", "loss", "message", "hint"),
    [
        (
            {"BinaryAccuracy": {"threshold": 0.0}},
            {"BinaryCrossentropy": {"from_logits": True}},
            "BinaryAccuracy compares probabilities, also under a loss for raw scores, with 0",
            "write threshold: 0.5 for the raw score 0",
        ),
        (
            {"AUC": {"from_logits": True}},
            "binary_crossentropy",
            "AUC with from_logits reads raw scores, but binary_crossentropy reads probabilities",
            "leave out from_logits",
        ),
        (
            "mae",
            "hinge",
            "mae reads values, but what hinge compares are scores",
            "write accuracy, Precision, AUC or hinge",
        ),
        (
            "F1Score",
            "binary_crossentropy",
            "F1Score expects a number for each class and takes the largest for the answer, but here each number of a sample "
            "is an answer of its own, the probability of yes",
            "write {F1Score: {threshold: 0.5}}",
        ),
        (
            {"FBetaScore": {"beta": 2.0, "average": "macro"}},
            "binary_crossentropy",
            "FBetaScore expects a number for each class and takes the largest for the answer, but here each number of a sample "
            "is an answer of its own, the probability of yes",
            "write {FBetaScore: {beta: 2.0, average: macro, threshold: 0.5}}",
        ),
        (
            "Accuracy",
            "binary_crossentropy",
            "Accuracy counts numbers that are equal, and a probability never is its target",
            "write accuracy",
        ),
    ],
)
def test_a_metric_that_does_not_fit_says_what_to_write(metric: Any, loss: Any, message: str, hint: str) -> None:
    catalogue = keras_catalogue()
    head = Head(None, catalogue.read("losses", loss), [catalogue.read("metrics", metric)])
    assert [(each.message, each.suggestion) for each in metric_mistakes(head)] == [(message, hint)]


@pytest.mark.parametrize(
    ("loss", "width", "there"),
    [
        ("binary_crossentropy", 1, "a sample has one number, the probability of yes"),
        ({"BinaryCrossentropy": {"from_logits": True}}, 1, "a sample has one number, a score for yes"),
        ("mse", 1, "a sample has one number"),
        ("binary_crossentropy", 3, "each number of a sample is an answer of its own, the probability of yes"),
        ("categorical_crossentropy", 3, None),
    ],
)
def test_what_is_there_is_said_where_a_metric_wants_a_number_for_each_class(
    loss: Any, width: int, there: str | None
) -> None:
    catalogue = keras_catalogue()
    head = Head(None, catalogue.read("losses", loss), [catalogue.read("metrics", "f1_score")])
    wanted = "f1_score expects a number for each class and takes the largest for the answer, but here "
    expected = [] if there is None else [wanted + there]
    assert [each.message for each in metric_mistakes(head, width=width)] == expected


def test_yes_and_no_of_each_class_are_judged_by_what_a_softmax_gives_and_not_by_its_logits() -> None:
    import keras
    import numpy as np

    catalogue = keras_catalogue()
    truth, raw = outputs(3, "raw scores")
    loss, metric = catalogue.read("losses", "categorical_crossentropy"), catalogue.read("metrics", "BinaryCrossentropy")
    (built,) = build_metrics([metric], loss, width=3, facts={})
    built.update_state(truth, keras.activations.softmax(keras.ops.convert_to_tensor(raw)))
    p = clipped(read_by_numpy("raw scores", raw))
    wanted = float(np.mean(-(truth * np.log(p) + (1 - truth) * np.log(1 - p))))
    assert float(built.result()) == pytest.approx(wanted, rel=1e-4)


def test_a_metric_that_is_told_to_reads_raw_scores_itself() -> None:
    truth, output = outputs(1, "raw scores")
    loss = TWO_LOSSES["raw scores"]
    plain = value_under(loss, {"AUC": {"num_thresholds": FINE}}, truth, output)
    told = value_under(loss, {"AUC": {"num_thresholds": FINE, "from_logits": True}}, truth, output)
    assert told == pytest.approx(plain, abs=1e-6)
    assert plain == pytest.approx(area(truth, output), abs=1e-4)
