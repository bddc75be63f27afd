"""Arrays that begin where TensorFlow wants them, and those that do not, are the same tensors."""

from __future__ import annotations

import numpy as np
import pytest

from dlcli.data.fields.aligned import ALIGNMENT, aligned_rows, empty


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int64", "bool", "float16"])
@pytest.mark.parametrize("shape", [(7,), (7, 3), (7, 5, 2, 1), (0, 3)])
def test_rows_are_those_of_numpy_and_begin_at_a_boundary(dtype: str, shape: tuple[int, ...]) -> None:
    values = (np.random.default_rng(1).random(shape) * 100).astype(dtype)
    rows = np.random.default_rng(2).permutation(shape[0])[: shape[0] // 2 + 1]
    taken = aligned_rows(values, rows)
    assert taken.dtype == values.dtype
    assert taken.shape == (len(rows), *shape[1:])
    assert np.array_equal(taken, values[rows])
    assert not taken.size or taken.ctypes.data % ALIGNMENT == 0


def test_text_is_taken_as_it_is() -> None:
    values = np.array(["a", "나", None], dtype=object)
    assert aligned_rows(values, np.array([2, 1])).tolist() == [None, "나"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int64", "bool"])
@pytest.mark.parametrize("kind", ["aligned", "shifted", "transposed", "read-only", "empty"])
def test_a_tensor_holds_what_its_array_holds(kind: str, dtype: str) -> None:
    from dlcli.training.engine.steps import placed_tensor

    values = empty((6, 4), np.dtype(dtype))
    values[:] = np.arange(24).reshape(6, 4) % 2
    expected = values.copy()
    if kind == "shifted":
        wide = empty((7, 5), np.dtype(dtype)).reshape(-1)[1:25].reshape(6, 4)
        wide[:] = values
        values = wide
    elif kind == "transposed":
        values, expected = values.T, expected.T
    elif kind == "read-only":
        values.flags.writeable = False
    elif kind == "empty":
        values, expected = values[:0], expected[:0]
    tensor = placed_tensor(values)
    assert tensor.dtype.as_numpy_dtype == np.dtype(dtype)
    assert np.array_equal(tensor.numpy(), expected)
    if kind == "aligned" and dtype == "float32":  # the same memory, which is what makes it quick
        values[0, 0] = 77
        assert tensor.numpy()[0, 0] == 77
