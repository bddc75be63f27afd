"""Memory that begins where TensorFlow wants it, so that arrays become tensors without being copied."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

ALIGNMENT = 64  # unseen: time alone
"""Bytes; the width of the largest registers."""


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """An array of plain values that are not set yet."""
    import numpy as np

    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT
    return memory[begin : begin + size].view(dtype).reshape(shape)


def floats(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The values as numbers of 32 bits; the same array where it holds them already."""
    import numpy as np

    if values.dtype == np.float32:
        return values
    made = empty(values.shape, np.dtype(np.float32))
    made[...] = values
    return made


def aligned_rows(values: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """`values[rows]` for row numbers from 0 on."""
    import numpy as np

    if values.dtype.hasobject:
        return values[rows]  # type: ignore[no-any-return]
    taken = empty((len(rows), *values.shape[1:]), values.dtype)
    np.take(values, rows, axis=0, out=taken, mode="clip")  # clipping, which never happens, lets it write there at once
    return taken
