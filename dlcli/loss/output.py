"""What the configuration tells of the model's output before the model is built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.errors import TreePath


@dataclass(frozen=True)
class Output:
    """What is known of the model's output: its width (values a sample), activation, and the layer that makes it.

    `width` is None before the model is built where the configuration does not tell; `path` leads to the layer.
    """

    width: int | None
    activation: str | None
    layer: str
    path: TreePath
    shape: tuple[int | None, ...] | None = None


def output_of(entries: Sequence[Any], name: str | None = None) -> Output:
    """What the last entry of a list, or the one that bears a target's name, tells.

    An entry of None is one that cannot be read.
    """
    path, above, last = end_of(entries, name)
    if last is None:
        return Output(None, None, "the last layer", path)
    thing = last.keras
    place = (*path, thing.written)
    width, activation = width_of(thing), thing.arguments.get("activation")
    if thing.name in {"Softmax", "Activation"}:
        activation = "softmax" if thing.name == "Softmax" else activation
        # What stands above it is what it takes, unless it says otherwise.
        width = width_of(above.keras) if above is not None and last.takes is None else None
    elif "width" not in thing.traits and thing.name != "EinsumDense":
        return Output(None, None, thing.written, place)
    return Output(width, activation or "linear", thing.written, place)


def width_of(thing: Any) -> int | None:
    """How many values a layer puts out along its last axis, where it says so in a number."""
    width = thing.arguments.get(thing.traits.get("width", ""))
    return width if isinstance(width, int) else None


def end_of(entries: Sequence[Any], name: str | None, path: TreePath = ("layers",)) -> tuple[TreePath, Any, Any]:
    """The way to the layer that puts out, the layer above it and itself; None for what is no plain layer of Keras."""
    position = len(entries) - 1
    if name is not None:
        position = next((at for at, each in enumerate(entries) if each is not None and each.name == name), position)
    last = entries[position] if entries else None
    place = (*path, position)
    if last is not None and not hasattr(last, "keras") and last.word in {"block", "repeat", "submodel"}:
        return end_of(last.layers, None, (*place, last.word, "layers"))
    above = entries[position - 1] if position > 0 else None
    return place, keras_layer(above), keras_layer(last)


def keras_layer(entry: Any) -> Any:
    """The entry if it is a plain layer of Keras."""
    return entry if hasattr(entry, "keras") else None


def layers_in(entries: Sequence[Any]) -> Iterator[Any]:
    """Every layer of Keras that a list of entries stands for."""
    for entry in entries:
        if entry is not None:
            yield from entry.innermost()
