"""The one number that costs least as the answer for all samples, under a loss that compares numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlcli.loss.losses import build_loss
from dlcli.spec import KerasObject

if TYPE_CHECKING:
    import numpy as np

Array = Any
SMALLEST = 1e-7
"""Keras takes a target that is nearer to 0 for this in relative and logarithmic errors."""
MOST = 1 << 22  # unseen: time and memory alone
"""Numbers that a median is sought among; of more every how many-th sample."""
STEPS = 48  # unseen: more than 32 bits tell apart
GOLDEN = 0.6180339887498949  # unseen: how fast it narrows alone


def weighted_mean(values: Array, weights: Array | None) -> Array:
    """The mean over the samples (samples, …); 0 at a place that never counts."""
    import numpy as np

    if weights is None:
        return np.asarray(values.mean(axis=0, dtype=np.float64))
    wide = widened_weights(values, weights)
    total = np.sum(wide, axis=0)
    return np.asarray(np.sum(values * wide, axis=0) / np.where(total > 0, total, 1))


def constant_number(loss: KerasObject, values: np.ndarray[Any, Any], weights: np.ndarray[Any, Any] | None) -> Array:
    """The answer (…) that costs least for targets (samples, …), each place of which counts by its weight (samples, …).

    The mean under squares; a median under absolute errors, of which relative ones weigh small targets more.
    """
    import numpy as np

    way = loss.traits.get("constant", "mean")
    if way == "mean":
        return weighted_mean(values, weights)
    if way == "log_mean":
        return np.expm1(weighted_mean(np.log1p(np.maximum(values, SMALLEST)), weights))
    every = max(1, values.size // MOST)
    flat = values[::every].reshape(len(values[::every]), -1).astype(np.float64)
    counted = np.ones_like(flat) if weights is None else widened_weights(values, weights)[::every].reshape(flat.shape)
    if way == "relative_median":
        counted = counted / np.maximum(np.abs(flat), SMALLEST)
    answer = searched(loss, flat, counted) if way == "search" else weighted_median(flat, counted)
    return answer.reshape(values.shape[1:])


def widened_weights(values: np.ndarray[Any, Any], weights: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Weights (samples, …) of places as those of all numbers (samples, …)."""
    import numpy as np

    narrow = weights.astype(np.float64).reshape(*weights.shape, *[1] * (values.ndim - weights.ndim))
    return np.broadcast_to(narrow, values.shape)


def weighted_median(values: np.ndarray[Any, Any], weights: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The median (columns,) of each column (samples, columns), in the middle where two numbers do equally."""
    import numpy as np

    order = np.argsort(values, axis=0, kind="stable")
    ordered, reached = np.take_along_axis(values, order, 0), np.cumsum(np.take_along_axis(weights, order, 0), axis=0)
    half = reached[-1] / 2
    near = half * 1e-12
    low = np.argmax(reached >= half - near, axis=0)
    high = np.argmax(reached > half + near, axis=0)
    columns = np.arange(values.shape[1])
    return np.asarray((ordered[low, columns] + ordered[np.maximum(low, high), columns]) / 2)


def searched(
    loss: KerasObject,
    values: np.ndarray[Any, Any],
    weights: np.ndarray[Any, Any],
    *,
    between: tuple[float, float] | None = None,
    raw: bool = False,
) -> np.ndarray[Any, Any]:
    """The answer (columns,) between the least and the greatest of each column that costs least, each number by itself.

    With `between` it lies there, and the loss may fall and rise more than once; `raw` says that the loss reads what a sigmoid
    makes a chance of.
    """
    import numpy as np

    built = build_loss(loss, {}, each=True)

    def costs(answer: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        given = np.log(answer / (1 - answer)) if raw else answer
        said = np.broadcast_to(given, values.shape).reshape(-1, 1).astype(np.float32)
        losses = np.asarray(built(values.reshape(-1, 1).astype(np.float32), said), np.float64)
        return np.asarray((losses.reshape(values.shape) * weights).sum(axis=0))

    if between is None:
        return golden_section(costs, values.min(axis=0), values.max(axis=0))
    ends = (np.full(values.shape[1], end) for end in between)
    return golden_section(costs, *narrowed(costs, *ends))


PARTS = 32  # unseen: a loss falls and rises once


def narrowed(
    costs: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]],
    low: np.ndarray[Any, Any],
    high: np.ndarray[Any, Any],
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """What is left and right (columns,) of the point that costs least of some between `low` and `high`."""
    import numpy as np

    points = np.linspace(low, high, PARTS + 1)
    least = np.argmin([costs(each) for each in points], axis=0)
    columns = np.arange(points.shape[1])
    return points[np.maximum(least - 1, 0), columns], points[np.minimum(least + 1, PARTS), columns]


def golden_section(
    costs: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]],
    low: np.ndarray[Any, Any],
    high: np.ndarray[Any, Any],
) -> np.ndarray[Any, Any]:
    """Where costs (columns,) that fall and then rise are least, each between its `low` and `high`."""
    import numpy as np

    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = costs(left), costs(right)
    for _ in range(STEPS):
        falls = at_left > at_right
        low, high = np.where(falls, left, low), np.where(falls, high, right)
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        at_left, at_right = costs(left), costs(right)
    return np.asarray((low + high) / 2)


def mean_direction(values: np.ndarray[Any, Any], weights: np.ndarray[Any, Any] | None, *, axis: int) -> Array:
    """The mean (…) of vectors (samples, …) along an axis, each of the length 1: no other vector is as near to all of them."""
    import numpy as np

    wide = values.astype(np.float64)
    lengths = np.sqrt(np.square(wide).sum(axis=axis, keepdims=True))
    return weighted_mean(wide / np.maximum(lengths, 1e-12), weights)


def constant_scores(shares: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The scores (…, classes) that cost least under a hinge loss between several, from the share of each class.

    One for a class that more than half of the samples have, otherwise none for any: but for a trace that orders them.
    """
    import numpy as np

    first = shares == shares.max(axis=-1, keepdims=True)
    return np.asarray(np.where(first & (shares > 0.5), 1.0, TRACE * shares))


TRACE = 1e-6  # unseen: an order stays that order


def untied(answer: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Probabilities or scores (…, classes) of which no two are equal: what is equally frequent stands in the order of classes.

    Keras takes all classes that are as high as the k-th for hits of the first k.
    """
    import numpy as np

    order = np.argsort(-answer, axis=-1, kind="stable")
    ordered = np.take_along_axis(answer, order, -1).astype(np.float64)
    for place in range(1, ordered.shape[-1]):
        before = ordered[..., place - 1]
        step = np.maximum(STEP * np.abs(before), 1e-9)
        ordered[..., place] = np.minimum(ordered[..., place], before - step)
    result = np.empty_like(ordered)
    np.put_along_axis(result, order, ordered, -1)
    return result


STEP = 2.5e-7  # unseen: an order stays that order
"""Four steps of 32 bits: a softmax of the numbers keeps them apart."""
