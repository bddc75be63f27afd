"""Which layer a format cannot hold: each is written by itself, until one is not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from dlcli.actions.export.described import Given, Taken
from dlcli.actions.export.exporter import Exporter, Writing
from dlcli.actions.export.forms import Form
from dlcli.actions.export.quiet import quiet
from dlcli.actions.export.rebuilt import layers_inside
from dlcli.actions.export.whole import Whole, tensor_name
from dlcli.layers.names import written_layer_name
from dlcli.named_inputs import model_of


def refused_layers(exporter: Exporter, model: Any, form: Form) -> Iterator[tuple[str, str]]:
    """Name and class of each layer of a model that a format does not hold by itself."""
    seen = set[str]()
    for layer in layers_inside(model):
        key = repr((type(layer).__name__, sorted(map(str, arguments(layer).items()))))
        if key not in seen and not holds(exporter, layer, form):
            yield written_layer_name(layer.name), type(layer).__name__
        seen.add(key)


def arguments(layer: Any) -> dict[str, Any]:
    """The arguments of a layer but for its name, and the shape that it takes."""
    with suppress(Exception):
        return {**layer.get_config(), "name": None, "takes": [tuple(each.shape) for each in flat(layer.input)]}
    return {"layer": layer.name}


def holds(exporter: Exporter, layer: Any, form: Form) -> bool:
    """Whether a format holds a layer by itself."""
    try:
        whole = whole_of_layer(layer, form)
    except Exception:
        return True  # it cannot be asked by itself
    with tempfile.TemporaryDirectory(prefix="dlcli-export-") as folder:
        path = Path(folder) / exporter.file
        try:
            with quiet():
                exporter.write(whole, Writing(path))
                exporter.opened(path)
        except Exception:
            return False
    return True


def whole_of_layer(layer: Any, form: Form) -> Whole:
    """A layer as a model of its own."""
    taken: list[Taken] = []
    tensors = {}
    for tensor in flat(layer.input):
        name = tensor_name("x", taken)
        tensors[name] = tensor
        shape = [int(size) for size in tensor.shape[1:]]
        taken.append(
            Taken(name=name, tensor=name, shape=shape, dtype=tensor.dtype, axes=[], kind="prepared", meaning="")
        )
    outputs = {f"y{number}": each for number, each in enumerate(flat(layer.output))}
    given = [given_part(name, each) for name, each in outputs.items()]
    return Whole(model_of(tensors, outputs), taken, given, form)


def given_part(name: str, tensor: Any) -> Given:
    """An output of a part, of which only its name matters."""
    return Given(name=name, tensor=name, shape=[], dtype=tensor.dtype, says="numbers", meaning="")


def flat(tensors: Any) -> list[Any]:
    """The tensors of a structure."""
    import keras

    found: list[Any] = keras.tree.flatten(tensors)
    return found
