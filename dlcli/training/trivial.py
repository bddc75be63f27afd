"""The trivial baseline: what a model reaches that gives every sample the same answer, learnt from the training targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.schema import TargetSchema
from dlcli.loss import build_metrics, logits, metric_name, metric_values, needs, reads_scores
from dlcli.loss.counting import masked_output
from dlcli.loss.losses import build_loss
from dlcli.loss.target_loss import Head
from dlcli.spec import KerasObject
from dlcli.training.constant import constant_number, constant_scores, untied, weighted_mean
from dlcli.training.counted import counted_target
from dlcli.training.engine.measure import Measure
from dlcli.training.setup.experiment import Experiment, output_shape
from dlcli.training.setup.weights import Weights

if TYPE_CHECKING:
    import numpy as np

SMALLEST = 1e-7


def trivial_baseline(experiment: Experiment, split: str | None = None) -> dict[str, Any]:
    """`{"method", "split", "metrics"}`: loss and metrics of the constant answer on a split: that of validation, else training.

    The answer is how often each class occurs, whose largest is the majority class; or the number that costs least. The loss
    of several targets is their weighed sum. What the loss does not count counts neither here nor there. Empty where the model's
    output has another form.
    """
    split = split or judged_split(experiment)
    total, metrics, methods = 0.0, dict[str, float](), []
    counted = counted_targets(experiment, "train")
    judged = counted if split == "train" else counted_targets(experiment, split)
    for head, target in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True):
        answer = fitting_answer(experiment, head, target, counted[target.name])
        if answer is None:
            return {}
        loss, own = measured(experiment, head, target, answer, split=split, counted=judged[target.name])
        total += head.weight * loss
        if head.name is not None:
            metrics[head.reported("loss")] = loss
        metrics |= own
        methods.append(answer_name(head.loss))
    return {"method": " and ".join(dict.fromkeys(methods)), "split": split, "metrics": {"loss": total, **metrics}}


def answer_name(loss: KerasObject) -> str:
    """What the constant answer under a loss is called."""
    if needs(loss) != "numbers":
        return "majority class"
    names = {
        "median": "median",
        "relative_median": "weighted median",
        "log_mean": "mean of logarithms",
        "search": "best constant",
    }
    return names.get(loss.traits.get("constant", "mean"), "mean")


def judged_split(experiment: Experiment) -> str:
    """The split on which answers are compared."""
    return "validation" if "validation" in experiment.splits else "train"


def counted_targets(experiment: Experiment, split: str) -> dict[str, np.ndarray[Any, Any] | None]:
    """By target which places (samples, …) of a split count: not those of a mask or a void label; None where all do."""
    feed = experiment.splits[split]
    masks = Measure(experiment.model).masks(feed)
    return {
        each.name: counted_target(each, feed.target(each.name), masks.get(each.name))
        for each in experiment.dataset.schema.targets
    }


def fitting_answer(
    experiment: Experiment, head: Head, target: TargetSchema, weights: np.ndarray[Any, Any] | None
) -> np.ndarray[Any, Any] | None:
    """The constant answer, or None where the model's output has another form."""
    shape = output_shape(experiment.model, head.name)
    if None in shape or needs(head.loss) in {None, "nothing"}:
        return None
    answer = constant_answer(experiment, head, target, weights=weights)
    return answer if answer.size in {output_size(shape), shape[-1] if shape else 1} or not answer.ndim else None


def constant_answer(
    experiment: Experiment, head: Head, schema: TargetSchema, *, weights: np.ndarray[Any, Any] | None = None
) -> np.ndarray[Any, Any]:
    """One sample's answer, as the loss reads it: probabilities, raw scores or numbers.

    `weights` (samples, …) say how much each place of the training target counts.
    """
    import numpy as np

    loss, train = head.loss, experiment.splits["train"].target(schema.name)
    need, shape = needs(loss), output_shape(experiment.model, head.name)
    if need == "classes":
        width = shape[-1]
        places = np.ones(train.shape) if weights is None else weights.reshape(train.shape)
        counts = np.bincount(np.maximum(train, 0).ravel(), weights=places.ravel(), minlength=width or 1)
        answer = counts / max(counts.sum(), 1)
    elif need == "numbers":
        dense = (train, weights) if schema.classes is None else of_places(schema, train, weights, shape)
        return np.asarray(constant_number(loss, *dense))
    else:
        answer = weighted_mean(*of_places(schema, train, weights, shape))
        if need == "one_hot":  # a place that never counts has an answer too: Keras divides by the sum of its classes
            answer = np.where(answer.sum(axis=-1, keepdims=True) > 0, answer, 1 / answer.shape[-1])
    if need == "one_hot" and reads_scores(loss):
        return constant_scores(answer)
    if need == "binary" and reads_scores(loss):
        chance = (answer + 1) / 2 if schema.classes is None and train.min() < 0 else answer
        signs = loss.traits.get("constant") == "sign"
        return np.asarray(np.where(chance > 0.5, 1.0, -1.0) if signs else 2 * chance - 1)
    if logits(loss):
        clipped = np.clip(answer, SMALLEST, 1 - SMALLEST)
        return np.asarray(np.log(clipped / (1 - clipped)) if need == "binary" else np.log(clipped))
    return np.asarray(answer)


