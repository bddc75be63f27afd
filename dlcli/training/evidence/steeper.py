"""A model with other activations in some of its layers, as an advice would have it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from dlcli.layers.names import written_layer_name

STEEPER, FITTING = "selu", "lecun_normal"
"""An activation that keeps the size of what passes, and the first weights that belong to it."""


@contextmanager
def steeper(model: Any, names: Collection[str]) -> Iterator[None]:
    """While it is open, the layers of these names have the other activation, and first weights for it.

    Raises `AttributeError` for a layer whose activation cannot be another one. Who opens it puts the weights back.
    """
    import keras

    layers = [layer for layer in model.layers if written_layer_name(layer.name) in names]
    before = [(layer, layer.activation) for layer in layers]
    try:
        for number, layer in enumerate(layers):
            layer.activation = keras.activations.get(STEEPER)
            initializer = keras.initializers.get({"class_name": FITTING, "config": {"seed": number}})
            layer.kernel.assign(initializer(layer.kernel.shape, layer.kernel.dtype))
        yield
    finally:
        for layer, activation in before:
            layer.activation = activation
