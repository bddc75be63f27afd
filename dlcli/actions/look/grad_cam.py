"""What counted for an answer: Grad-CAM at a layer that keeps places, or the gradient times the input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.config.catalogue.live import layer_traits
from dlcli.keras_internals import producer
from dlcli.layers.calls import Call
from dlcli.layers.noted import noted_at, outputs_noted

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Answer:
    """What is asked about: the output of a target, one of its units, and whether the unit speaks against it."""

    target: str
    unit: int
    against: bool = False


def class_map(model: Any, inputs: Mapping[str, Array], answer: Answer, calls: Sequence[Call], at: int) -> Array:
    """Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391) for one sample at the call `at`: its places (…).

    Each unit weighs as much as its gradient is in the mean over all places, and what speaks against the answer is 0. The answer
    is the score before softmax or sigmoid.
    """
    import numpy as np

    values, gradient = values_and_gradients(model, inputs, answer, calls, [at])[0]
    first = getattr(calls[at].layer, "data_format", "channels_last") == "channels_first"
    values, gradient = (np.moveaxis(each[0], 0, -1) if first else each[0] for each in (values, gradient))
    weights = gradient.reshape(-1, gradient.shape[-1]).mean(axis=0)
    counted: Array = np.maximum(values @ weights, 0)
    return counted


def gradient_times(
    model: Any,
    inputs: Mapping[str, Array],
    answer: Answer,
    calls: Sequence[Call],
    places: Sequence[int],
    *,
    by_inputs: Sequence[str] = (),
) -> list[Array]:
    """The gradient times what calls put out (1, …), or times inputs; zeros where nothing leads to the answer."""
    pairs = values_and_gradients(model, inputs, answer, calls, places, by_inputs=by_inputs)
    return [values * gradient for values, gradient in pairs]


def values_and_gradients(
    model: Any,
    inputs: Mapping[str, Array],
    answer: Answer,
    calls: Sequence[Call],
    places: Sequence[int],
    *,
    by_inputs: Sequence[str] = (),
) -> list[tuple[Array, Array]]:
    """What calls put out for one sample, and inputs, with the gradient of the answer by them."""
    import numpy as np
    import tensorflow as tf

    given = {name: tf.convert_to_tensor(values) for name, values in inputs.items()}
    layers = [calls[place].layer for place in places]
    with (
        tf.GradientTape() as tape,
        outputs_noted(layers, seen=tape.watch) as noted,
        scores_put_out(model, answer.target),
    ):
        for name in by_inputs:
            tape.watch(given[name])
        output = model(given, training=False)
        score = tf.reduce_sum((output[answer.target] if isinstance(output, dict) else output)[..., answer.unit])
        score = -score if answer.against else score
    chosen = [*noted_at(noted, calls, places), *(given[name] for name in by_inputs)]
    gradients = tape.gradient(score, chosen, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [(np.asarray(one), np.asarray(other)) for one, other in zip(chosen, gradients, strict=True)]


@contextmanager
def scores_put_out(model: Any, target: str) -> Iterator[None]:
    """While it is open, an output is put out before the softmax or sigmoid that it ends in."""
    output = model.output[target] if isinstance(model.output, dict) else model.output
    layer = producer(output if not isinstance(output, list) else output[0])
    word = getattr(getattr(layer, "activation", None), "__name__", None)
    if word in {"softmax", "sigmoid"}:
        activation, layer.activation = layer.activation, same_scores
        try:
            yield
        finally:
            layer.activation = activation
    elif layer_traits(type(layer)).get("acts") == "softmax" and hasattr(layer, "weights"):
        layer.call = same_scores
        try:
            yield
        finally:
            del layer.call
    else:
        yield


def same_scores(scores: Any, *_: Any, **__: Any) -> Any:
    """Scores as they are."""
    return scores
