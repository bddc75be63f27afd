"""What stands around a layer of Keras, so that it answers each sample by itself and takes the axes that data has.

Of all layers one needs it, MelSpectrogram; tests ask each layer for all samples at once and one by one.
"""

from __future__ import annotations

from typing import Any

NEVER = 1e9
"""Decibels below the loudest that nothing reaches."""


def per_sample(layer: Any, shape: tuple[int | None, ...]) -> Any:
    """The layer, or a model around a MelSpectrogram that takes `shape` (batch, …).

    Keras takes the last axis for the time, where sounds have their channels: (time, channels) becomes (bands, frames,
    channels), an image. And it cuts off what is `top_db` below the loudest of the whole batch, so that a quiet sound is
    answered otherwise beside a loud one. Here each sound is cut off below its own loudest.
    """
    import keras

    if not isinstance(layer, keras.layers.MelSpectrogram):
        return layer
    channels = sound_channels(shape[1:])
    if channels is None and not layer.power_to_db:
        return layer
    below = layer.top_db
    if layer.power_to_db:
        layer.top_db = NEVER
    sound = keras.Input(shape[1:])
    # A channel at a time: of a sound with an axis of channels Keras tells the wrong shape before it works.
    bands = layer(sound) if channels is None else keras.ops.stack([layer(sound[..., at]) for at in range(channels)], -1)
    if layer.power_to_db:
        loudest = keras.ops.max(bands, axis=list(range(1, len(bands.shape))), keepdims=True)
        bands = keras.ops.maximum(bands, loudest - float(below))
    return keras.Model(sound, bands, name=layer.name)


def sound_channels(shape: tuple[int | None, ...]) -> int | None:
    """How many channels a sound of this shape has, where it is (time, channels) with fewer channels than points of time."""
    return shape[1] if len(shape) == 2 and None not in shape and shape[1] < shape[0] else None  # type: ignore[operator]


def unlike_said(output: Any, said: Any) -> str | None:
    """That a sample of an output has another shape than was said, for which the layers behind are made; None where it has not.

    A rank or a size that is not known is no other one.
    """
    if not hasattr(output, "shape") or not hasattr(said, "shape") or getattr(output.shape, "rank", 0) is None:
        return None
    given, wanted = tuple(output.shape[1:]), tuple(said.shape[1:])
    unlike = [a != b for a, b in zip(given, wanted, strict=False) if a is not None and b is not None]
    if len(given) == len(wanted) and not any(unlike):
        return None
    return f"it puts out {given}, and Keras makes the layers behind it for {wanted}"
