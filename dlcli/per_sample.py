"""Layers whose output for a sample depends on the others of its batch, made so that it does not.

Of all layers of Keras one is known: a test asks each of them for all samples at once and one by one.
"""

from __future__ import annotations

from typing import Any

NEVER = 1e9
"""Decibels below the loudest that nothing reaches."""


def per_sample(layer: Any, shape: tuple[int | None, ...]) -> Any:
    """The layer, or for a MelSpectrogram in decibels a model around it; `shape` (batch, …) is what it takes.

    Keras cuts off what is `top_db` below the loudest of the whole batch, so that a quiet sound is answered otherwise beside a
    loud one. Here each sound is cut off below its own loudest.
    """
    import keras

    if not isinstance(layer, keras.layers.MelSpectrogram) or not layer.power_to_db:
        return layer
    below, layer.top_db = float(layer.top_db), NEVER
    sound = keras.Input(shape[1:])
    decibels = layer(sound)
    loudest = keras.ops.max(decibels, axis=[-2, -1], keepdims=True)
    return keras.Model(sound, keras.ops.maximum(decibels, loudest - below), name=layer.name)
