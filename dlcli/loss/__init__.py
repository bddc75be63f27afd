"""Step 3, the loss and the metrics: what they need as target and prediction, and whether the four steps fit together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from dlcli.spec import Facts, KerasObject, Labels, keras_thing, snake_case

__all__ = ["Loss", "Metric", "labels_of", "metric_name", "needs"]

Loss = Annotated[KerasObject, keras_thing("losses")]
Metric = Annotated[KerasObject, keras_thing("metrics")]
Direction: TypeAlias = Literal["up", "down"]
"""Whether more or less of a value is better."""


def needs(loss: KerasObject) -> Labels | None:
    """What the loss compares with: class indices, one-hot vectors, 0 and 1, numbers; None of a plugin that does not say.

    A loss that can compare anything compares number by number.
    """
    target: Any = loss.traits.get("target")
    return "numbers" if target == "any" else target


def labels_of(loss: KerasObject) -> Labels | None:
    """What the data section is told of the target: a loss that can compare anything says nothing."""
    target: Any = loss.traits.get("target")
    return None if target == "any" else target


def reads_scores(loss: KerasObject) -> bool:
    """Whether the loss takes scores of which the sign decides, with targets of -1 and 1, as hinge losses do."""
    return loss.traits.get("reads") == "scores"


def reads_probabilities(loss: KerasObject) -> bool:
    """Whether the loss takes probabilities, or what becomes probabilities."""
    return loss.traits.get("reads") == "probabilities"


def logits(loss: KerasObject) -> bool:
    """Whether the loss takes raw scores instead of probabilities."""
    return bool(loss.arguments.get("from_logits", False))


def metric_name(metric: KerasObject) -> str:
    """The name under which a metric's values are reported: the one that was written, or Keras's own."""
    given = metric.arguments.get("name")
    if given is not None:
        return str(given)
    if metric.written != metric.name or metric.written[0].islower():
        return {"acc": "accuracy"}.get(metric.written, metric.written)
    return str(metric.traits.get("reported") or snake_case(metric.name))


def direction_of(metric: KerasObject) -> Direction | None:
    """Whether more or less of a metric is better; None of a plugin that does not say."""
    direction: Direction | None = metric.traits.get("direction")
    return direction


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
            of_scores = metric.traits.get("scores", {}) if logits(loss) else {}
            built.append(metric.made_by()(**{**of_scores, **metric.values(facts), "name": name}))
        else:
            built.append(keras.metrics.MeanMetricWrapper(metric.made_by(), name=name))
    return built


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
    threshold = 0.0 if logits(loss) or (need == "binary" and reads_scores(loss)) else 0.5
    return keras.metrics.BinaryAccuracy(name="accuracy", threshold=threshold)
