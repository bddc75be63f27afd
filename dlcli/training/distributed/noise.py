"""Noise on several devices: each draws numbers of its own, where TensorFlow would give all of them the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

APART = 0x9E3779B9
"""How far the seeds of two devices are apart: the golden ratio, so that no two come close."""


@contextmanager
def noise_of_each_device() -> Iterator[None]:
    """While it is open, seeds that are drawn on a device are its own; the first device has those of a training on one."""
    import keras
    import tensorflow as tf

    original = keras.random.SeedGenerator.next

    def own_seed(generator: Any, ordered: bool = True) -> Any:
        seed, context = original(generator, ordered), tf.distribute.get_replica_context()
        if context is None:
            return seed
        number = tf.cast(context.replica_id_in_sync_group, seed.dtype)
        return seed + tf.stack([number * tf.constant(APART, seed.dtype), tf.zeros_like(number)])

    keras.random.SeedGenerator.next = own_seed
    try:
        yield
    finally:
        keras.random.SeedGenerator.next = original
