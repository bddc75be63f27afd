"""Multiply-adds of a layer for one sample, from its weights and shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcli.layers.nodes import inner_calls


def macs_of(layer: Any, input_shape: Sequence[int | None], output_shape: Sequence[int | None]) -> int:
    """Multiply-adds of matrix products and convolutions; what is done element by element counts nothing.

    Shapes are without the batch axis; an open axis counts as one position.
    """
    name = type(layer).__name__
    if hasattr(layer, "layers"):
        return sum(macs_of(each.layer, each.inputs[0], each.outputs[0]) for each in inner_calls(layer) if each.inputs)
    if name in {"TimeDistributed", "Bidirectional", "SpectralNormalization"}:
        return wrapped(layer, input_shape, output_shape)
    kernels = [weight for weight in layer.weights if is_kernel(str(weight.path).rsplit("/", 1)[-1])]
    elements = sum(size(weight.shape) for weight in kernels)
    if name in {"LSTM", "GRU", "SimpleRNN", "RNN"}:
        return elements * (input_shape[0] or 1)
    if name == "Dense":
        return elements * size(output_shape[:-1])
    if name == "EinsumDense":
        return elements * size(output_shape) // size(output_part(layer.equation, layer.kernel.shape))
    if name.startswith("ConvLSTM"):
        rank = int(name[-2])
        places = output_shape[-1 - rank : -1] if layer.data_format == "channels_last" else output_shape[-rank:]
        return elements * (input_shape[0] or 1) * size(places)
    if name.endswith("Transpose"):
        return elements * size(positions(layer, input_shape))
    if name.startswith("SeparableConv"):
        return separable(layer, output_shape)
    if "Conv" in name:
        return elements * size(positions(layer, output_shape))
    if name == "MultiHeadAttention":
        length = input_shape[0] or 1
        return int(elements * length + length * length * layer.num_heads * (layer.key_dim + layer.value_dim))
    if name == "GroupedQueryAttention":
        length = input_shape[0] or 1
        return int(elements * length + 2 * length * length * layer.num_query_heads * layer.head_dim)
    return 0


def is_kernel(name: str) -> bool:
    """Whether a weight multiplies, as biases and statistics do not."""
    return "kernel" in name


def positions(layer: Any, shape: Sequence[int | None]) -> Sequence[int | None]:
    """The axes over which a convolution moves."""
    return shape[1:] if getattr(layer, "data_format", "channels_last") == "channels_first" else shape[:-1]


def output_part(equation: str, kernel: Sequence[int]) -> list[int]:
    """The axes of the kernel that stand in the output of `…x,xy->…y`; the others are summed over."""
    operands, output = equation.replace(" ", "").split("->")
    return [axis for letter, axis in zip(operands.split(",")[1], kernel, strict=True) if letter in output]


def separable(layer: Any, output_shape: Sequence[int | None]) -> int:
    """A depthwise kernel and a pointwise one, each at every position."""
    places = size(positions(layer, output_shape))
    return places * (size(layer.depthwise_kernel.shape) + size(layer.pointwise_kernel.shape))


def wrapped(layer: Any, input_shape: Sequence[int | None], output_shape: Sequence[int | None]) -> int:
    """What the layer inside does: at each time step, or in both directions."""
    if type(layer).__name__ == "SpectralNormalization":
        return macs_of(layer.layer, input_shape, output_shape)
    if type(layer).__name__ == "TimeDistributed":
        return (input_shape[0] or 1) * macs_of(layer.layer, input_shape[1:], output_shape[1:])
    return macs_of(layer.forward_layer, input_shape, output_shape) + macs_of(
        layer.backward_layer, input_shape, output_shape
    )


def size(shape: Sequence[int | None]) -> int:
    """The number of elements; an open axis counts as one."""
    total = 1
    for axis in shape:
        total *= int(axis or 1)
    return total
