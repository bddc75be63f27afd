"""Matrix products, sums by letters, and rows that are looked up."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.actions.arithmetic.writing import Writing, acted, broadcast, remark, step
from dlcli.view.arithmetic import Shape, Step


def dense(writing: Writing) -> Iterator[Step]:
    """x · W + b on the last axis, whatever stands before it."""
    layer, shapes = writing.layer, writing.shapes
    shapes |= {"W": writing.weight("W", layer.kernel, called="kernel"), "z": writing.outputs[0]}
    yield from acted(layer, with_bias(writing, "x · W", shapes))


def einsum_dense(writing: Writing) -> Iterator[Step]:
    """The sum that the letters of the layer say; letters for axes that are left open stay as `...`."""
    layer, shapes = writing.layer, writing.shapes
    shapes |= {"W": writing.weight("W", layer.kernel, called="kernel"), "z": writing.outputs[0]}
    yield from acted(layer, with_bias(writing, f'einsum("{layer.equation}", x, W)', shapes))


def with_bias(writing: Writing, product: str, shapes: dict[str, Shape]) -> Step:
    """The formula of z with the bias of its layer, where it has one; `shapes` get that of the bias."""
    bias = writing.layer.bias
    if bias is None:
        return step("z", product, shapes=shapes)
    shapes = {**shapes, "b": writing.weight("b", bias, called="bias")}
    return step("z", f"{product} + b", broadcast("b", shapes["b"], shapes["z"]), shapes=shapes)


def embedding(writing: Writing) -> Iterator[Step]:
    """The rows of a table by their numbers."""
    shapes = {**writing.shapes, "E": writing.weight("E", writing.layer.embeddings), "y": writing.outputs[0]}
    yield step("y", "E[x]", remark("rows"), shapes=shapes)
