"""What the configuration tells of the model's output before the model is built."""

from __future__ import annotations

from dataclasses import dataclass

from dlcli.errors import TreePath
from dlcli.spec import KerasObject


@dataclass(frozen=True)
class Output:
    """What is known of the model's output: its width (values a sample), activation, and the layer that makes it.

    `width` is None before the model is built where the configuration does not tell; `path` leads to the layer. `argument` says
    how wide it is, of the layer itself or of the one `above` it; None where neither has such an argument.
    """

    width: int | None
    activation: str | None
    layer: str
    path: TreePath
    shape: tuple[int | None, ...] | None = None
    argument: str | None = None
    above: str | None = None


def output_of(layer: KerasObject | None, *, above: KerasObject | None, path: TreePath) -> Output:
    """What the layer that puts out tells; `above` is the layer that it takes, `path` leads to its entry.

    None stands for what is no plain layer of Keras, or cannot be read.
    """
    if layer is None:
        return Output(None, None, "the last layer", path)
    place = (*path, layer.written)
    activation = layer.traits.get("acts") or layer.arguments.get("activation") or "linear"
    if "acts" in layer.traits or layer.name == "Activation":
        if above is None or "width" not in above.traits:
            return Output(None, activation, layer.written, place)
        argument = above.traits["width"]
        return Output(width_of(above), activation, layer.written, place, argument=argument, above=above.written)
    if "width" not in layer.traits and layer.name != "EinsumDense":
        return Output(None, None, layer.written, place)
    return Output(width_of(layer), activation, layer.written, place, argument=layer.traits.get("width"))


def width_of(layer: KerasObject) -> int | None:
    """How many values a layer puts out along its last axis, where it says so in a number."""
    width = layer.arguments.get(layer.traits.get("width", ""))
    return width if isinstance(width, int) else None
