"""Where the gradient ends: the entry behind which nothing of the loss comes back to any weight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dlcli.config.catalogue.live import written_class
from dlcli.errors import BlockError
from dlcli.layers.graph import Built
from dlcli.training.setup.calls_through import calls_through

Call = tuple[Any, list[Any], list[Any]]
"""A layer or an operation with the numbers that it takes and what it puts out."""


def no_gradient_error(built: Built, inputs: dict[str, Any], total: Callable[[dict[str, Any]], Any]) -> BlockError:
    """The error of a model of whose loss nothing arrives at any weight; `total` is the loss of a batch of inputs (samples, …)."""
    ends = end_of_gradients(built, inputs, total)
    if ends is None:
        message = "nothing of the loss comes back to any weight, so that nothing can be learnt"
        return BlockError(("loss",), message, hint="choose a loss that changes with its output", kind="no_gradient")
    thing = built.things.get(ends.name)
    word = written_class(type(ends)) if thing is None else thing.written
    return BlockError(
        (*built.places[ends.name], word),
        f"{word} lets no gradient through, so that no weight can learn",
        hint="steps and choices have no slope: leave it out, or put a softmax or a sigmoid in its place",
        kind="no_gradient",
    )


def end_of_gradients(
    built: Built, inputs: dict[str, Any], total: Callable[[dict[str, Any]], Any], *, zeros: bool = False
) -> Any:
    """The last entry that takes numbers and gives none of the loss back to them; None where the loss itself gives none.

    With `zeros` a gradient that is 0 everywhere is none.
    """
    import tensorflow as tf

    def is_some(gradient: Any) -> bool:
        return gradient is not None and not (zeros and not tf.reduce_any(tf.convert_to_tensor(gradient) != 0))

    with tf.GradientTape(persistent=True) as tape, watched_calls(tape) as calls:
        tape.watch([each for each in inputs.values() if each.dtype.is_floating])
        value = total(inputs)
    arrives = {
        id(tensor): is_some(tape.gradient(value, tensor))
        for _, taken, given in calls
        for tensor in [*taken, *given]
        if tensor.dtype.is_floating
    }
    for layer, taken, given in reversed(calls):
        numbers = [each for each in taken if each.dtype.is_floating]
        reached = any(arrives.get(id(each), True) for each in given)
        if layer.name in built.places and numbers and reached and not any(arrives[id(each)] for each in numbers):
            return layer
    return None


@contextmanager
def watched_calls(tape: Any) -> Iterator[list[Call]]:
    """While it is open, the calls of layers and operations are listed, and the tape watches what they put out."""
    import keras
    import tensorflow as tf

    calls = list[Call]()

    def call(original: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        output = original(layer, *arguments, **named)
        taken, given = (
            [each for each in keras.tree.flatten(values) if tf.is_tensor(each)]
            for values in ((arguments, named), output)
        )
        tape.watch([each for each in given if each.dtype.is_floating])
        calls.append((layer, taken, given))
        return output

    with calls_through(call):
        yield calls