def of_places(
    schema: TargetSchema,
    target: np.ndarray[Any, Any],
    weights: np.ndarray[Any, Any] | None,
    output: tuple[int | None, ...],
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any] | None]:
    """A target (samples, …) with its weights as one of places (places, …): those of all samples have one answer together.

    A place has a label, or a vector of as many as the model has units there.
    """
    import numpy as np

    labels = (schema.classes is not None and not schema.is_one_hot) or target.ndim <= len(output)
    axes = target.ndim if labels else target.ndim - 1
    wide = None if weights is None else np.broadcast_to(widened(weights, axes), target.shape[:axes]).reshape(-1)
    return target.reshape(-1, *target.shape[axes:]), wide


def widened(weights: np.ndarray[Any, Any], axes: int) -> np.ndarray[Any, Any]:
    """Weights (samples, …) with as many axes."""
    return weights.reshape(*weights.shape, *[1] * (axes - weights.ndim))


def measured(
    experiment: Experiment,
    head: Head,
    schema: TargetSchema,
    answer: np.ndarray[Any, Any],
    *,
    split: str,
    counted: np.ndarray[Any, Any] | None = None,
) -> tuple[float, dict[str, float]]:
    """Loss and metrics of the constant answer on a split, at the places (samples, …) that count."""
    shape = [size or 1 for size in output_shape(experiment.model, head.name)]
    ranked = untied(answer) if needs(head.loss) in {"classes", "one_hot"} else answer

    def said(rows: slice, count: int) -> tuple[Any, Any]:
        kept = None if counted is None else counted[rows]
        return repeated(answer, count, shape, counted=kept), repeated(ranked, count, shape, counted=kept)

    return measured_answers(experiment, head, schema, said, split=split, counted=counted)


def measured_answers(
    experiment: Experiment,
    head: Head,
    schema: TargetSchema,
    said: Callable[[slice, int], tuple[Any, Any]],
    *,
    split: str,
    counted: np.ndarray[Any, Any] | None = None,
) -> tuple[float, dict[str, float]]:
    """Loss and metrics of answers on a split. `said` gives those of a slice of so many samples, for the loss and for metrics."""
    shape = [size or 1 for size in output_shape(experiment.model, head.name)]
    feed = experiment.splits[split]
    target = feed.target(schema.name)
    void, facts = bool(schema.void), experiment.facts
    built = build_metrics(
        head.metrics,
        head.loss,
        width=(shape or [1])[-1],
        facts=facts,
        classes=schema.names_of_units,
        void=void,
        scale=schema.scale,
    )
    loss, total, weight = build_loss(head.loss, facts, void=void), 0.0, 0.0
    for rows in row_slices(len(target), shape):
        part = target[rows]
        predicted, ordered = said(rows, len(part))
        size = len(part) if counted is None else float(counted[rows].sum())
        own = None if feed.weights is None else place_weights_of(schema, part, feed.weights[rows])
        total, weight = total + float(loss(part, predicted, sample_weight=own)) * size, weight + size
        for made in built:
            made.update_state(part, ordered)
    values = {
        head.reported(metric_name(metric)): made.result() for metric, made in zip(head.metrics, built, strict=True)
    }
    return total / max(weight, 1), metric_values(values)


def place_weights_of(schema: TargetSchema, target: np.ndarray[Any, Any], own: np.ndarray[Any, Any]) -> Any:
    """The weights of some samples (samples, …) as those of the places of a target (samples, …)."""
    import tensorflow as tf

    return Weights([schema], {}, None).of_target(schema, tf.constant(target), tf.constant(own))


def repeated(
    answer: np.ndarray[Any, Any], count: int, shape: Sequence[int], *, counted: np.ndarray[Any, Any] | None = None
) -> Any:
    """The constant answer for some samples (count, …), with the mask of those places that count where some do not."""
    import numpy as np

    one = answer.reshape(shape) if answer.size == output_size(shape) else answer
    predicted: Any = np.broadcast_to(one, (count, *shape)).astype(np.float32)
    return predicted if counted is None else masked_output(predicted, counted)


def row_slices(samples: int, shape: Sequence[int]) -> Iterator[slice]:
    """The samples in parts whose outputs of a shape fit in memory."""
    rows = max(1, LARGEST // max(output_size(shape), 1))  # unseen: time and memory alone
    return (slice(start, start + rows) for start in range(0, samples, rows))


LARGEST = 1 << 24  # unseen: time and memory alone
"""Values that are predicted at a time."""


def output_size(shape: Sequence[int | None]) -> int:
    """Values in one sample's output; 0 where the shape is open."""
    total = 1
    for size in shape:
        total *= size or 0
    return total
