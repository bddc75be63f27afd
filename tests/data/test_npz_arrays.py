from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.data import Data, Dataset
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
    hint = "correct the data: no model takes an infinite number"
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


@pytest.mark.parametrize("ending", ["npz", "h5"])
@pytest.mark.parametrize("inputs", [{}, {"inputs": ["x"]}, {"inputs": ["x", "left"]}])
def test_arrays_that_inputs_and_targets_name_are_read_beside_the_usual_ones(
    inputs: dict[str, Any], ending: str, tmp_path: Path
) -> None:
    import h5py

    arrays = {
        "x": np.arange(60.0).reshape(20, 3),
        "box": np.arange(80.0).reshape(20, 4),
        "cls": np.arange(20) % 3,
        "left": np.arange(40.0).reshape(20, 2),
    }
    np.savez(tmp_path / "a.npz", **arrays)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, values in arrays.items():
            file[name] = values
    block = {"source": str(tmp_path / f"a.{ending}"), "targets": {"a": "cls", "b": "box"}, **inputs}
    loaded = Data.model_validate(block, context=Language()).load(seed=0)
    assert sorted(each for split in loaded.splits.values() for each in split.inputs) == sorted(
        3 * inputs.get("inputs", ["x"])
    )
    rows = loaded.splits["train"].rows
    assert loaded.splits["train"].targets["a"].tolist() == arrays["cls"][rows].tolist()
    assert loaded.splits["train"].targets["b"].tolist() == arrays["box"][rows].tolist()


def test_arrays_that_are_named_have_the_splits_of_the_usual_ones(tmp_path: Path) -> None:
    splits = {
        f"{name}_{split}": np.full((size, 2), size) for split, size in (("train", 9), ("test", 4)) for name in "xk"
    }
    np.savez(tmp_path / "a.npz", **splits)
    block = {"source": str(tmp_path / "a.npz"), "targets": {"out": "k"}, "split": {"validation": 0.0}}
    loaded = Data.model_validate(block, context=Language()).load(seed=0)
    assert {name: (len(each), sorted(each.inputs)) for name, each in loaded.splits.items()} == {
        "train": (9, ["x"]),
        "test": (4, ["x"]),
    }


def test_an_array_that_is_not_there_is_told_beside_all_that_are(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((9, 2)), cls=np.arange(9), box=np.zeros((9, 4)))
    block = {"source": str(tmp_path / "a.npz"), "target": "clz"}
    with pytest.raises(DataError, match="there is no column 'clz'; the data has: x, cls, box") as caught:
        Data.model_validate(block, context=Language()).load(seed=0)
    assert caught.value.hint == "did you mean 'cls'?"
