"""Masks whose values have names: the classes stand in the order written, whatever the numbers in the files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from dlcli.config.language import Language
from dlcli.data import Data, Dataset
from dlcli.data.sources.folders.images import Images
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError

TRIMAP = {1: "pet", 2: "background", 3: "border"}


def write(folder: Path, masks: Any) -> Path:
    """Masks (samples, height, width), each beside a picture that shows its number."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, mask in enumerate(masks):
        Image.fromarray(np.full(mask.shape, number, np.uint8)).save(folder / "images" / f"{number:02}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number:02}.png")
    return folder


def block(folder: Path, classes: Any = TRIMAP, **options: Any) -> dict[str, Any]:
    named = {str(value): name for value, name in classes.items()} if isinstance(classes, dict) else classes
    masks = {"path": str(folder / "masks"), "classes": named, **options}
    return {"images": {"path": str(folder / "images"), "masks": {k: v for k, v in masks.items() if v is not None}}}


def read(folder: Path, classes: Any = TRIMAP, *, told: Any = (), **options: Any) -> Any:
    source = Images.model_validate(block(folder, classes, **options)["images"])
    return source.read(Reading(void={None: told}))


def drawn(values: Any, *, samples: int = 20, dtype: Any = np.uint8) -> Any:
    return np.random.default_rng(3).choice(np.array(values, dtype), (samples, 4, 5))


def test_values_become_indices_in_the_order_written(tmp_path: Path) -> None:
    masks = drawn([1, 2, 3])
    write(tmp_path, masks)
    fields = read(tmp_path)
    assert fields.classes == {"mask": ["pet", "background", "border"]}
    np.testing.assert_array_equal(fields.arrays["mask"][:], masks - 1)
    assert (fields.notes, dict(fields.void)) == ((), {})
    turned = read(tmp_path, {3: "border", 1: "pet", 2: "background"})
    assert turned.classes == {"mask": ["border", "pet", "background"]}
    np.testing.assert_array_equal(turned.arrays["mask"][:], masks % 3)


def test_a_list_names_the_values_from_0_on(tmp_path: Path) -> None:
    masks = drawn([0, 1])
    write(tmp_path, masks)
    fields = read(tmp_path, ["background", "pet"])
    assert fields.classes == {"mask": ["background", "pet"]}
    np.testing.assert_array_equal(fields.arrays["mask"][:], masks)


def test_values_of_one_name_are_one_class(tmp_path: Path) -> None:
    masks = drawn([1, 2, 3])
    write(tmp_path, masks)
    fields = read(tmp_path, {1: "pet", 2: "else", 3: "else"})
    assert fields.classes == {"mask": ["pet", "else"]}
    np.testing.assert_array_equal(fields.arrays["mask"][:], masks > 1)


@pytest.mark.parametrize(("values", "dtype"), [([1000, 2000, 65535], np.uint16), ([0, 127, 255], np.uint8)])
def test_values_may_be_any_of_8_or_16_bits(tmp_path: Path, values: Any, dtype: Any) -> None:
    masks = drawn(values, dtype=dtype)
    write(tmp_path, masks)
    fields = read(tmp_path, dict(zip(values, "cab", strict=True)))
    assert fields.classes == {"mask": ["c", "a", "b"]}
    np.testing.assert_array_equal(fields.arrays["mask"][:], np.searchsorted(values, masks))


def test_two_values_of_16_bits_need_no_names(tmp_path: Path) -> None:
    masks = drawn([0, 65535], dtype=np.uint16)
    write(tmp_path, masks)
    fields = read(tmp_path, None)
    np.testing.assert_array_equal(fields.arrays["mask"][:], masks > 0)
    assert fields.notes == ("the pixels of the masks are 0 and 65535, taken for the classes 0 and 1",)


def test_a_value_without_a_name_is_told_with_its_file(tmp_path: Path) -> None:
    masks = drawn([1, 2, 3])
    masks[7, 2, 1] = 9
    write(tmp_path, masks)
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert caught.value.code == 4
    assert caught.value.file == str(tmp_path / "masks" / "07.png")
    assert caught.value.message == (
        "it holds the value 9, which is none of the classes 1 (pet), 2 (background), 3 (border)"
    )
    assert caught.value.hint == "add 9 to the classes of the masks, or write void: 9"
    masks[11, 0, 0] = 0
    write(tmp_path, masks)
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    lines = caught.value.message.splitlines()
    assert len(lines) == 3
    assert lines[0] == "2 masks of 20 cannot be used:"
    assert lines[2].startswith(f"{tmp_path}/masks/11.png: it holds the value 0,")


