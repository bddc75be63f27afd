"""Builds the list of layers into a Keras model on the shapes of the data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.errors import BlockError, ResourceError, TreePath
from dlcli.layers import Layer
from dlcli.layers.memory import BYTES, TooLarge, bounded
from dlcli.spec import Facts


@dataclass(frozen=True)
class Built:
    """A model, and for each of its layers by name the place in the configuration that it came from."""

    model: Any
    places: Mapping[str, TreePath]


def build_model(
    layers: Sequence[Layer],
    inputs: Mapping[str, Sequence[int]],
    *,
    facts: Facts,
    outputs: Sequence[str] = (),
    memory: int | None = None,
) -> Built:
    """The functional model of a list of layers.

    `inputs` gives the shape of one sample of each input by name; `outputs` names the layers that put out several targets.
    `memory` in bytes bounds what training may take.
    Raises `BlockError` at the layer that cannot be built, or with which the model would no longer fit.
    """
    with bounded(memory):
        return build_graph(layers, inputs, facts=facts, outputs=outputs)


def build_graph(
    layers: Sequence[Layer], inputs: Mapping[str, Sequence[int]], *, facts: Facts, outputs: Sequence[str]
) -> Built:
    """The model, layer by layer."""
    import keras

    tensors: dict[str, Any] = {
        name: keras.Input(tuple(shape), name=name, dtype="float32") for name, shape in inputs.items()
    }
    current = first_input(layers[0], tensors)
    places: dict[str, TreePath] = {}
    for position, layer in enumerate(layers):
        path: TreePath = ("layers", position)
        taken = current if layer.takes is None else [tensors[name] for name in known(layer.takes, tensors, path)]
        if isinstance(taken, list) and len(taken) == 1:
            taken = taken[0]
        try:
            made = layer.keras.build(facts)
            current = called(made, taken)
        except TooLarge as error:
            raise too_large(layer, error, path) from None
        except Exception as error:
            raise build_error(layer, taken, error, path) from error
        places[made.name] = path
        if layer.name is not None:
            tensors[layer.name] = current
    check_inputs(layers, inputs)
    made_out = {name: tensors[name] for name in outputs} if outputs else current
    return Built(keras.Model({name: tensors[name] for name in inputs}, made_out), places)


def called(layer: Any, taken: Any) -> Any:
    """The output of a layer. Attention takes query, value and key one by one; what takes one tensor attends to itself."""
    import inspect

    second = list(inspect.signature(layer.call).parameters.values())[1:2]
    if not second or second[0].name != "value" or second[0].default is not inspect.Parameter.empty:
        return layer(taken)
    return layer(*taken) if isinstance(taken, list) else layer(taken, taken)


def first_input(layer: Layer, tensors: Mapping[str, Any]) -> Any:
    """What a first layer without `from` takes: the input, or all inputs concatenated if they are vectors."""
    import keras

    if layer.takes is not None or len(tensors) == 1:
        return next(iter(tensors.values()))
    shapes = {name: tensor.shape[1:] for name, tensor in tensors.items()}
    if all(len(shape) == 1 for shape in shapes.values()):
        return keras.layers.Concatenate()(list(tensors.values()))
    shown = ", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items())
    raise BlockError(
        ("layers", 0), f"{layer.keras.written} takes which input? there are: {shown}", hint="write from: NAME"
    )


def known(names: Sequence[str], tensors: Mapping[str, Any], path: TreePath) -> Sequence[str]:
    """The names, if each stands for an input or a layer above."""
    for name in names:
        if name not in tensors:
            raise BlockError(
                path,
                f"'from' names '{name}', which is no layer above and no input",
                hint=f"there are: {', '.join(tensors)}",
            )
    return names


def check_inputs(layers: Sequence[Layer], inputs: Mapping[str, Any]) -> None:
    """Refuses an input that no layer takes."""
    if layers[0].takes is None:
        return
    taken = {name for layer in layers for name in layer.takes or ()}
    unused = [name for name in inputs if name not in taken]
    if unused:
        raise BlockError(
            ("layers",),
            f"nothing takes the input '{unused[0]}'",
            hint=f"take it with from: {unused[0]}, or leave it out of data.inputs",
        )


def too_large(layer: Layer, error: TooLarge, path: TreePath) -> BlockError:
    """The error of a layer with which the model no longer fits in memory."""
    needed = error.parameters * BYTES / 1e9
    message = f"with {layer.keras.written} the model has {error.parameters:,} parameters; training them takes {needed:,.0f} GB"
    return BlockError(
        (*path, layer.keras.written), f"{message}, more than the free memory", hint="make the layer smaller"
    )


def build_error(layer: Layer, taken: Any, error: Exception, path: TreePath) -> Exception:
    """What Keras said of a layer, at its place, with the shape it was given."""
    if type(error).__name__ == "ResourceExhaustedError" or isinstance(error, MemoryError):
        return ResourceError(f"{layer.keras.written} does not fit in memory", hint="make the layer smaller")
    shapes = [tensor.shape for tensor in taken] if isinstance(taken, list) else [taken.shape]
    given = ", ".join(str(tuple(shape[1:])) for shape in shapes)
    said = first_sentence(str(error))
    return BlockError(
        (*path, layer.keras.written),
        f"{layer.keras.written} cannot take the shape {given}: {said}",
        hint=advice(layer, shapes),
    )


def first_sentence(text: str) -> str:
    """The part of a message of Keras that a person needs."""
    text = re.sub(r"\s*Arguments received by [\s\S]*", "", text)
    text = re.sub(r"Exception encountered when calling .*?\n+", "", text)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines)[:300] or "no reason given"


def advice(layer: Layer, shapes: Sequence[Any]) -> str | None:
    """What most often helps when a layer cannot take a shape."""
    word, axes = layer.keras.name, len(shapes[0])
    if "2D" in word and axes == 3:
        height, width = shapes[0][1:]
        return f"images need a channel axis: put Reshape: {{target_shape: [{height}, {width}, 1]}} before it"
    if "2D" in word and axes == 2:
        return "it needs (height, width, channels); the data has one axis a sample"
    if "1D" in word and axes == 2:
        return f"it needs (time, features): put Reshape: {{target_shape: [{shapes[0][1]}, 1]}} before it"
    if word in {"LSTM", "GRU", "SimpleRNN"} and axes != 3:
        return "it needs (time, features)"
    return None
