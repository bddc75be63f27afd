"""Step 3, the loss and the metrics: what they need as target and prediction, and whether the four steps fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from dlcli.spec import Facts, KerasObject, KerasThing, snake_case

__all__ = ["Loss", "Metric", "labels_of", "metric_name", "needs"]

Loss = Annotated[KerasObject, KerasThing("losses")]
Metric = Annotated[KerasObject, KerasThing("metrics")]
Needs = Literal["classes", "one_hot", "binary", "numbers"]

NEEDS: dict[str, Needs] = {
    "SparseCategoricalCrossentropy": "classes",
    "CategoricalCrossentropy": "one_hot",
    "CategoricalFocalCrossentropy": "one_hot",
    "CategoricalGeneralizedCrossEntropy": "classes",
    "CategoricalHinge": "one_hot",
    "BinaryCrossentropy": "binary",
    "BinaryFocalCrossentropy": "binary",
    "Hinge": "binary",
    "SquaredHinge": "binary",
}
"""What each loss for classes needs as target; the others compare numbers."""

SPARSE_METRICS = frozenset(
    {"SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy"}
)
CATEGORICAL_METRICS = frozenset(
    {
        "CategoricalAccuracy",
        "CategoricalCrossentropy",
        "TopKCategoricalAccuracy",
        "CategoricalHinge",
        "F1Score",
        "FBetaScore",
        "OneHotIoU",
        "OneHotMeanIoU",
    }
)
BINARY_METRICS = frozenset(
    {
        "BinaryAccuracy",
        "BinaryCrossentropy",
        "AUC",
        "Precision",
        "Recall",
        "TruePositives",
        "TrueNegatives",
        "FalsePositives",
        "FalseNegatives",
        "PrecisionAtRecall",
        "RecallAtPrecision",
        "SensitivityAtSpecificity",
        "SpecificityAtSensitivity",
        "BinaryIoU",
    }
)
FROM_LOGITS: Mapping[str, Any] = {"from_logits": True}
POSITIVE: Mapping[str, Any] = {"thresholds": 0.0}
RAW_SCORES: Mapping[str, Mapping[str, Any]] = {
    "AUC": FROM_LOGITS,
    "BinaryAccuracy": {"threshold": 0.0},
    "BinaryCrossentropy": FROM_LOGITS,
    "BinaryIoU": {"threshold": 0.0},
    "CategoricalCrossentropy": FROM_LOGITS,
    "FalseNegatives": POSITIVE,
    "FalsePositives": POSITIVE,
    "Precision": POSITIVE,
    "Recall": POSITIVE,
    "SparseCategoricalCrossentropy": FROM_LOGITS,
    "TrueNegatives": POSITIVE,
    "TruePositives": POSITIVE,
}
"""What makes a metric read raw scores instead of probabilities: an argument, or 0 in the place of one half."""
GREATER_IS_BETTER = (
    "accuracy",
    "auc",
    "precision",
    "recall",
    "f1",
    "f_beta",
    "fbeta",
    "iou",
    "io_u",
    "r2",
    "correlation",
    "sensitivity",
    "specificity",
    "true_positives",
    "true_negatives",
    "acc",
    "cosine_similarity",
)


def needs(loss: KerasObject) -> Needs:
    """What the loss needs as target."""
    return NEEDS.get(loss.name, "numbers")


def labels_of(loss: KerasObject) -> Needs | None:
    """What the data section is told of the target: a loss that can compare anything says nothing."""
    if loss.name in {"Dice", "Tversky", "Circle", "CTC", "KLDivergence", "CosineSimilarity"}:
        return None
    return needs(loss)


def metric_name(metric: KerasObject) -> str:
    """The name under which a metric's values are reported: the one that was written, or Keras's own."""
    given = metric.arguments.get("name")
    if given is not None:
        return str(given)
    if metric.written != metric.name or metric.written[0].islower():
        return {"acc": "accuracy"}.get(metric.written, metric.written)
    keras_names = {
        "AUC": "auc",
        "FBetaScore": "fbeta_score",
        "LogCoshError": "logcosh",
        "R2Score": "r2_score",
        "MeanIoU": "mean_io_u",
    }
    return keras_names.get(metric.name, snake_case(metric.name))


def greater_is_better(monitor: str, metrics: Sequence[KerasObject] = ()) -> bool:
    """Whether more of a monitored value is better; less is better of every loss and error.

    A metric of `metrics` that has a name of its own is judged by what it is.
    """
    name = monitor.removeprefix("val_")
    for metric in metrics:
        if metric_name(metric) == name:
            name = metric_name(replace(metric, written=metric.name, arguments={}))
    return any(word in name for word in GREATER_IS_BETTER) and "error" not in name and name != "loss"


def build_metrics(metrics: Sequence[KerasObject], loss: KerasObject, *, width: int, facts: Facts) -> list[Any]:
    """The metrics as Keras objects; `accuracy` becomes the one that reads this loss's target and prediction.

    `width` is the number of values the model puts out a sample. Under a loss for raw scores, metrics that can read raw
    scores do so.
    """
    import keras

    built = []
    for metric in metrics:
        name = metric_name(metric)
        if metric.written in {"accuracy", "acc"}:
            built.append(accuracy(loss, width=width))
        elif isinstance(metric.made_by(), type):
            of_scores = RAW_SCORES.get(metric.name, {}) if logits(loss) else {}
            built.append(metric.made_by()(**{**of_scores, **metric.values(facts), "name": name}))
        else:
            built.append(keras.metrics.MeanMetricWrapper(metric.made_by(), name=name))
    return built


def logits(loss: KerasObject) -> bool:
    """Whether the loss takes raw scores instead of probabilities."""
    return bool(loss.arguments.get("from_logits", False))


def accuracy(loss: KerasObject, *, width: int) -> Any:
    """The share of right predictions, read the way this loss reads target and prediction.

    A raw score is compared with 0, a probability with one half.
    """
    import keras

    need = needs(loss)
    if need == "classes":
        return keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    if need == "one_hot" or (need == "numbers" and width > 1):
        return keras.metrics.CategoricalAccuracy(name="accuracy")
    threshold = 0.0 if logits(loss) or loss.name in {"Hinge", "SquaredHinge"} else 0.5
    return keras.metrics.BinaryAccuracy(name="accuracy", threshold=threshold)
