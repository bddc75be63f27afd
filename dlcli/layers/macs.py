"""Multiply-adds of a layer for one sample, from its weights and shapes.

Of matrix products and convolutions; what is done element by element counts nothing. Shapes are without the batch axis, and an
open axis counts as one position. How a layer is counted is its trait `macs`, a key of COUNTS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from dlcli.layers.calls import inner_calls

Shape: TypeAlias = Sequence[int | None]
Traits: TypeAlias = Callable[[type], Mapping[str, Any]]
"""What the catalogue knows of a class of layers."""


@dataclass(frozen=True)
class Work:
    """One call of a layer: what it takes and puts out, without the batch axis."""

    layer: Any
    input: Shape
    output: Shape
    traits: Traits

    @property
    def kernel(self) -> int:
        """The elements of the weights that multiply, as biases and statistics do not."""
        return sum(elements(each.shape) for each in self.layer.weights if "kernel" in str(each.path).rsplit("/", 1)[-1])

    @property
    def steps(self) -> int:
        """The time steps of the input."""
        return self.input[0] or 1

    def inside(self, layer: Any, *, drops: int = 0) -> int:
        """The multiply-adds of a layer inside this one, which takes the same without its first `drops` axes."""
        return macs_of(layer, self.input[drops:], self.output[drops:], traits=self.traits)


def macs_of(layer: Any, input_shape: Shape, output_shape: Shape, *, traits: Traits) -> int:
    """Multiply-adds of one call; of a model inside a model those of all its calls."""
    if hasattr(layer, "layers"):
        calls = [each for each in inner_calls(layer) if each.inputs]
        return sum(macs_of(each.layer, each.inputs[0], each.outputs[0], traits=traits) for each in calls)
    count = COUNTS.get(traits(type(layer)).get("macs", ""))
    return int(count(Work(layer, input_shape, output_shape, traits))) if count is not None else 0


def convolution(work: Work) -> int:
    """Each kernel at every place of the output."""
    return work.kernel * elements(moved_axes(work.layer, work.output))


def einsum(work: Work) -> int:
    """Each element of the kernel once for every element of the output that it has no axis of."""
    return work.kernel * elements(work.output) // elements(output_part(work.layer.equation, work.layer.kernel.shape))


def recurrent_convolution(work: Work) -> int:
    """The kernels of a step at every place, at each time step."""
    rank = len(work.layer.kernel_size)
    last = work.layer.data_format == "channels_last"
    return work.kernel * work.steps * elements(work.output[-1 - rank : -1] if last else work.output[-rank:])


def attention(work: Work) -> int:
    """The projections at each step, and the products of every step with every other."""
    heads = work.layer.num_heads * (work.layer.key_dim + work.layer.value_dim)
    return work.kernel * work.steps + work.steps**2 * int(heads)


def grouped_attention(work: Work) -> int:
    """As attention; the heads of a group share key and value."""
    return work.kernel * work.steps + 2 * work.steps**2 * int(work.layer.num_query_heads * work.layer.head_dim)


def attention_of_tensors(work: Work) -> int:
    """The two products of (steps, heads, features) with itself."""
    return 2 * work.steps * elements(work.input)


def einsum_of_tensors(work: Work) -> int:
    """The sizes of all letters multiplied, as far as the first tensor and the output tell them."""
    operands, output = work.layer.subscripts.replace(" ", "").split("->")
    sizes = dict(zip(operands.split(",")[0][1:], work.input, strict=False)) | dict(
        zip(output[1:], work.output, strict=False)
    )
    return elements(list(sizes.values()))


COUNTS: Mapping[str, Callable[[Work], int]] = {
    "attention": attention,
    "attention of tensors": attention_of_tensors,
    "both directions": lambda work: work.inside(work.layer.forward_layer) + work.inside(work.layer.backward_layer),
    "convolution": convolution,
    "each step": lambda work: work.steps * work.inside(work.layer.layer, drops=1),
    "einsum": einsum,
    "einsum of tensors": einsum_of_tensors,
    "grouped attention": grouped_attention,
    "inner product": lambda work: elements(work.output) * (work.input[-1] or 1),
    "inside": lambda work: work.inside(work.layer.layer),
    "product": lambda work: work.kernel * elements(work.output[:-1]),
    "recurrent": lambda work: work.kernel * work.steps,
    "recurrent convolution": recurrent_convolution,
    "transposed convolution": lambda work: work.kernel * elements(moved_axes(work.layer, work.input)),
}
"""By the trait `macs`, the multiply-adds of a call."""


def moved_axes(layer: Any, shape: Shape) -> Shape:
    """The axes over which a convolution moves."""
    return shape[1:] if getattr(layer, "data_format", "channels_last") == "channels_first" else shape[:-1]


def output_part(equation: str, kernel: Sequence[int]) -> list[int]:
    """The axes of the kernel that stand in the output of `…x,xy->…y`; the others are summed over."""
    operands, output = equation.replace(" ", "").split("->")
    return [axis for letter, axis in zip(operands.split(",")[1], kernel, strict=True) if letter in output]


def elements(shape: Shape) -> int:
    """The number of elements; an open axis counts as one."""
    total = 1
    for axis in shape:
        total *= int(axis or 1)
    return total
