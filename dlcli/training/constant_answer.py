"""The answer that a model would give to every sample alike, as its loss reads it, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.data.schema import TargetSchema
from dlcli.loss import logits, needs, reads_scores, smoothing
from dlcli.loss.target_loss import Head
from dlcli.spec import KerasObject
from dlcli.training.cheapest import cheapest_answer
from dlcli.training.constant import (
    constant_number,
    constant_scores,
    mean_direction,
    searched,
    weighted_mean,
    widened_weights,
)
from dlcli.training.setup.experiment import Experiment, output_shape

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

SMALLEST = 1e-7
MAJORITY = "majority class"
BEST = "best constant"
NAMES = {
    "mean": "mean",
    "median": "median",
    "relative_median": "weighted median",
    "log_mean": "mean of logarithms",
    "direction": "mean direction",
}
"""What the answer to numbers is called, by how it is found."""
MOST_ROWS = 1 << 13  # unseen: time and memory alone
"""Targets that are no labels of which a loss is asked; of more every how many-th."""


@dataclass(frozen=True)
class ConstantAnswer:
    """One sample's answer, as the loss reads it (probabilities, raw scores or numbers), and what it is called."""

    values: Array
    method: str


def fitting_answer(
    head: Head, target: TargetSchema, values: Array, shape: tuple[int | None, ...], *, weights: Array | None
) -> ConstantAnswer | None:
    """The constant answer to a target (samples, …), or None where the model's output, `shape` a sample, has another form."""
    if None in shape or needs(head.loss) in {None, "nothing"}:
        return None
    answer = constant_answer(head.loss, target, values, shape, weights=weights)
    size, units = answer.values.size, shape[-1] if shape else 1
    return answer if size in {output_size(shape), units} or not answer.values.ndim else None


def learnt_answer(
    experiment: Experiment, head: Head, target: TargetSchema, weights: Array | None
) -> ConstantAnswer | None:
    """The constant answer that is learnt from the training split."""
    values = experiment.splits["train"].target(target.name)
    return fitting_answer(head, target, values, output_shape(experiment.model, head.name), weights=weights)


def constant_answer(
    loss: KerasObject,
    schema: TargetSchema,
    train: Array,
    shape: tuple[int | None, ...],
    *,
    weights: Array | None = None,
) -> ConstantAnswer:
    """The answer that costs least to a target (samples, …), each place (samples, …) of which counts by its weight.

    `shape` is that of one sample's output.
    """
    match needs(loss):
        case "classes":
            return of_classes(loss, train, weights, shape[-1] or 1 if shape else 1)
        case "one_hot":
            return of_one_hot(loss, *of_places(schema, train, weights, shape))
        case "binary":
            return of_yes_or_no(loss, *of_places(schema, train, weights, shape), signs=schema.classes is None)
    if loss.traits.get("shapes") == "sequences":
        return of_sequences(loss, train, weights, shape, void=schema.has_void)
    if is_joined(loss):
        return of_joined(loss, train, shape, void=schema.has_void)
    # Masks are one answer for all places, as labels are; numbers such as those of pictures have one for each.
    alike = schema.classes is not None or (len(shape) > 1 and is_yes_or_no(train, weights))
    return of_numbers(loss, *(of_places(schema, train, weights, shape) if alike else (train, weights)))


def of_classes(loss: KerasObject, train: Array, weights: Array | None, width: int) -> ConstantAnswer:
    """The answer to indices of classes (samples, …)."""
    import numpy as np

    places = None if weights is None else widened_weights(train, weights).ravel()
    counts = np.bincount(np.maximum(train, 0).ravel(), weights=places, minlength=width)
    shares = counts / max(counts.sum(), 1e-12)
    if loss.traits.get("constant") == "mean":
        return in_form(loss, shares, MAJORITY)
    classes = np.arange(len(counts))
    found = cheapest_answer(loss, classes, counts, [shares, powers(shares)], form="shares", raw=logits(loss))
    return ConstantAnswer(found, BEST)


def powers(shares: Array) -> Array:
    """Shares (classes,) squared: to begin with where a loss is content to be right about the frequent ones."""
    import numpy as np

    return np.asarray(shares**2 / max((shares**2).sum(), 1e-12))


