"""One-hot vectors in the data are classes, as names are; vectors of shares are numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.train import Train
from dlcli.data import Dataset
from dlcli.data.dataset import class_indices
from dlcli.data.description.tensors import describe_dataset
from dlcli.spec import Wanted
from dlcli.training.setup.weights import training_weights

LABELS = np.random.default_rng(0).integers(0, 3, (60, 2, 2))


def loaded(load: Callable[..., Dataset], folder: Path, vectors: np.ndarray[Any, Any], **block: Any) -> Dataset:
    path = folder / "a.npz"
    np.savez(path, x=np.zeros((len(vectors), 2), np.float32), y=vectors)
    data = {"source": {"npz": str(path)}, "target": "y", "split": {"validation": 0.0, "test": 0.0}, **block}
    return load(data, labels="one_hot")


@pytest.mark.parametrize("dtype", ["float32", "uint8", "bool"])
@pytest.mark.parametrize("labels", [LABELS[:, 0, 0], LABELS], ids=["a sample", "a pixel"])
def test_one_hot_vectors_are_classes(
    load: Callable[..., Dataset], tmp_path: Path, labels: np.ndarray[Any, Any], dtype: str
) -> None:
    dataset = loaded(load, tmp_path, np.eye(3)[labels].astype(dtype))
    [schema] = dataset.schema.targets
    assert (schema.classes, schema.is_one_hot, schema.shape) == (["0", "1", "2"], True, [*labels.shape[1:], 3])
    counts = np.bincount(labels.ravel())
    assert dataset.class_counts("train", schema) == dict(zip("012", counts.tolist(), strict=True))
    rows = dataset.splits["train"].rows
    target = dataset.splits["train"].target[:]
    np.testing.assert_array_equal(target, np.eye(3)[labels[rows]])
    np.testing.assert_array_equal(class_indices(target, schema), labels[rows])
    weights = training_weights(Train(epochs=1, class_weight="balanced"), dataset)
    assert weights is not None
    np.testing.assert_allclose(weights.by_class["y"], labels.size / (3 * counts))


def test_classes_of_one_hot_vectors_can_be_named(load: Callable[..., Dataset], tmp_path: Path) -> None:
    vectors = np.eye(3, dtype=np.float32)[LABELS[:, 0, 0]]
    assert loaded(load, tmp_path, vectors, target={"column": "y", "classes": ["a", "b", "c"]}).classes == list("abc")


@pytest.mark.parametrize("change", [{0: 0.5}, {0: 1.0, 1: 1.0}, {0: 0.0, 1: 0.0, 2: 0.0}, {0: 2.0}], ids=range(4))
def test_other_vectors_are_numbers(load: Callable[..., Dataset], tmp_path: Path, change: dict[int, float]) -> None:
    vectors = np.eye(3, dtype=np.float32)[LABELS[:, 0, 0]]
    for place, value in change.items():
        vectors[7, place] = value
    [schema] = loaded(load, tmp_path, vectors).schema.targets
    assert (schema.classes, schema.is_one_hot) == (None, False)


@pytest.mark.parametrize(
    ("values", "block", "wanted"),
    [
        ([-1, 1, 1, 1], "y", Wanted("binary", signs=True)),
        ([1, 2, 2, 2], {"column": "y", "encode": "index"}, Wanted("binary")),
        ([10, 20, 30, 30], {"column": "y", "encode": "index", "void": 10}, Wanted("classes")),
    ],
)
def test_the_range_of_numbers_that_are_names_is_their_own(
    load: Callable[..., Dataset], write: Callable[..., Path], values: list[int], block: Any, wanted: Wanted
) -> None:
    path = write("a,y\n" + "".join(f"{row},{value}\n" for row, value in enumerate(values)))
    split = {"validation": 0.0, "test": 0.0}
    dataset = load({"source": {"csv": str(path)}, "target": block, "split": split}, labels={None: wanted})
    told = describe_dataset(dataset)[-1]
    kept = [value for value in values if value != 10]
    assert (told.role, told.min, told.max) == ("target", min(kept), max(kept))
    assert told.mean == pytest.approx(np.mean(kept))
