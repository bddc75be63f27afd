"""The precision of what prepares data, whatever precision the layers of the model have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

SINGLE, DOUBLE = "float32", "float64"


@contextmanager
def precision(dtype: str) -> Iterator[None]:
    """While it is open, layers of Keras are made in this precision: in 16 bits a mean of many values would be lost."""
    import keras

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def needed_precision(dtype: np.dtype[Any]) -> str:
    """In what numbers of this type are prepared: in 64 bits where 32 would make some of them equal.

    Seconds since 1970 are 128 apart in 32 bits; what is left after preparation is small enough for them.
    """
    small = dtype.itemsize <= (4 if dtype.kind == "f" else 2)
    return SINGLE if small else DOUBLE
