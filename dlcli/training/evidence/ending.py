"""Where a model ends: its last layers with weights, and what stands behind them on the way to an output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.keras_internals import graph_of, leaf_layers, node_of_tensor, nodes_before

MERGING = frozenset({"Add", "Average", "Concatenate", "Maximum", "Minimum", "Subtract"})
"""Layers and operations that put out several tensors as they are, or number by number: what they take is what an answer is."""


@dataclass(frozen=True)
class Ending:
    """The layers that put out what a model does, those inside others too; `behind` are layers without weights behind them."""

    last: Sequence[Any]
    behind: Sequence[Any]

    def puts_out(self, layer: Any) -> bool:
        """Whether an answer has as many numbers as a layer puts out, or they are made of it without weights."""
        return any(each is layer for each in self.last)

    def stands_behind(self, layer: Any) -> bool:
        """Whether what a layer puts out goes into an answer alone, through no more weights."""
        return any(each is layer for each in self.behind)


def ending(model: Any) -> Ending:
    """The layers at the end of a model; of one without a graph none are known."""
    if graph_of(model) is None:
        return Ending([], [])
    last, behind, taken = list[Any](), list[Any](), list[Any]()
    ahead, seen = list(model.outputs), set[int]()
    while ahead:
        tensor = ahead.pop()
        node = node_of_tensor(tensor)
        if id(tensor) in seen or not node.input_tensors:
            continue
        seen.add(id(tensor))
        layer = node.operation
        if graph_of(layer) is not None:  # a model inside
            inner = ending(layer)
            last += inner.last
            behind += inner.behind
            (ahead if not layer.weights else taken).extend(node.input_tensors)
        elif weighs(layer):
            last += [layer, *leaf_layers(layer)]
            taken += node.input_tensors
        elif len(node.input_tensors) == 1 or type(layer).__name__ in MERGING:
            behind.append(layer)
            ahead += node.input_tensors
        else:  # a product of two is of as many numbers as they happen to be
            taken += node.input_tensors
    before = {id(node.operation) for node in nodes_before(taken)}
    kept = [each for each in last if id(each) not in before or each.name in model.output_names]
    return Ending(kept, [each for each in behind if id(each) not in before])


def weighs(layer: Any) -> bool:
    """Whether a layer has weights by which numbers are mixed, not one for each of them."""
    import keras

    layers = keras.layers
    by_number = (layers.Normalization, layers.BatchNormalization, layers.LayerNormalization, layers.PReLU)
    return bool(getattr(layer, "weights", ())) and not isinstance(layer, by_number)
