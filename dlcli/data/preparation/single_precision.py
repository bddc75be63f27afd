"""Keeps what prepares data in 32 bits, whatever precision the layers of the model have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_precision() -> Iterator[None]:
    """While it is open, layers of Keras are made in 32 bits: in 16 a mean of many values would be lost."""
    import keras

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
