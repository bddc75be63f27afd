"""`residual`: a way around some layers, y = F(x) + x (He et al. 2016, https://arxiv.org/abs/1512.03385)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from dlcli.errors import BlockError, TreePath
from dlcli.layers.from_key import From, Name, Names
from dlcli.layers.stack import Entry, Graph, Stack
from dlcli.spec import Named


class Residual(Named):
    """Layers with a short way around them: what they make of x is added to x."""

    word: ClassVar[str] = "residual"
    example: ClassVar[str] = "residual: {layers: [Dense: 32, ReLU, Dense: 64], shortcut: [Dense: 64]}"
    stacks: ClassVar[tuple[str, ...]] = ("layers", "shortcut")
    names: ClassVar[Names] = "outer"
    ends_inside: ClassVar[bool] = False

    layers: Stack
    """The long way, F."""
    shortcut: Stack = []
    """The layers of the short way where F changes the shape, such as a 1×1 Conv2D; by default none, x itself."""
    name: Name = None
    """What the sum is called for `from`."""
    takes: From = None
    """What it takes; by default what stands above."""

    @property
    def parts(self) -> Sequence[tuple[TreePath, Sequence[Entry]]]:
        return ((("layers",), self.layers), (("shortcut",), self.shortcut))

    def connect(self, taken: Any, *, graph: Graph, path: TreePath) -> Any:
        import keras

        place = (*path, self.word)
        long = graph.stack(self.layers, taken, (*place, "layers"))
        short = graph.stack(self.shortcut, taken, (*place, "shortcut"))
        if isinstance(long, list) or isinstance(short, list):
            raise BlockError(
                place,
                "residual adds two tensors, but one way puts out several",
                hint="end it in from: NAME.0",
                kind="several_outputs",
            )
        shapes = [tuple(tensor.shape[1:]) for tensor in (long, short)]
        if shapes[0] != shapes[1]:
            raise BlockError(
                place,
                f"residual cannot add {shapes[0]} of the layers to {shapes[1]} of the shortcut",
                hint=bridge(*shapes),
                kind="residual_shapes_differ",
            )
        name = graph.free_name(self.name or "add", given=self.name is not None)
        return graph.call(keras.layers.Add(name=name), [long, short], place, self.word, traits={"merges": True})


def bridge(long: tuple[int | None, ...], short: tuple[int | None, ...]) -> str:
    """The shortcut that would give the shape of the long way."""
    if len(long) != len(short) or len(long) > 4:
        return "give both ways the same number of axes"
    if len(long) == 1:
        return f"write shortcut: [Dense: {long[0]}]"
    sizes = [(here or 1, there or 1) for here, there in zip(long[:-1], short[:-1], strict=True)]
    # With `same` padding a stride of s leaves ceil(n / s) places. One stride that explains every axis can be written as a
    # shortcut; where none does, the layers cut the border, which no shortcut can imitate.
    step = next((step for step in range(1, 9) if all(-(-there // step) == here for here, there in sizes)), None)
    if step is None:
        return "write padding: same in the layers, which otherwise lose the border"
    strides = f", strides: {step}" if step > 1 else ""
    return f"write shortcut: [Conv{len(long) - 1}D: {{filters: {long[-1]}, kernel_size: 1{strides}}}]"
