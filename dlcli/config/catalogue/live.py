"""What the catalogue knows of a class of layers that has been imported, Keras's own or a plugin's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.catalogue.traits import PREFIX, inherited


def layer_traits(layer: type) -> Mapping[str, Any]:
    """The traits of a class: of Keras's those of the catalogue, of another those of its base and its `dlcli_` attributes."""
    own = {key.removeprefix(PREFIX): value for key, value in vars(layer).items() if key.startswith(PREFIX)}
    known = keras_traits().get(layer)
    if known is not None or layer.__base__ is None:
        return {**(known or {}), **own}
    return {**inherited(layer_traits(layer.__base__)), **own}


@cache
def keras_traits() -> Mapping[type, Mapping[str, Any]]:
    """The traits of the layers of Keras by their classes."""
    import keras

    layers = keras_catalogue().kinds["layers"]
    return {getattr(keras.layers, name): entry["traits"] for name, entry in layers.items()}