@pytest.mark.parametrize("void", [0, 255, 9])
def test_a_void_value_is_no_class_wherever_it_is_said(tmp_path: Path, load: Callable[..., Dataset], void: int) -> None:
    masks = drawn([1, 2, 3, void])
    write(tmp_path, masks)
    expected = np.where(masks == void, -1, masks.astype(int) - 1)
    ways: list[dict[str, Any]] = [
        {"source": block(tmp_path, void=void)},
        {"source": block(tmp_path), "target": {"column": "mask", "void": void}},
        {"source": block(tmp_path), "target": {"void": [void, 77]}},
        {"source": block(tmp_path, void=[void, 5]), "target": {"column": "mask", "void": void}},
    ]
    for data in ways:
        dataset = load(data, labels="classes")
        [target] = dataset.schema.targets
        assert (target.classes, target.has_void) == (["pet", "background", "border"], True)
        checked = 0
        for part in dataset.splits.values():
            own = part.inputs["image"][:][:, 0, 0, 0].astype(int)
            np.testing.assert_array_equal(part.target[:], expected[own])
            checked += len(part)
        assert checked == 20


def test_a_class_may_be_void_by_its_name_or_value(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    masks = drawn([1, 2, 3])
    write(tmp_path, masks)
    for void in ("background", 2):
        dataset = load({"source": block(tmp_path), "target": {"void": void}}, labels="classes")
        assert dataset.schema.targets[0].classes == ["pet", "border"]
        codes = np.concatenate([part.target[:].ravel() for part in dataset.splits.values()])
        counts = np.bincount(codes + 1, minlength=3).tolist()
        assert counts == [(masks == 2).sum(), (masks == 1).sum(), (masks == 3).sum()]


def test_the_target_may_order_the_names_anew(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    masks = drawn([1, 2, 3])
    write(tmp_path, masks)
    data = {"source": block(tmp_path), "target": {"column": "mask", "classes": ["border", "pet", "background"]}}
    for encode in ("index", "one_hot"):
        data["target"]["encode"] = encode
        dataset = load(data, labels="classes" if encode == "index" else "one_hot")
        assert dataset.schema.targets[0].classes == ["border", "pet", "background"]
        part = dataset.splits["train"]
        rows = part.inputs["image"][:][:, 0, 0, 0].astype(int)
        codes = part.target[:] if encode == "index" else part.target[:].argmax(axis=-1)
        np.testing.assert_array_equal(codes, masks[rows] % 3)
    data["target"]["classes"] = ["border", "pet", "back"]
    with pytest.raises(DataError, match="'background' in .* is none of the classes: border, pet, back"):
        load(data, labels="classes")


def test_void_values_of_unnamed_masks_are_no_class(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    for values, void, classes in (
        ([0, 1, 255], 255, 2),
        ([0, 1, 2, 255], 255, 3),
        ([3, 7, 9], 9, 2),
        ([0, 1, 2], 0, 3),
    ):
        masks = drawn(values)
        write(tmp_path, masks)
        dataset = load({"source": block(tmp_path, None), "target": {"void": void}}, labels="classes")
        assert len(dataset.schema.targets[0].classes or []) == classes, values
        part = dataset.splits["train"]
        rows = part.inputs["image"][:][:, 0, 0, 0].astype(int)
        kept = [each for each in values if each != void] if void else values
        wanted = np.where(masks == void, -1, np.searchsorted(kept, masks))
        np.testing.assert_array_equal(part.target[:], wanted[rows])


def test_a_name_that_does_not_occur_is_noted(tmp_path: Path) -> None:
    write(tmp_path, drawn([1, 2]))
    assert read(tmp_path).notes == ("no pixel of the masks is border",)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"classes": ["a", "b", "a"]}, "the class 'a' stands twice"),
        ({"classes": {"1": "a", "2": "a"}}, "'a' is the only class"),
        ({"classes": {"1": "a", "2": "b"}, "void": 2}, "2 is void and the class 'b'"),
        ({"classes": {"1": "a", "70000": "b"}}, "'70000' is no value of a pixel"),
        ({"classes": {"one": "a", "2": "b"}}, "'one' is no value"),
        ({"classes": {"1": "a"}}, "at least 2"),
    ],
)
def test_what_contradicts_itself_is_a_mistake(tmp_path: Path, masks: Any, message: str) -> None:
    write(tmp_path, drawn([1, 2]))
    source = {"images": {"path": str(tmp_path / "images"), "masks": {"path": str(tmp_path / "masks"), **masks}}}
    with pytest.raises(ValidationError, match=message):
        Data.model_validate({"source": source}, context=Language())