def of_one_hot(loss: KerasObject, train: Array, weights: Array | None) -> ConstantAnswer:
    """The answer to vectors (places, …, classes) of a 1 among zeros, or of shares."""
    import numpy as np

    shares = weighted_mean(train, weights)
    # A place that never counts has an answer too: Keras divides by the sum of its classes.
    shares = np.where(shares.sum(axis=-1, keepdims=True) > 0, shares, 1 / shares.shape[-1])
    hard = is_yes_or_no(train, weights)
    if reads_scores(loss):
        return ConstantAnswer(constant_scores(shares), MAJORITY)
    if loss.traits.get("constant") == "mean":
        return in_form(loss, smoothed(loss, shares, shares.shape[-1]), MAJORITY if hard else "mean")
    # Of vectors of a 1 among zeros those that there are tell all.
    told: tuple[Array, Array | None] = (np.eye(shares.size), shares)
    target, counts = told if hard and shares.ndim == 1 else some_of(train, weights)
    start = [shares, smoothed(loss, shares, shares.shape[-1]), powers(shares)] if shares.ndim == 1 else [shares]
    found = cheapest_answer(loss, target.astype(np.float32), counts, start, form="shares", raw=logits(loss))
    return ConstantAnswer(found, BEST)


def of_yes_or_no(loss: KerasObject, train: Array, weights: Array | None, *, signs: bool) -> ConstantAnswer:
    """The answer to numbers (places, …) of yes and no, 0 and 1 or -1 and 1, or to how likely a yes is."""
    import numpy as np

    share, way = weighted_mean(train, weights), loss.traits.get("constant")
    if reads_scores(loss):
        chance = (share + 1) / 2 if signs and train.min() < 0 else share
        if way == "sign":
            return ConstantAnswer(np.where(chance > 0.5, 1.0, -1.0), MAJORITY)
        return ConstantAnswer(np.asarray(2 * chance - 1), BEST)
    if way == "mean":
        return in_form(loss, smoothed(loss, share, 2), MAJORITY if is_yes_or_no(train, weights) else "mean")
    if is_yes_or_no(train, weights):  # two rows tell all of it
        target = np.stack([np.zeros_like(share), np.ones_like(share)])
        counts = np.stack([1 - share, share])
    else:
        target, counts = some_with_weights(train, weights)
    columns = target.reshape(len(target), -1)
    found = searched(loss, columns, counts.reshape(columns.shape), between=(SMALLEST, 1 - SMALLEST), raw=logits(loss))
    return in_form(loss, found.reshape(share.shape), BEST)


def of_sequences(
    loss: KerasObject, train: Array, weights: Array | None, shape: Sequence[int | None], *, void: bool
) -> ConstantAnswer:
    """The scores (classes,) of every step for labels (samples, places) that the loss itself aligns; class 0 is the blank."""
    import numpy as np

    steps, units = (size or 1 for size in shape[-2:])
    target, counts = some_of(train, weights)
    labels = np.bincount(target[target > 0].ravel().astype(np.int64), minlength=units)[:units].astype(np.float64)
    labels[0] = max(len(target) * steps - labels.sum(), 1)  # a step has a label or the blank
    shares = labels / labels.sum()
    starts = [shares, powers(shares), np.full(units, 1 / units)]
    found = cheapest_answer(loss, target, counts, starts, form="shares", raw=True, void=void, steps=steps)
    return ConstantAnswer(found, BEST)


def of_joined(loss: KerasObject, train: Array, shape: Sequence[int | None], *, void: bool) -> ConstantAnswer:
    """The answer under a loss that is one of all places (samples, …) together."""
    import numpy as np

    units = shape[-1] or 1 if shape else 1
    target = (train if train.ndim > len(shape) else train[..., None]).astype(np.float32)
    counted = target.reshape(-1, target.shape[-1])
    share = np.clip(counted.mean(axis=0), 0, 1) if target.shape[-1] == units else np.full(units, 0.5)
    shares = units > 1 and bool(np.isin(counted.sum(axis=-1), [0, 1]).all())
    starts = [share, np.ones(units) / units if shares else np.ones(units)]
    found = cheapest_answer(loss, target, None, starts, form="shares" if shares else "each", void=void)
    return ConstantAnswer(found, BEST)


