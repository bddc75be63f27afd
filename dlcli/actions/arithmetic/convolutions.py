"""Convolutions: which windows are taken, what each is multiplied with, and how the size of the output comes about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dlcli.actions.arithmetic.writing import Writing, acted, axes_of, broadcast, remark, step
from dlcli.view.arithmetic import Remark, Shape, Step


def convolution(writing: Writing) -> Iterator[Step]:
    """Windows of all channels with each filter."""
    layer = writing.layer
    shapes = writing.shapes | {"W": writing.weight("W", layer.kernel, called="kernel"), "z": writing.outputs[0]}
    facts, remarks = windows(layer, writing.inputs[0], writing.outputs[0], groups=layer.groups)
    if layer.groups > 1:
        remarks.append(remark("groups", groups=layer.groups))
    yield from acted(layer, biased(writing, "conv(x, W)", shapes, facts, remarks))


def transposed_convolution(writing: Writing) -> Iterator[Step]:
    """Each place spreads its filter over a window of the output."""
    layer = writing.layer
    shapes = writing.shapes | {"W": writing.weight("W", layer.kernel, called="kernel"), "z": writing.outputs[0]}
    facts = {"stride": [*layer.strides], "dilation": [*layer.dilation_rate], "transposed": True}
    sizes = zip(
        places(layer, writing.inputs[0]), places(layer, writing.outputs[0]), spans(layer), layer.strides, strict=True
    )
    remarks = [size_transposed(taken, given, *each) for taken, given, *each in sizes if taken and given]
    yield from acted(layer, biased(writing, "conv_transposed(x, W)", shapes, facts, unique(remarks)))


def depthwise_convolution(writing: Writing) -> Iterator[Step]:
    """Windows of one channel with the filters of that channel."""
    layer = writing.layer
    shapes = writing.shapes | {"D": writing.weight("D", layer.kernel, called="kernel"), "z": writing.outputs[0]}
    facts, remarks = windows(layer, writing.inputs[0], writing.outputs[0], groups=None)
    remarks.append(remark("alone"))
    yield from acted(layer, biased(writing, "conv_each(x, D)", shapes, facts, remarks))


def separable_convolution(writing: Writing) -> Iterator[Step]:
    """Each channel by itself, and then all of them together at each place."""
    layer = writing.layer
    depthwise = writing.weight("D", layer.depthwise_kernel)
    between = [*writing.outputs[0]]
    between[channel_axis(layer, between)] = depthwise[-2] * depthwise[-1]  # type: ignore[operator]
    facts, remarks = windows(layer, writing.inputs[0], writing.outputs[0], groups=None)
    remarks.append(remark("alone"))
    yield step("u", "conv_each(x, D)", *remarks, shapes=writing.shapes | {"D": depthwise, "u": between}, facts=facts)
    shapes = {"u": between, "P": writing.weight("P", layer.pointwise_kernel), "z": writing.outputs[0]}
    ones = [1] * layer.rank
    facts = {"stride": ones, "dilation": ones, "padding": [[0, 0]] * layer.rank, "groups": 1}
    yield from acted(layer, biased(writing, "conv(u, P)", shapes, facts, channels_remarks(layer)))


def biased(
    writing: Writing, formula: str, shapes: dict[str, Shape], facts: dict[str, Any], remarks: Sequence[Remark]
) -> Step:
    """The formula of z with the bias of its layer, where it has one."""
    if writing.layer.bias is None:
        return step("z", formula, *remarks, shapes=shapes, facts=facts)
    shapes["b"] = writing.weight("b", writing.layer.bias, called="bias")
    over = None if channels_remarks(writing.layer) else broadcast("b", shapes["b"], shapes["z"])
    return step("z", f"{formula} + b", *remarks, over, shapes=shapes, facts=facts)


def windows(layer: Any, taken: Shape, given: Shape, *, groups: int | None) -> tuple[dict[str, Any], list[Remark]]:
    """The stride, dilation and padding of windows, and how the sizes come about; `groups` is None where channels are apart."""
    spaces = [*zip(places(layer, taken), places(layer, given), spans(layer), layer.strides, strict=True)]
    causal = layer.padding == "causal"
    padded = [padding_of(*each, padding=layer.padding) for each in spaces]
    facts: dict[str, Any] = {
        "stride": [*layer.strides],
        "dilation": [*getattr(layer, "dilation_rate", [1] * len(padded))],
        "padding": [[each, 0] if causal else [each // 2, each - each // 2] for each in padded],
    }
    if groups is not None:
        facts["groups"] = groups
    sizes = [
        size(here, there, span, stride, around)
        for (here, there, span, stride), around in zip(spaces, padded, strict=True)
        if here and there
    ]
    rates = sorted({each for each in facts["dilation"] if each > 1})
    dilated = [remark("dilated", rate=axes_of(rates))] if rates else []
    before = [remark("only_before")] if causal else []
    return facts, [*unique(sizes), *dilated, *before, *channels_remarks(layer)]


def channels_remarks(layer: Any) -> list[Remark]:
    """That channels stand first, where they do."""
    return [remark("channels_first")] if layer.data_format == "channels_first" else []


def padding_of(taken: int | None, given: int | None, span: int, stride: int, *, padding: str) -> int:
    """How many places are put around an axis."""
    if padding == "valid":
        return 0
    if padding == "causal":
        return span - 1
    # Of an axis that is left open the size decides, which is not known; with a stride of 1 it does not matter.
    return max((given - 1) * stride + span - taken, 0) if taken and given else max(span - stride, 0)


def size(taken: int, given: int, span: int, stride: int, padding: int) -> Remark:
    """How the size of an axis comes about."""
    return remark("size", input=taken, output=given, window=span, stride=stride, padding=padding, transposed=False)


def size_transposed(taken: int, given: int, span: int, stride: int) -> Remark:
    """How the size of an axis comes about that grows."""
    cut = (taken - 1) * stride + span - given
    return remark("size", input=taken, output=given, window=span, stride=stride, cut=cut, transposed=True)


def unique(remarks: Sequence[Remark]) -> list[Remark]:
    """Remarks, each once: axes of one size come about alike."""
    return [each for number, each in enumerate(remarks) if each not in remarks[:number]]


def places(layer: Any, shape: Shape) -> Shape:
    """The axes over which a window moves."""
    return shape[2:] if layer.data_format == "channels_first" else shape[1:-1]


def channel_axis(layer: Any, shape: Shape) -> int:
    """The axis of the channels."""
    return 1 if layer.data_format == "channels_first" else len(shape) - 1


def spans(layer: Any) -> list[int]:
    """How many places a window spans along each axis, holes included."""
    sizes = getattr(layer, "kernel_size", None) or layer.pool_size
    dilations = getattr(layer, "dilation_rate", [1] * len(sizes))
    return [(size - 1) * dilation + 1 for size, dilation in zip(sizes, dilations, strict=True)]
