"""The trivial baseline: what a model reaches that gives every sample the same answer, learnt from the training targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data.schema import TargetSchema
from dlcli.loss import build_metrics, metric_name, metric_values, needs
from dlcli.loss.counting import masked_output
from dlcli.loss.losses import build_loss
from dlcli.loss.target_loss import Head
from dlcli.training.constant import untied
from dlcli.training.constant_answer import learnt_answer, output_size, widened
from dlcli.training.counted import counted_target
from dlcli.training.engine.measure import Measure
from dlcli.training.setup.experiment import Experiment, output_shape
from dlcli.training.setup.feed import Feed
from dlcli.training.setup.weights import Weights

if TYPE_CHECKING:
    import numpy as np


def trivial_baseline(experiment: Experiment, split: str | None = None) -> dict[str, Any]:
    """`{"method", "split", "metrics"}`: loss and metrics of the constant answer on a split: that of validation, else training.

    The answer is the one that costs least in training: mostly how often each class occurs, whose largest is the majority class,
    or a mean. The loss of several targets is their weighed sum. What the loss does not count counts neither here nor there, and
    samples that weigh differently do so in both. Empty where the model's output has another form.
    """
    split = split or judged_split(experiment)
    total, metrics, methods = 0.0, dict[str, float](), []
    counted = counted_targets(experiment, "train")
    judged = counted if split == "train" else counted_targets(experiment, split)
    for head, target in zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True):
        weights = learnt_weights(experiment, target, counted[target.name])
        answer = learnt_answer(experiment, head, target, weights)
        if answer is None:
            return {}
        loss, own = measured(experiment, head, target, answer.values, split=split, counted=judged[target.name])
        total += head.weight * loss
        if head.own_loss is not None:
            metrics[head.own_loss] = loss
        metrics |= own
        methods.append(answer.method)
    return {"method": " and ".join(dict.fromkeys(methods)), "split": split, "metrics": {"loss": total, **metrics}}


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


def learnt_weights(
    experiment: Experiment, schema: TargetSchema, counted: np.ndarray[Any, Any] | None
) -> np.ndarray[Any, Any] | None:
    """How much each place (samples, …) of the training target counts where the weights of samples are those of a column."""
    import numpy as np

    feed = experiment.splits["train"]
    if feed.weights is None:
        return counted
    weights = np.asarray(place_weights_of(schema, feed.target(schema.name), feed.weights), np.float64)
    if counted is None:
        return weights
    axes = max(weights.ndim, counted.ndim)
    return widened(weights, axes) * widened(counted, axes)


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
    feed, facts = experiment.splits[split], experiment.facts
    return measured_constant(feed, head, schema, answer, model=experiment.model, facts=facts, counted=counted)


def measured_constant(
    feed: Feed,
    head: Head,
    schema: TargetSchema,
    answer: np.ndarray[Any, Any],
    *,
    model: Any,
    facts: Mapping[str, int],
    counted: np.ndarray[Any, Any] | None = None,
) -> tuple[float, dict[str, float]]:
    """The same on a feed, of the form that a model has."""
    shape = [size or 1 for size in output_shape(model, head.name)]
    ranked = untied(answer) if needs(head.loss) in {"classes", "one_hot"} else answer

    def said(rows: slice, count: int) -> tuple[Any, Any]:
        kept = None if counted is None else counted[rows]
        return repeated(answer, count, shape, counted=kept), repeated(ranked, count, shape, counted=kept)

    return measured_on(feed, head, schema, said, model=model, facts=facts, counted=counted)


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
    feed, facts = experiment.splits[split], experiment.facts
    return measured_on(feed, head, schema, said, model=experiment.model, facts=facts, counted=counted)


def measured_on(
    feed: Feed,
    head: Head,
    schema: TargetSchema,
    said: Callable[[slice, int], tuple[Any, Any]],
    *,
    model: Any,
    facts: Mapping[str, int],
    counted: np.ndarray[Any, Any] | None = None,
) -> tuple[float, dict[str, float]]:
    """Loss and metrics of answers to the samples of a feed, of the form that a model has."""
    shape = [size or 1 for size in output_shape(model, head.name)]
    target, void = feed.target(schema.name), schema.has_void
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
