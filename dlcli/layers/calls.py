"""The nodes of a built model: each call of a layer or an operation, in order, with what it takes; one shared has several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.keras_internals import graph_of, node_of_tensor, nodes_of, tensors_taken
from dlcli.layers.names import written_layer_name

Shape = list[int | None]


@dataclass(frozen=True)
class Call:
    """One call of a layer or an operation; an input takes nothing.

    Shapes are of one sample, `takes` are numbers of calls in the list.
    """

    layer: Any
    inputs: list[Shape]
    outputs: list[Shape]
    tensors: list[Any]
    takes: list[int]

    @property
    def is_input(self) -> bool:
        """Whether it is an input of the model."""
        return type(self.layer).__name__ == "InputLayer"

    @property
    def is_same_for_all(self) -> bool:
        """Whether it puts out what belongs to places and not to samples, with an axis of one in their place."""
        return is_for_all_samples(self.tensors)

    @property
    def parameters(self) -> int:
        """The weights of the layer; an operation has none."""
        return int(self.layer.count_params()) if hasattr(self.layer, "count_params") else 0


def calls_of(model: Any) -> list[Call]:
    """Every call of a layer or an operation in a functional model, each behind those that it takes.

    What is computed beside them, such as the mask of an Embedding and the numbers of places, is left out.
    """
    import keras

    led_to = leading_to(model.outputs)
    nodes = [
        node
        for node in nodes_of(model)
        if isinstance(node.operation, keras.Layer)
        or (id(node) in led_to and not is_for_all_samples(node.output_tensors))
    ]
    number = {id(node): position for position, node in enumerate(nodes)}
    return [
        Call(
            node.operation,
            [shape_of(each) for each in tensors_taken(node)],
            [shape_of(tensor) for tensor in node.output_tensors],
            list(node.output_tensors),
            list(dict.fromkeys(number[id(parent)] for parent in node.parent_nodes if id(parent) in number)),
        )
        for node in nodes
    ]


def deep_calls(model: Any, before: str = "") -> Iterator[tuple[str, Call]]:
    """Every call with the name of its layer; in the place of one of a model those inside it, as `tower/dense`."""
    for call in calls_of(model):
        yield from parts_of_call(call, before)


def parts_of_call(call: Call, before: str = "") -> Iterator[tuple[str, Call]]:
    """A call with the name of its layer, or those inside a model that is called."""
    name = before + written_layer_name(call.layer.name)
    inside = graph_of(call.layer) if hasattr(call.layer, "layers") else None
    if inside is None:
        yield name, call
    else:
        yield from (each for each in deep_calls(inside, f"{name}/") if not each[1].is_input)


def is_for_all_samples(tensors: Sequence[Any]) -> bool:
    """Whether tensors belong to places and not to samples: they have an axis of one in their place."""
    return all(tuple(tensor.shape[:1]) == (1,) for tensor in tensors)


def leading_to(outputs: Iterable[Any]) -> set[int]:
    """The identities of the calls that outputs are made by, masks left out."""
    waiting, found = [node_of_tensor(each) for each in outputs], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found.add(id(node))
            waiting += [node_of_tensor(each) for each in tensors_taken(node)]
    return found


def inner_calls(model: Any) -> Iterator[Call]:
    """The calls inside a model that is a layer; of a stack without a graph none are known."""
    graph = graph_of(model)
    if graph is not None:
        yield from calls_of(graph)


def shape_of(tensor: Any) -> Shape:
    """The shape of one sample."""
    return list(tensor.shape[1:])
