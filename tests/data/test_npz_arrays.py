from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.errors import DataError

UNSPLIT = {"validation": 0.0, "test": 0.0}
X = np.arange(24.0).reshape(6, 4)
Y = np.array([0, 1, 0, 1, 0, 1])


def block(path: Path, **arguments: Any) -> dict[str, Any]:
    return {"source": {"npz": {"path": str(path), **arguments}}, "split": UNSPLIT}


def test_nan_in_an_array_is_refused_unless_something_stands_for_it(
    archive: Callable[..., Path], load: Callable[..., Dataset], refuse: Callable[..., Any]
) -> None:
    x = X.copy()
    x[[1, 4], 2] = np.nan
    path = archive(x=x, y=Y)
    assert refuse(block(path)) == (
        *(DataError, 4, "empty cells: 'x' 2; the first in row 2", str(path), None),
        "write data.missing: drop, mean, median, most_frequent or {constant: 0}",
    )
    assert refuse({**block(path), "missing": "mean"}).hint == "write data.missing: drop or {constant: 0}"
    assert load({**block(path), "missing": "drop"}).splits["train"].rows.tolist() == [0, 2, 3, 5]
    filled = load({**block(path), "missing": {"constant": 7}}).splits["train"].inputs["x"]
    np.testing.assert_array_equal(filled, np.where(np.isnan(x), 7, x))


def test_infinity_in_an_array_is_refused(archive: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    x = X.copy()
    x[3, 1] = -np.inf
    path = archive(x=x, y=Y)
    hint = "correct the data; an infinite number cannot be trained on"
    assert refuse(block(path)) == (DataError, 4, "'x' is infinite in 1 row, first in row 4", str(path), None, hint)


@pytest.mark.parametrize(
    ("shape", "dtype", "axes"),
    [
        ((6, 3), "f4", ["samples", "features"]),
        ((6, 3, 2), "u1", ["samples", "height", "width"]),
        ((6, 3, 2), "f4", ["samples", "time", "features"]),
        ((6, 3, 2, 1), "u1", ["samples", "height", "width", "channels"]),
        ((6, 2, 2, 2, 1), "f4", ["samples", "depth", "height", "width", "channels"]),
        ((6, 1, 1, 1, 1, 2), "f4", ["samples", "axis 1", "axis 2", "axis 3", "axis 4", "axis 5"]),
    ],
)
def test_the_axes_are_named_by_their_number(
    shape: tuple[int, ...], dtype: str, axes: list[str], archive: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(archive(x=np.ones(shape, dtype), y=Y)))
    [schema] = dataset.schema.inputs
    assert (schema.axes, schema.shape) == (axes, list(shape[1:]))
    assert dataset.splits["train"].inputs["x"].dtype == dtype


def test_an_archive_may_hold_columns_and_arrays(archive: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    dataset = load(block(archive(a=X[:, 0], b=X[:, 1], image=X.reshape(6, 2, 2), y=Y), inputs=["a", "image", "b"]))
    assert [(schema.name, schema.shape) for schema in dataset.schema.inputs] == [("features", [2]), ("image", [2, 2])]
    np.testing.assert_array_equal(dataset.splits["train"].inputs["features"], X[:, :2])


def test_columns_beside_an_array_called_features_are_not_lost(
    archive: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(archive(a=X[:, 0], features=X, y=Y), inputs=["a", "features"]))
    assert [(schema.name, schema.shape) for schema in dataset.schema.inputs] == [("columns", [1]), ("features", [4])]


def test_numbers_in_the_other_byte_order_are_the_same_numbers(
    archive: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    train = load(block(archive(x=X.astype(">f4"), y=Y.astype(">i2")))).splits["train"]
    np.testing.assert_array_equal(train.inputs["x"], X)
    assert (train.target.dtype, train.target.tolist()) == (np.int64, Y.tolist())
