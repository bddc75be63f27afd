"""The centre of a picture as the layers see it, where training draws other parts of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def centre_crop(taken: Any, size: tuple[int, int], free_name: Callable[[str], str]) -> tuple[Any, list[str]]:
    """The centre of symbolic pictures (samples, height, width, …) by layers of Keras, and the names of these."""
    import keras

    layers: list[Any] = [keras.layers.CenterCrop(*size, name=free_name("center_crop"))]
    if len(taken.shape) == 3:  # Keras takes pictures without channels for a single one
        layers.insert(0, keras.layers.Reshape((*taken.shape[1:], 1), name=free_name("channel")))
        layers.append(keras.layers.Reshape(size, name=free_name("no_channel")))
    for layer in layers:
        taken = layer(taken)
    return taken, [layer.name for layer in layers]
