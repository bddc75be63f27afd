"""The same Keras model built again in another way: in 32 bits, or with its steps through time written out."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dlcli.named_inputs import names_may_differ

CONFIG = "config.json"
UNROLLED = 512
"""Steps through time that are written out at most: each is a part of the graph of its own."""


def in_single(model: Any) -> Any:
    """A model that reckons in 32 bits what it reckoned in 64, made of its file: there layers have all that they have learnt."""
    import keras

    with tempfile.TemporaryDirectory(prefix="dlcli-export-") as folder:
        double, single = Path(folder) / "double.keras", Path(folder) / "single.keras"
        model.save(double)
        with zipfile.ZipFile(double) as old, zipfile.ZipFile(single, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                new.writestr(name, content.replace(b'"float64"', b'"float32"') if name == CONFIG else content)
        with names_may_differ():
            return keras.saving.load_model(single, compile=False, safe_mode=True)


def unrolled(model: Any) -> Any:
    """A model whose recurrent layers are written out step by step."""
    import keras

    def written_out(layer: Any, config: dict[str, Any]) -> dict[str, Any]:
        if "unroll" not in config:
            return config
        steps = keras.tree.flatten(layer.input)[0].shape[1]
        return {**config, "unroll": True} if steps is not None and steps <= UNROLLED else config

    return with_layers(model, written_out)


def with_layers(model: Any, change: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> Any:
    """A model with other arguments of some layers, and the same weights."""
    import keras

    def made(layer: Any) -> Any:
        config = layer.get_config()
        own = change(layer, config) if "layer" not in config else inner(layer, config)
        return layer if own == config else type(layer).from_config(own)

    def inner(layer: Any, config: dict[str, Any]) -> dict[str, Any]:
        """A wrapper, whose layers inside go through time."""
        parts = {name: config[name] for name in ("layer", "backward_layer") if config.get(name)}
        changed = {name: {**part, "config": change(layer, part["config"])} for name, part in parts.items()}
        return {**config, **changed}

    with names_may_differ():
        other = keras.models.clone_model(model, clone_function=made, recursive=True)
    other.set_weights(model.get_weights())
    return other


def has_steps(model: Any) -> bool:
    """Whether some layer goes through time step by step."""
    return any(hasattr(inner_layer(each), "unroll") for each in layers_inside(model))


def inner_layer(layer: Any) -> Any:
    """The layer in a wrapper, or itself."""
    return getattr(layer, "forward_layer", getattr(layer, "layer", layer))


def layers_inside(model: Any) -> Iterator[Any]:
    """The layers and operations of a model and of those inside it, but its inputs."""
    import keras

    for layer in model.operations:
        if isinstance(layer, keras.Model):
            yield from layers_inside(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer
