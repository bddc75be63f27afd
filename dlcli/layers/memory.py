"""Counts the parameters of a model while it is built, and stops before memory is taken that is not there."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dlcli.errors import BlockError, TreePath
from dlcli.layers.calls import Call, calls_of, inner_calls
from dlcli.layers.macs import Traits, elements

BYTES = 16
"""What training keeps for a parameter: itself, its gradient and two moments of the optimizer, four bytes each."""

FLOAT = 4
"""Bytes of a number in 32 bits."""


class TooLarge(Exception):
    """The parameters so far would not fit; `parameters` counts them with the one that was refused."""

    def __init__(self, parameters: int) -> None:
        super().__init__(f"{parameters:,} parameters")
        self.parameters = parameters


@contextmanager
def bounded(memory: int | None) -> Iterator[None]:
    """While it is open, layers that ask for more than `memory` bytes in all raise `TooLarge` before they get them.

    What has been let go of again does not count: wrappers make a layer to look at it, and then its copies.
    """
    import keras

    if memory is None:
        yield
        return
    original = keras.Layer.add_weight
    weights: list[tuple[weakref.ref[Any], int]] = []

    def add_weight(layer: Any, shape: Sequence[int] | None = None, *arguments: Any, **named: Any) -> Any:
        nonlocal weights
        size = elements(shape or ())
        if (sum(held for _, held in weights) + size) * BYTES > memory:
            gc.collect()  # layers hold themselves in circles
            weights = [(weight, held) for weight, held in weights if weight() is not None]
            parameters = sum(held for _, held in weights) + size
            if parameters * BYTES > memory:
                raise TooLarge(parameters)
        weight = original(layer, shape, *arguments, **named)
        weights.append((weakref.ref(weight), size))
        return weight

    keras.Layer.add_weight = add_weight
    try:
        yield
    finally:
        keras.Layer.add_weight = original


def check_sample_fits(word: str, outputs: Sequence[Any], path: TreePath, *, memory: int | None) -> None:
    """Raises `BlockError` for a layer of whose outputs not even two samples fit, before any is computed; one tells nothing."""
    sizes = [(FLOAT * elements(each.shape[1:]), tuple(each.shape[1:])) for each in outputs]
    one, shape = max(sizes, default=(0, ()))
    if memory is None or 2 * one <= memory:
        return
    raise BlockError(
        (*path, word),
        f"{word} puts out the shape {shape}: two samples of it take {2 * one / 1e9:,.1f} GB, more than the free memory",
        hint="make what it puts out smaller",
        kind="out_of_memory",
    )


def activation_bytes(model: Any, traits: Traits) -> int:
    """Bytes that the outputs of all layers take for one sample; the gradients need them, so a step keeps them.

    What only has another shape is not counted; an open axis counts as one.
    """
    return sum(elements_kept(call, traits) for call in calls_of(model)) * FLOAT


def elements_kept(call: Call, traits: Traits) -> int:
    """How many numbers of one sample a call puts out; one of a model what the calls inside it do, at each step if it is."""
    own = traits(type(call.layer))
    if call.is_input or call.is_same_for_all or own.get("views"):
        return 0
    stepwise = own.get("macs") == "each step"
    if inside := list(inner_calls(call.layer.layer if stepwise else call.layer)):
        times = (call.outputs[0][0] or 1) if stepwise else 1
        return times * sum(elements_kept(each, traits) for each in inside)
    return sum(elements(shape) for shape in call.outputs)
