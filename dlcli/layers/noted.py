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
    changed = {id(layer): layer for layer in layers}
    for layer in changed.values():
        layer.call = noting(layer.call, noted[id(layer)], seen)
    try:
        yield noted
    finally:
        for layer in changed.values():
            del layer.call


def noting(call: Callable[..., Any], noted: list[Any], seen: Callable[[Any], None]) -> Callable[..., Any]:
    """The call of a layer that notes what it puts out."""

    def call_and_note(*arguments: Any, **named: Any) -> Any:
        output = call(*arguments, **named)
        first = output[0] if isinstance(output, list | tuple) else output
        seen(first)
        noted.append(first)
        return output

    return call_and_note


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
