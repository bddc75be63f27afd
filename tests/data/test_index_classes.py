"""The labels of an array a sample, of which a loss reads each as the index of a class: whole, and none far above the others."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dlcli.data.target import Target
from dlcli.errors import DataError
from dlcli.spec import Wanted

CLASSES = Wanted(labels="classes")


def schema(load: Any, folder: Path, mask: np.ndarray[Any, Any], wanted: Wanted = CLASSES, **target: Any) -> Any:
    np.savez(folder / "m.npz", x=np.ones((len(mask), 2), np.float32), m=mask)
    source = {"npz": {"path": str(folder / "m.npz"), "inputs": "x", "target": "m"}}
    block = {"source": source, "target": {"column": "m", **target}} if target else {"source": source}
    return load(block, labels=wanted).schema.targets[0]


@pytest.fixture
def mask() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(0, 3, (20, 2, 2))


def test_whole_numbers_are_classes_as_integers_and_as_floats(load: Any, tmp_path: Path, mask: Any) -> None:
    for values in (mask, mask.astype("f4"), mask.astype("f8")[..., None], mask.astype("u1")):
        assert schema(load, tmp_path, values).classes == ["0", "1", "2"]
    assert schema(load, tmp_path, mask.astype("f4"), Wanted("classes", units=5)).classes == [*"01234"]
    assert schema(load, tmp_path, mask + 0.5, Wanted(labels="numbers")).classes is None


@pytest.mark.parametrize(("add", "shown"), [(0.5, "label [0-2]\\.5 in row"), (float("nan"), "nan|empty")])
def test_labels_that_are_not_whole_are_told_with_their_row(
    add: float, shown: str, load: Any, tmp_path: Path, mask: Any
) -> None:
    values = mask.astype("f4")
    values[7, 1, 0] += add
    with pytest.raises(DataError, match=shown) as caught:
        schema(load, tmp_path, values)
    assert "8" in str(caught.value) or "7" in str(caught.value)
    if add == 0.5:
        assert schema(load, tmp_path, values, encode="index").classes is not None


@pytest.mark.parametrize("label", [5, 1000, 1003, 10**9, 10**15, 2**32 - 1])
def test_one_label_far_above_the_others_is_told_and_takes_no_memory(
    label: int, load: Any, tmp_path: Path, mask: Any
) -> None:
    mask[3, 0, 1] = label
    if label <= 1003:  # 3 classes, the stray one and 1000 of which none is there
        assert schema(load, tmp_path, mask).classes == [str(each) for each in range(label + 1)]
    else:
        told = f"the labels of 'm' are 0, 1, 2, {label}; expected 0 to 3"
        with pytest.raises(DataError, match=told) as caught:
            schema(load, tmp_path, mask)
        assert f"write void: {label} at the target" in str(caught.value.hint)
    assert schema(load, tmp_path, mask, void=label).classes == ["0", "1", "2"]
    assert schema(load, tmp_path, mask, encode="index").classes == ["0", "1", "2", str(label)]


def test_one_hot_vectors_of_floats_are_no_indices(load: Any, tmp_path: Path) -> None:
    assert schema(load, tmp_path, np.eye(3, dtype="f4")[np.arange(20) % 3]).classes is None


@pytest.mark.parametrize(("classes", "allowed"), [(3, True), (1_000_000, True), (1_000_001, False), (10**9, False)])
def test_a_number_of_classes_has_a_bound(classes: int, allowed: bool) -> None:
    with nullcontext() if allowed else pytest.raises(ValidationError, match="1000000"):
        assert Target.model_validate({"column": "y", "classes": classes}).classes == classes