def of_numbers(loss: KerasObject, train: Array, weights: Array | None) -> ConstantAnswer:
    """The answer to numbers (samples, …)."""
    import numpy as np

    way = loss.traits.get("constant")
    if way == "direction":
        return ConstantAnswer(mean_direction(train, weights, axis=loss.arguments.get("axis", -1)), NAMES["direction"])
    if way == "shares":
        if train.ndim > 1 and train.shape[-1] > 1 and np.allclose(train.sum(axis=-1), 1, atol=0.02):
            return ConstantAnswer(weighted_mean(train, weights), MAJORITY if is_yes_or_no(train, weights) else "mean")
        target, wide = some_with_weights(train, weights)
        columns = target.reshape(len(target), -1)
        found = searched(loss, columns, wide.reshape(columns.shape), between=(0.0, 1.0))
        return ConstantAnswer(found.reshape(target.shape[1:]), BEST)
    if way is not None:
        return ConstantAnswer(constant_number(loss, train, weights), NAMES.get(way, BEST))
    mean = weighted_mean(train, weights)
    if loss.traits.get("shapes"):  # target and output are of other kinds: nothing can be asked of a constant
        return ConstantAnswer(mean, "mean")
    target, counts = some_of(train, weights)
    starts = [mean, np.median(target, axis=0), *np.quantile(target, QUANTILES, axis=0)]
    return ConstantAnswer(cheapest_answer(loss, target, counts, starts, form="numbers"), BEST)


QUANTILES = [0.01, *(step / 20 for step in range(1, 20)), 0.99]  # unseen: where a descent begins alone


def in_form(loss: KerasObject, chance: Array, method: str) -> ConstantAnswer:
    """Probabilities as the loss reads them."""
    import numpy as np

    if not logits(loss):
        return ConstantAnswer(np.asarray(chance), method)
    clipped = np.clip(chance, SMALLEST, 1 - SMALLEST)
    scores = np.log(clipped / (1 - clipped)) if needs(loss) == "binary" else np.log(clipped)
    return ConstantAnswer(np.asarray(scores), method)


def smoothed(loss: KerasObject, shares: Array, classes: int) -> Array:
    """Shares (…) as a loss sees them that smooths its labels."""
    share = smoothing(loss)
    return shares * (1 - share) + share / classes


def is_joined(loss: KerasObject) -> bool:
    """Whether a loss is one of all places together, not the mean of theirs."""
    return loss.traits.get("constant") == "joined"


def is_yes_or_no(values: Array, weights: Array | None) -> bool:
    """Whether all values (samples, …) are 0 and 1, of places (samples, …) that weigh nothing whatever stands there."""
    plain = (values == 0) | (values == 1)
    if weights is not None:
        plain |= widened_weights(values, weights) == 0
    return bool(plain.all())


def some_of(target: Array, weights: Array | None) -> tuple[Array, Array | None]:
    """Some thousand targets (samples, …) with their weights, those that count."""
    if weights is not None:
        counted = weights.reshape(len(weights), -1).any(axis=1)
        target, weights = target[counted], weights[counted]
    every = max(1, len(target) // MOST_ROWS)
    return target[::every], None if weights is None else weights[::every]


def some_with_weights(target: Array, weights: Array | None) -> tuple[Array, Array]:
    """Some thousand targets (samples, …) with a weight of each number."""
    import numpy as np

    some, counts = some_of(target, weights)
    return some, np.ones(some.shape) if counts is None else widened_weights(some, counts)


def of_places(
    schema: TargetSchema, target: Array, weights: Array | None, output: tuple[int | None, ...]
) -> tuple[Array, Array | None]:
    """A target (samples, …) with its weights as one of places (places, …): those of all samples have one answer together.

    A place has a label, or a vector of as many as the model has units there.
    """
    import numpy as np

    labels = (schema.classes is not None and not schema.is_one_hot) or target.ndim <= len(output)
    axes = target.ndim if labels else target.ndim - 1
    wide = None if weights is None else np.broadcast_to(widened(weights, axes), target.shape[:axes]).reshape(-1)
    return target.reshape(-1, *target.shape[axes:]), wide


def widened(weights: Array, axes: int) -> Array:
    """Weights (samples, …) with as many axes."""
    return weights.reshape(*weights.shape, *[1] * (axes - weights.ndim))


def output_size(shape: Sequence[int | None]) -> int:
    """Values in one sample's output; 0 where the shape is open."""
    total = 1
    for size in shape:
        total *= size or 0
    return total
