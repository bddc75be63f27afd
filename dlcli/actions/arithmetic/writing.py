"""One call of a layer while its arithmetic is written: its shapes with the batch, its weights, and how a formula is put down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from dlcli.keras_internals import has_mask, node_of_tensor, tensors_taken
from dlcli.layers.calls import Call
from dlcli.view.arithmetic import NamedWeight, Remark, Shape, Step

Form: TypeAlias = "Callable[[Writing], Iterable[Step]]"
"""Writes a call down; one that yields nothing cannot: the call is shown as input, output and weights."""


@dataclass
class Writing:
    """What a form needs of a call. Shapes begin with the batch."""

    layer: Any
    inputs: Sequence[Shape]
    outputs: Sequence[Shape]
    masked: bool = False
    given: Mapping[str, Any] = field(default_factory=dict)
    """What the call was given by name beside its tensors."""
    weights: list[NamedWeight] = field(default_factory=list)

    @property
    def shapes(self) -> dict[str, Shape]:
        """The inputs by their names in formulas: x, or x1, x2, …"""
        if len(self.inputs) == 1:
            return {"x": self.inputs[0]}
        return {f"x{number}": each for number, each in enumerate(self.inputs, start=1)}

    def weight(self, name: str, variable: Any, *, called: str | None = None, shape: Shape | None = None) -> Shape:
        """Notes a weight under its name in formulas, and gives its shape."""
        shape = list(variable.shape) if shape is None else shape
        self.weights.append(NamedWeight(name=name, weight=called or variable.name, shape=shape))
        return shape


def writing_of(call: Call, batch: int) -> Writing:
    """A call as it is written down, with a batch of so many samples."""
    node = node_of_tensor(call.tensors[0])
    return Writing(
        call.layer,
        [with_batch(tensor.shape, batch) for tensor in tensors_taken(node)],
        [with_batch(tensor.shape, batch) for tensor in call.tensors],
        masked=any(map(has_mask, tensors_taken(node))),
        given=node.arguments.kwargs,
    )


def with_batch(shape: Sequence[int | None], batch: int) -> Shape:
    """A shape whose first axis is the batch, or 1 where it is the same for all samples."""
    return [batch if shape and shape[0] is None else shape[0], *shape[1:]] if len(shape) else []


def step(result: str, formula: str, *remarks: Remark | None, shapes: Mapping[str, Shape], **more: Any) -> Step:
    """A formula; of `shapes` it keeps those of the names that it has."""
    return Step(result=result, formula=formula, shapes=dict(shapes), remarks=[each for each in remarks if each], **more)


def remark(code: str, **facts: Any) -> Remark:
    """A remark with its facts."""
    return Remark(code, facts)


def broadcast(name: str, shape: Shape, over: Shape) -> Remark | None:
    """That a tensor has fewer axes than what it is added to."""
    if len(shape) >= len(over):
        return None
    places = len(over) - len(shape) - 1
    words = "the batch" + (" and all places" if places else "")
    return remark("broadcast", name=name, over=words)


def acted(layer: Any, result: Step, *, name: str = "activation") -> list[Step]:
    """A formula that gives z with the activation of its layer behind it, or the formula alone as that of y."""
    word = activation_word(getattr(layer, name))
    shape = result.shapes[result.result]
    if word == "linear":
        shapes = {key: each for key, each in result.shapes.items() if key != result.result} | {"y": shape}
        return [
            Step(
                result="y",
                formula=result.formula,
                shapes=shapes,
                facts=result.facts,
                remarks=result.remarks,
                each_step=result.each_step,
            )
        ]
    kind = "softmax over the last axis" if word == "softmax" else "element by element"
    behind = None if kind.startswith("softmax") else remark("element_by_element")
    return [result, step("y", f"{word}(z)", behind, shapes={"z": shape, "y": shape})]


def activation_word(activation: Any) -> str:
    """The word of an activation, as formulas call it."""
    return str(getattr(activation, "__name__", type(activation).__name__))


def number(value: Any) -> str:
    """A number in a formula."""
    return f"{float(value):.6g}"


def axes_of(axes: Sequence[int]) -> str:
    """Axes in a formula: `(0, 1, 2)`, of one `1`."""
    return str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"
