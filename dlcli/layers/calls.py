"""The nodes of a built model: each call of a layer, in order, with what it takes; a shared layer has several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dlcli.keras_internals import graph_of, nodes_of, producer

Shape = list[int | None]


@dataclass(frozen=True)
class Call:
    """One call of a layer: shapes are of one sample, `takes` are numbers of calls in the list; an input takes nothing."""

    layer: Any
    inputs: list[Shape]
    outputs: list[Shape]
    tensors: list[Any]
    takes: list[int]

    @property
    def is_input(self) -> bool:
        """Whether it is an input of the model."""
        return type(self.layer).__name__ == "InputLayer"


def calls_of(model: Any) -> list[Call]:
    """Every call of a layer in a functional model, each behind those that it takes.

    What Keras computes beside the layers, such as the mask of an Embedding, is left out.
    """
    import keras

    nodes = [node for node in nodes_of(model) if isinstance(node.operation, keras.Layer)]
    number = {id(node): position for position, node in enumerate(nodes)}
    return [
        Call(
            node.operation,
            [shape_of(each) for each in node.input_tensors if isinstance(producer(each), keras.Layer)],
            [shape_of(tensor) for tensor in node.output_tensors],
            list(node.output_tensors),
            list(dict.fromkeys(number[id(parent)] for parent in node.parent_nodes if id(parent) in number)),
        )
        for node in nodes
    ]


def inner_calls(model: Any) -> Iterator[Call]:
    """The calls inside a model that is a layer; of a stack without a graph none are known."""
    graph = graph_of(model)
    if graph is not None:
        yield from calls_of(graph)


def shape_of(tensor: Any) -> Shape:
    """The shape of one sample."""
    return list(tensor.shape[1:])
