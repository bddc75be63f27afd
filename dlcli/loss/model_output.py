"""What the configuration tells of the model's output before the model is built."""

from __future__ import annotations

from dataclasses import dataclass

from dlcli.errors import TreePath
from dlcli.spec import KerasObject


@dataclass(frozen=True)
class Output:
    """What is known of the model's output: its width (values a sample), activation, and the layer that makes it.

    `width` is None before the model is built where the configuration does not tell; `path` leads to the layer.
    """

    width: int | None
    activation: str | None
    layer: str
    path: TreePath
    shape: tuple[int | None, ...] | None = None


def output_of(layer: KerasObject | None, *, above: KerasObject | None, path: TreePath) -> Output:
    """What the layer that puts out tells; `above` is the layer that it takes, `path` leads to its entry.

    None stands for what is no plain layer of Keras, or cannot be read.
    """
    if layer is None:
        return Output(None, None, "the last layer", path)
    place = (*path, layer.written)
    width, activation = width_of(layer), layer.arguments.get("activation")
    if layer.name in {"Softmax", "Activation"}:
        activation = "softmax" if layer.name == "Softmax" else activation
        width = width_of(above) if above is not None else None
    elif "width" not in layer.traits and layer.name != "EinsumDense":
        return Output(None, None, layer.written, place)
    return Output(width, activation or "linear", layer.written, place)


def width_of(layer: KerasObject) -> int | None:
    """How many values a layer puts out along its last axis, where it says so in a number."""
    width = layer.arguments.get(layer.traits.get("width", ""))
    return width if isinstance(width, int) else None
