"""What only moves values to other places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlcli.actions.arithmetic.elementwise import formula_of_x
from dlcli.actions.arithmetic.writing import Writing
from dlcli.view.arithmetic import Step
from dlcli.view.console.shapes import shape


def reshaped(writing: Writing) -> Iterator[Step]:
    """The same values in their order, in another shape."""
    if getattr(writing.layer, "data_format", "") == "channels_first" and len(writing.inputs[0]) > 2:
        return
    yield formula_of_x(writing, f"reshape(x, {shape(writing.outputs[0])})")


def permuted(writing: Writing) -> Iterator[Step]:
    """Axes in another order; that of the samples stays first."""
    yield formula_of_x(writing, f"transpose(x, (0, {', '.join(map(str, writing.layer.dims))}))")


def repeated_vector(writing: Writing) -> Iterator[Step]:
    """The same vector at each of so many steps."""
    samples, features = writing.inputs[0]
    open_axis = "any" if samples is None else samples
    yield formula_of_x(writing, f"repeat(reshape(x, ({open_axis}, 1, {features})), {writing.layer.n}, axis=1)")


def zero_padding(writing: Writing) -> Iterator[Step]:
    """Zeros around the places."""
    yield formula_of_x(writing, f"pad(x, {around(writing, pairs(writing.layer.padding))})")


def cropping(writing: Writing) -> Iterator[Step]:
    """The places without their border."""
    yield formula_of_x(writing, f"cut(x, {around(writing, pairs(writing.layer.cropping))})")


def pairs(amounts: Any) -> list[tuple[int, int]]:
    """How much stands before and behind, axis by axis."""
    return [(each, each) if isinstance(each, int) else tuple(each) for each in nested(amounts)]


def nested(amounts: Any) -> list[Any]:
    """The amounts of each axis; those of one axis alone are not in a list of their own."""
    return [amounts] if isinstance(amounts[0], int) else list(amounts)


def around(writing: Writing, amounts: list[tuple[int, int]]) -> str:
    """The amounts of all axes, which are none for samples and channels."""
    first = getattr(writing.layer, "data_format", "channels_last") == "channels_first"
    return str([(0, 0), *([(0, 0)] if first else []), *amounts, *([] if first else [(0, 0)])])


def upsampling(writing: Writing) -> Iterator[Step]:
    """Each place several times beside itself."""
    layer = writing.layer
    if getattr(layer, "interpolation", "nearest") != "nearest":
        return
    sizes = layer.size if isinstance(layer.size, list | tuple) else [layer.size]
    start = 2 if getattr(layer, "data_format", "channels_last") == "channels_first" else 1
    formula = "x"
    for axis, size in enumerate(sizes, start=start):
        formula = f"repeat({formula}, {size}, axis={axis})"
    yield formula_of_x(writing, formula)
