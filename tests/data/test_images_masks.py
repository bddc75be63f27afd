from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dlcli.data import Dataset
from dlcli.data.sources.folders.images import Images
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError

CLASSES = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)


def save(path: Path, pixels: Any, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels)).save(path, **options)
    return path


def read(folder: Path, **options: Any) -> Any:
    block = Images.model_validate({"path": str(folder / "images"), "masks": str(folder / "masks"), **options})
    return block.read(Reading())


def refused(folder: Path, **options: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        read(folder, **options)
    assert caught.value.code == 4
    return caught.value


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    for name in ("하나", "b", "c"):
        save(tmp_path / "images" / f"{name}.jpg", np.zeros((2, 3, 3), np.uint8))
        save(tmp_path / "masks" / f"{name}.png", CLASSES)
    return tmp_path


def test_the_mask_of_the_same_name_is_the_target(scenes: Path) -> None:
    save(scenes / "masks" / "b.png", CLASSES[::-1])
    fields = read(scenes)
    assert (fields.inputs, fields.target, fields.classes) == (("image",), "mask", {"mask": ["0", "1", "2"]})
    assert fields.axes_of("mask") == ("samples", "height", "width")
    assert fields.arrays["mask"].dtype == np.uint8
    np.testing.assert_array_equal(fields.arrays["mask"][:], [CLASSES[::-1], CLASSES, CLASSES])
    assert fields.notes == ()


def test_masks_become_a_data_set(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    for number in range(20):
        save(tmp_path / "images" / f"{number}.png", np.full((4, 4), number, np.uint8))
        save(tmp_path / "masks" / f"{number}.png", np.full((4, 4), 255 * (number % 2), np.uint8))
    block = {"images": {"path": str(tmp_path / "images"), "masks": str(tmp_path / "masks")}}
    for stream in (True, False):
        dataset = load({"source": block, "stream": stream}, labels="classes")
        [target] = dataset.schema.targets
        assert (target.shape, target.axes, target.classes) == ([4, 4], ["samples", "height", "width"], ["0", "1"])
        checked = 0
        for part in dataset.splits.values():
            np.testing.assert_array_equal(part.target[:], part.inputs["image"][:][:, :, :, 0] % 2)
            checked += len(part)
        assert checked == 20


def test_two_values_become_0_and_1_with_a_note(scenes: Path) -> None:
    for path in (scenes / "masks").iterdir():
        save(path, (CLASSES > 0) * np.uint8(255))
    fields = read(scenes)
    np.testing.assert_array_equal(fields.arrays["mask"][:], [CLASSES > 0] * 3)
    assert fields.classes == {"mask": ["0", "1"]}
    assert fields.notes == ("the pixels of the masks are 0 and 255, taken for the classes 0 and 1",)


def test_masks_of_black_and_white_and_grey_in_three_channels_are_numbers_too(scenes: Path) -> None:
    for path in (scenes / "masks").iterdir():
        save(path, CLASSES > 0)
    assert read(scenes).notes == ()
    np.testing.assert_array_equal(read(scenes).arrays["mask"][:], [CLASSES > 0] * 3)
    for path in (scenes / "masks").iterdir():
        save(path, np.repeat(CLASSES[:, :, None], 3, axis=2))
    np.testing.assert_array_equal(read(scenes).arrays["mask"][:], [CLASSES] * 3)


def test_a_palette_gives_its_indices_and_not_its_colours(scenes: Path) -> None:
    for path in (scenes / "masks").iterdir():
        image = Image.fromarray(CLASSES)
        image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
        image.save(path)
    np.testing.assert_array_equal(read(scenes).arrays["mask"][:], [CLASSES] * 3)


def test_classes_that_do_not_occur_are_noted(scenes: Path) -> None:
    save(scenes / "masks" / "b.png", CLASSES * 127)
    fields = read(scenes)
    assert len(fields.classes["mask"]) == 255
    few = "; to take these alone write masks: {path: …, classes: {VALUE: NAME, …}, void: VALUE}"
    assert fields.notes == (f"5 of the classes 0 to 254 occur in the masks: 0, 1, 2, 127, 254{few}",)
    for path in (scenes / "masks").iterdir():
        save(path, CLASSES * 2 + (CLASSES == 2))
    assert read(scenes).notes == ("3 of the classes 0 to 5 occur in the masks: 0, 2, 5" + few,)
    for path in (scenes / "masks").iterdir():
        save(path, CLASSES * 2)
    assert read(scenes).notes == ("3 of the classes 0 to 4 occur in the masks: 0, 2, 4",)


def test_masks_that_are_all_the_same_are_refused(scenes: Path) -> None:
    for path in (scenes / "masks").iterdir():
        save(path, np.full((2, 3), 7, np.uint8))
    assert refused(scenes).message == "all pixels of all masks are 7: there is nothing to tell apart"


def test_a_mask_is_resized_without_making_up_classes(scenes: Path) -> None:
    large = np.repeat(np.repeat(CLASSES, 8, axis=0), 8, axis=1)
    for name in ("하나", "b", "c"):
        save(scenes / "images" / f"{name}.jpg", np.repeat(large[:, :, None] * 100, 3, axis=2))
        save(scenes / "masks" / f"{name}.png", large)
    fields = read(scenes, size=[2, 3])
    np.testing.assert_array_equal(fields.arrays["mask"][:], [CLASSES] * 3)
    np.testing.assert_allclose(fields.arrays["image"][:][0, :, :, 0], CLASSES * 100.0, atol=45)
    odd = read(scenes, size=[5, 7]).arrays["mask"][:]
    assert (odd.shape, sorted(np.unique(odd).tolist())) == ((3, 5, 7), [0, 1, 2])


def test_images_without_a_mask_and_masks_without_an_image_are_refused(scenes: Path) -> None:
    save(scenes / "masks" / "d.png", CLASSES)
    error = refused(scenes)
    assert error.message == "there is no picture for the mask d.png"
    (scenes / "masks" / "b.png").unlink()
    (scenes / "masks" / "c.png").unlink()
    error = refused(scenes)
    assert error.message == "there is no mask for b.jpg, c.jpg"
    assert error.hint == "a mask has the name of its picture, with an ending of its own"


def test_two_masks_of_one_image_are_refused(scenes: Path) -> None:
    save(scenes / "masks" / "b.bmp", CLASSES)
    assert refused(scenes).message == "b.bmp and b.png are masks of one picture"


def test_a_mask_of_another_size_than_its_image_is_refused(scenes: Path) -> None:
    save(scenes / "masks" / "b.png", np.zeros((3, 3), np.uint8))
    for options in ({}, {"size": [4, 4]}):
        error = refused(scenes, **options)
        assert error.message == "the mask has 3×3 pixels, its picture b.jpg 2×3"
        assert error.file == str(scenes / "masks" / "b.png")


def test_masks_that_are_none_are_all_listed(scenes: Path) -> None:
    (scenes / "masks" / "b.png").write_bytes(b"")
    save(scenes / "masks" / "c.png", np.random.default_rng(0).integers(0, 9, (2, 3, 3), dtype=np.uint8))
    (scenes / "masks" / "하나.png").unlink()
    save(scenes / "masks" / "하나.jpg", CLASSES)
    lines = refused(scenes).message.splitlines()
    assert lines == [
        "3 masks of 3 cannot be used:",
        f"{scenes}/masks/b.png: the file is empty",
        f"{scenes}/masks/c.png: in colour; the pixels of a mask are numbers of classes, grey or of a palette",
        f"{scenes}/masks/하나.jpg: a JPEG, which blurs the borders between classes; masks are PNG",
    ]
    save(scenes / "masks" / "b.png", np.full((2, 3), 300, np.uint16))
    assert "b.png: it holds the class 300; the largest is 255" in refused(scenes).message


def test_a_mask_fits_the_photograph_as_it_is_seen(scenes: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    for name in ("하나", "b", "c"):
        save(scenes / "images" / f"{name}.jpg", np.zeros((3, 2, 3), np.uint8), exif=exif)
    assert read(scenes).arrays["image"].shape == (3, 2, 3, 3)


def test_an_image_that_is_left_out_takes_its_mask_with_it(scenes: Path) -> None:
    save(scenes / "masks" / "c.png", CLASSES[::-1])
    (scenes / "images" / "b.jpg").write_bytes(b"")
    fields = read(scenes, bad="skip")
    assert [file.name for file in fields.files] == ["c.jpg", "하나.jpg", "c.png", "하나.png"]
    np.testing.assert_array_equal(fields.arrays["mask"][:], [CLASSES[::-1], CLASSES])


def test_names_that_occur_in_several_folders_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "test")):
        save(tmp_path / "images" / split / "1.png", np.full((2, 2), number, np.uint8))
        save(tmp_path / "masks" / split / "1.png", np.full((2, 2), number, np.uint8))
    fields = read(tmp_path)
    assert {split: rows.tolist() for split, rows in fields.splits.items()} == {"train": [0], "test": [1]}
    assert fields.arrays["mask"][:][:, 0, 0].tolist() == [0, 1]


def test_masks_may_lie_flat_beside_images_in_classes_and_in_the_other_unicode_form(tmp_path: Path) -> None:
    for name in ("가", "나"):
        save(tmp_path / "images" / name / f"{unicodedata.normalize('NFC', name)}.png", CLASSES)
        save(tmp_path / "masks" / f"{unicodedata.normalize('NFD', name)}.png", CLASSES)
    fields = read(tmp_path)
    assert (fields.target, sorted(fields.arrays)) == ("mask", ["image", "label", "mask"])


def test_masks_that_are_nowhere_are_refused(scenes: Path) -> None:
    error = refused(scenes, masks=str(scenes / "mask"))
    assert error.message == f"there is no folder {scenes / 'mask'}"


def test_a_mask_that_is_damaged_later_is_named(scenes: Path) -> None:
    masks = read(scenes).arrays["mask"]
    (scenes / "masks" / "c.png").write_bytes(b"x")
    with pytest.raises(DataError) as caught:
        masks[:]
    assert caught.value.message == "the mask cannot be read: no picture, or its start is damaged"
