"""What the catalogue knows of a class of layers that has been imported, Keras's own or a plugin's."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.catalogue.traits import PREFIX, inherited


def layer_traits(layer: type) -> Mapping[str, Any]:
    """The traits of a class of layers or operations: those of the catalogue, or of its base with its `dlcli_` attributes."""
    own = {key.removeprefix(PREFIX): value for key, value in vars(layer).items() if key.startswith(PREFIX)}
    known = keras_traits().get(layer)
    if known is not None or layer.__base__ is None:
        return {**(known or {}), **own}
    return {**inherited(layer_traits(layer.__base__)), **own}


@cache
def keras_traits() -> Mapping[type, Mapping[str, Any]]:
    """The traits of the layers and operations of Keras by their classes."""
    import keras

    layers = keras_catalogue().kinds["layers"]
    traits = {getattr(keras.layers, name): entry["traits"] for name, entry in layers.items()}
    return traits | {
        made: keras_catalogue().kinds["operations"][word]["traits"] for made, word in operation_words().items()
    }


def written_class(layer: type) -> str:
    """The word by which a configuration names a class: `Dense`, `ops.sqrt`."""
    return operation_words().get(layer, layer.__name__)


@cache
def operation_words() -> Mapping[type, str]:
    """The classes of the operations of Keras with the functions that they stand for; of several the first."""
    words: dict[type, str] = {}
    for word, entry in keras_catalogue().kinds["operations"].items():
        module, name = entry["traits"]["class"]
        words.setdefault(getattr(importlib.import_module(module), name), word)
    return words
