"""What each layer puts out while a model runs, those inside other models too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dlcli.layers.calls import Call

Noted = Mapping[int, list[Any]]
"""By the identity of a layer or an operation what its calls have put out, in their order."""


@contextmanager
def outputs_noted(layers: Sequence[Any], *, seen: Callable[[Any], None] = lambda output: None) -> Iterator[Noted]:
    """While it is open, the first output of each call of each layer is noted, and `seen` is told of it.

    The model has to be run by calling it: `predict` would run a graph that was made before.
    """
    # A model that gives the outputs of all its layers would not reach those inside the models that it holds.
    noted: dict[int, list[Any]] = {id(layer): [] for layer in layers}

    def note(layer: Any, output: Any) -> Any:
        seen(output)
        noted[id(layer)].append(output)
        return output

    with outputs_through(layers, note):
        yield noted


@contextmanager
def outputs_through(layers: Sequence[Any], through: Callable[[Any, Any], Any]) -> Iterator[None]:
    """While it is open, what `through` makes of a layer and the first output of a call of it is put out in its place."""
    changed = {id(layer): layer for layer in layers}
    for layer in changed.values():
        layer.call = passing(layer, layer.call, through)
    try:
        yield
    finally:
        for layer in changed.values():
            del layer.call


def passing(layer: Any, call: Callable[..., Any], through: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """The call of a layer whose first output goes through something."""

    def call_and_pass(*arguments: Any, **named: Any) -> Any:
        output = call(*arguments, **named)
        several = isinstance(output, list | tuple)
        first = output[0] if several else output
        passed = through(layer, first)
        if passed is first:
            return output
        return [passed, *output[1:]] if several else passed

    return call_and_pass


def noted_of(noted: Noted, calls: Sequence[Call]) -> list[Any]:
    """What each call has put out, in the order of the calls: the first of a layer, its second, …"""
    times: dict[int, int] = {}
    outputs = []
    for call in calls:
        key = id(call.layer)
        outputs.append(noted[key][times.setdefault(key, 0)])
        times[key] += 1
    return outputs


def noted_at(noted: Noted, calls: Sequence[Call], places: Sequence[int]) -> list[Any]:
    """What the calls at some places of the list have put out; the layers of the others need not be noted."""
    outputs = []
    for place in places:
        before = sum(call.layer is calls[place].layer for call in calls[:place])
        outputs.append(noted[id(calls[place].layer)][before])
    return outputs
