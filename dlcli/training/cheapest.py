"""The one answer that costs least under a loss as it is, where no formula gives it: found by asking the loss itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from dlcli.loss.losses import build_loss
from dlcli.spec import KerasObject

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

Form: TypeAlias = Literal["shares", "each", "numbers"]
"""What an answer (units,) is: shares that sum to 1, chances that are free of each other, or any numbers."""
NEAREST = 1e-7
"""No chance is nearer to 0 or 1 than this."""
MOST_VALUES = 1 << 16  # unseen: time and memory alone
"""Numbers of the target that the loss is asked of at a time; of more every how many-th sample."""
STEPS = 40  # unseen: fewer are enough
REMEMBERED = 8  # unseen: how fast it descends alone
SHORTEST = 1e-6  # unseen: how fast it gives up alone
ENOUGH = 1e-9
"""The share of a cost below which a gain is none."""


def cheapest_answer(
    loss: KerasObject,
    target: Array,
    weights: Array | None,
    starts: Sequence[Array],
    *,
    form: Form,
    raw: bool = False,
    void: bool = False,
    steps: int | None = None,
) -> Array:
    """The answer (…) that costs least for targets (samples, …) whose places count by weights, from several to begin with.

    It is never worse than any of these. `raw` says that the loss reads raw scores: then the answer is one of those; what one
    begins with is none. Where a model has so many `steps` of answers to a sample, each is this one. Found by L-BFGS (Liu and
    Nocedal 1989, https://doi.org/10.1007/BF01589116).
    """
    import numpy as np

    every = max(1, target.size * (steps or 1) // MOST_VALUES)
    some = None if weights is None else weights[::every]
    cost = cost_of(loss, target[::every], some, form=form, raw=raw, void=void, steps=steps)
    begun = [as_scores(each, form) for each in starts]
    reached = [descended(cost, each) for each in begun]
    begun += [*reached, *(cornered(each, form) for each in reached)]
    costs = [cost(each)[0] for each in begun]
    return as_answer(begun[int(np.argmin(costs))], form, raw=raw)


def cost_of(
    loss: KerasObject,
    target: Array,
    weights: Array | None,
    *,
    form: Form,
    raw: bool,
    void: bool,
    steps: int | None = None,
) -> Callable[[Array], tuple[float, Array]]:
    """Gives of scores (…) what the answer costs and the gradient of that."""
    import numpy as np
    import tensorflow as tf

    built = build_loss(loss, {}, void=void, each=True)
    wanted = tf.constant(target)

    def reckoned(point: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(point)
            answer = point if raw or form == "numbers" else (tf.nn.softmax if form == "shares" else tf.sigmoid)(point)
            shape = output_shape_of(target, point) if steps is None else (len(target), steps, *point.shape)
            losses = tf.convert_to_tensor(built(wanted, tf.broadcast_to(answer, shape)))
            if weights is None or not losses.shape.rank:
                total = tf.reduce_mean(losses)
            else:
                share = tf.constant(weights_like(weights, losses.shape), losses.dtype)
                total = tf.reduce_sum(losses * share) / tf.maximum(tf.reduce_sum(share), 1e-12)
        return total, tape.gradient(total, point)

    if steps is not None:  # a loss that goes from step to step takes a second each time it is asked for as it is
        reckoned = tf.function(reckoned)

    def cost(scores: Array) -> tuple[float, Array]:
        total, gradient = reckoned(tf.constant(scores, tf.float32))
        value, slope = float(total), np.asarray(gradient, np.float64)
        return (value, slope) if np.isfinite(value) and np.isfinite(slope).all() else (np.inf, np.zeros_like(slope))

    return cost


def output_shape_of(target: Array, answer: Any) -> tuple[int, ...]:
    """The shape of an answer (…) to each target: an index of a class has no axis of its own."""
    return target.shape if target.ndim > len(answer.shape) else (*target.shape, *answer.shape)


def weights_like(weights: Array, shape: Any) -> Array:
    """Weights (samples, …) of places as those of losses: a loss that joins places weighs as these do together."""
    import numpy as np

    rank = len(shape)
    if weights.ndim > rank:
        weights = weights.mean(axis=tuple(range(rank, weights.ndim)))
    return np.broadcast_to(weights.reshape(*weights.shape, *[1] * (rank - weights.ndim)), tuple(shape))


def as_scores(answer: Array, form: Form) -> Array:
    """An answer as scores, which may be any numbers."""
    import numpy as np

    if form == "numbers":
        return np.asarray(answer, np.float64)
    chance = np.clip(answer, NEAREST, 1 - NEAREST)
    return np.asarray(np.log(chance) if form == "shares" else np.log(chance / (1 - chance)))


def as_answer(scores: Array, form: Form, *, raw: bool) -> Array:
    """Scores as an answer."""
    import numpy as np

    if raw or form == "numbers":
        return scores
    if form == "each":
        return np.asarray(1 / (1 + np.exp(-scores)))
    grown = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True))


def cornered(scores: Array, form: Form) -> Array:
    """The nearest answer that is sure: a loss such as Dice is least there, and a descent takes long to arrive."""
    import numpy as np

    if form == "numbers":
        return scores
    sure = scores == scores.max(axis=-1, keepdims=True) if form == "shares" else scores > 0
    return as_scores(np.where(sure, 1.0, 0.0), form)


def descended(cost: Callable[[Array], tuple[float, Array]], start: Array) -> Array:
    """Where a descent from a point arrives."""
    import numpy as np

    point, (value, slope) = start, cost(start)
    moves: list[tuple[Array, Array]] = []
    for _ in range(STEPS):
        way = downhill(slope, moves)
        fall = float(np.sum(way * slope))
        if fall >= 0:
            break
        length = 1.0 if moves else min(1.0, 1 / float(np.sqrt(np.sum(slope**2))))
        ahead, there = point + length * way, cost(point + length * way)
        while there[0] > value + 1e-4 * length * fall and length > SHORTEST:
            length /= 2
            ahead, there = point + length * way, cost(point + length * way)
        if there[0] >= value:
            break
        move, turn, gain = ahead - point, there[1] - slope, value - there[0]
        if np.sum(move * turn) > 0:
            moves = [*moves, (move, turn)][-REMEMBERED:]
        point, (value, slope) = ahead, there
        if gain <= ENOUGH * abs(value):
            break
    return point


def downhill(slope: Array, moves: Sequence[tuple[Array, Array]]) -> Array:
    """The way down from what the last moves tell of the curvature, by two loops over them."""
    import numpy as np

    way, shares = -slope, []
    for move, turn in reversed(moves):
        share = np.sum(move * way) / np.sum(move * turn)
        shares.append(share)
        way = way - share * turn
    if moves:
        move, turn = moves[-1]
        way = way * np.sum(move * turn) / np.sum(turn * turn)
    for (move, turn), share in zip(moves, reversed(shares), strict=True):
        way = way + (share - np.sum(turn * way) / np.sum(move * turn)) * move
    return np.asarray(way)
