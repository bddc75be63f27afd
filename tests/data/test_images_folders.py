from __future__ import annotations

import os
import socket
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_files import class_folders
from PIL import Image

from dlcli.data import Dataset
from dlcli.data.schema import Schema
from dlcli.data.sources.arrays.npz import Npz
from dlcli.data.sources.folders.images import Images
from dlcli.data.sources.source import Reading
from dlcli.data.sources.tables.csv import Csv
from dlcli.errors import DataError

KINDS = ".jpg, .jpeg, .png, .bmp, .gif, .webp, .tif, .tiff, .ppm, .pgm"


def picture(path: Path, grey: int = 100) -> Path:
    """A file with an image of 2 × 3 pixels of one grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (3, 2), grey).save(path)
    return path


def read(path: Path, **options: Any) -> Any:
    return Images(path=str(path), **options).read(Reading())


def refused(path: Path, **options: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    assert caught.value.code == 4
    return caught.value


def names(fields: Any, root: Path) -> list[str]:
    return [str(file.relative_to(root)) for file in fields.files]


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    names = {"개": "사진 {}.png", "고양이": "{}.png"}
    return class_folders(tmp_path / "동물", names, lambda path, label, number: picture(path, 100 * label + number))


def test_the_folders_are_the_classes_in_the_order_of_their_names(animals: Path) -> None:
    fields = read(animals)
    assert (fields.inputs, fields.target, fields.classes) == (("image",), "label", {"label": ["개", "고양이"]})
    assert fields.arrays["label"].dtype == np.int64
    assert fields.arrays["label"].tolist() == [0] * 10 + [1] * 10
    assert names(fields, animals) == [
        *(f"개/사진 {number}.png" for number in range(10)),
        *(f"고양이/{number}.png" for number in range(10)),
    ]
    assert (fields.arrays["image"].shape, fields.arrays["image"].dtype) == ((20, 2, 3, 1), np.uint8)
    assert fields.axes_of("image") == ("samples", "height", "width", "channels")
    assert fields.arrays["image"][:][:, 1, 2, 0].tolist() == [*range(10), *range(100, 110)]
    assert fields.arrays["image"][np.array([12, 3])][:, 0, 0, 0].tolist() == [102, 3]
    assert fields.where(10) == (str(animals / "고양이/0.png"), None, str(animals / "고양이/0.png"))
    assert (fields.splits, fields.notes) == (None, ())


def test_a_folder_of_classes_becomes_a_data_set(animals: Path, load: Callable[..., Dataset]) -> None:
    dataset = load({"source": {"images": str(animals)}}, labels="classes")
    assert [(name, len(part)) for name, part in dataset.splits.items()] == [
        ("train", 14),
        ("validation", 3),
        ("test", 3),
    ]
    assert dataset.classes == ["개", "고양이"]
    checked = 0
    for part in dataset.splits.values():
        images, labels = part.inputs["image"][:], part.target[:]
        assert ((images[:, 0, 0, 0] >= 100) == (labels == 1)).all()
        checked += len(labels)
    assert checked == 20


def test_a_flat_folder_has_no_target(tmp_path: Path) -> None:
    for name in ("b.png", "a.PNG", "c.JPeG"):
        picture(tmp_path / name)
    fields = read(tmp_path)
    assert (names(fields, tmp_path), fields.target, list(fields.arrays)) == (
        ["a.PNG", "b.png", "c.JPeG"],
        None,
        ["image"],
    )


def test_one_file_or_a_glob_is_taken_too(animals: Path) -> None:
    assert len(read(animals / "개" / "사진 3.png").files) == 1
    assert [file.name for file in read(animals / "고양이" / "[13].png").files] == ["1.png", "3.png"]


def test_folders_train_and_test_are_splits_with_the_classes_of_train(tmp_path: Path) -> None:
    for split, its in {"train": "abc", "val": "ab", "test": "c"}.items():
        for name in its:
            for number in range(2):
                picture(tmp_path / split / name / f"{number}.png")
    fields = read(tmp_path)
    assert fields.classes == {"label": ["a", "b", "c"]}
    assert fields.arrays["label"].tolist() == [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]
    assert {split: rows.tolist() for split, rows in fields.splits.items()} == {
        "train": [0, 1, 2, 3, 4, 5],
        "validation": [6, 7, 8, 9],
        "test": [10, 11],
    }
    assert names(fields, tmp_path)[6] == "val/a/0.png"


def test_a_class_that_train_does_not_have_is_refused(tmp_path: Path) -> None:
    for path in ("train/cat/1.png", "train/dog/1.png", "test/cats/1.png"):
        picture(tmp_path / path)
    error = refused(tmp_path)
    assert error.message == "the class folder 'cats' of the test split is none of the classes: cat, dog"
    assert error.hint == "did you mean 'cat'?"


def test_flat_splits_have_no_target_and_mixed_ones_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "1.png")
    picture(tmp_path / "test" / "2.png")
    fields = read(tmp_path)
    assert (fields.target, sorted(fields.splits)) == (None, ["test", "train"])
    picture(tmp_path / "validation" / "a" / "3.png")
    error = refused(tmp_path)
    assert error.message == "the validation split has class folders, the train split has none"


def test_two_folders_for_one_split_and_an_empty_split_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "a" / "1.png")
    (tmp_path / "test").mkdir()
    assert refused(tmp_path).message == "the folder of the test split holds no files to read"
    for name in ("val", "valid"):
        picture(tmp_path / name / "a" / "1.png")
    assert refused(tmp_path).message == "the folders val and valid are both for validation"


def test_folders_beside_those_of_the_splits_are_noted(tmp_path: Path) -> None:
    for path in ("train/a/1.png", "train/b/1.png", "test/a/1.png", "sketches/1.png"):
        picture(tmp_path / path)
    fields = read(tmp_path)
    assert fields.notes == ("folders beside train were left out: sketches",)
    assert fields.samples == 3


def test_classes_that_are_called_train_and_bus_are_classes(tmp_path: Path) -> None:
    for path in ("train/1.png", "bus/1.png"):
        picture(tmp_path / path)
    fields = read(tmp_path)
    assert (fields.classes, fields.splits) == ({"label": ["bus", "train"]}, None)


def test_a_single_folder_train_is_split_like_any_other(tmp_path: Path) -> None:
    for path in ("train/a/1.png", "train/b/1.png"):
        picture(tmp_path / path)
    fields = read(tmp_path)
    assert (fields.classes, fields.splits) == ({"label": ["a", "b"]}, None)


def test_an_empty_class_folder_is_refused_by_its_name(animals: Path) -> None:
    (animals / "새" / "깊이").mkdir(parents=True)
    error = refused(animals)
    assert error.message == f"the class folder '새' holds no file that ends in {KINDS}"
    assert (error.file, error.hint) == (
        str(animals / "새"),
        "remove the folder, or put samples of the class into it",
    )
    (animals / "말").mkdir()
    assert refused(animals).message.startswith("the class folders '말', '새' hold no file")


def test_a_folder_without_any_image_says_what_it_holds(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c.json", ".hidden.png", "README"):
        (tmp_path / name).write_text("x")
    error = refused(tmp_path)
    assert error.message == f"no file in {tmp_path} ends in {KINDS}; found: 2 .csv, 1 .json, 1 README"
    (tmp_path / "empty").mkdir()
    assert refused(tmp_path / "empty").message.endswith("found: nothing")


def test_hidden_files_and_what_archives_leave_behind_are_no_samples(animals: Path) -> None:
    for name in ("._1.png", ".DS_Store", ".ipynb_checkpoints/1.png", "__MACOSX/개/1.png"):
        (animals / "개" / name).parent.mkdir(parents=True, exist_ok=True)
        (animals / "개" / name).write_bytes(b"no image")
    (animals / ".git").mkdir()
    (animals / "__MACOSX").mkdir()
    fields = read(animals)
    assert (fields.samples, fields.notes) == (20, ())


def test_stray_files_and_those_without_a_class_are_noted(animals: Path) -> None:
    for name in ("labels.csv", "개/notes.txt", "고양이/more.txt", "개/Thumbs.db"):
        (animals / name).write_text("x")
    picture(animals / "loose.png")
    fields = read(animals)
    assert fields.samples == 20
    assert fields.notes == (
        "files of other kinds in 동물 were left out: 2 .txt, 1 .csv, 1 .db",
        "files beside the class folders of 동물 were left out, having no class: 1",
    )


def test_files_in_folders_within_a_class_belong_to_it(tmp_path: Path) -> None:
    for path in ("a/2.png", "a/deep/deeper/1.png", "b/1.png"):
        picture(tmp_path / path)
    fields = read(tmp_path)
    assert names(fields, tmp_path) == ["a/2.png", "a/deep/deeper/1.png", "b/1.png"]
    assert fields.arrays["label"].tolist() == [0, 0, 1]


def test_links_are_not_followed_unless_asked_and_loops_end(animals: Path, tmp_path: Path) -> None:
    picture(tmp_path / "elsewhere" / "x.png", 7)
    (animals / "개" / "loop").symlink_to(animals)
    (animals / "개" / "link.png").symlink_to(tmp_path / "elsewhere" / "x.png")
    (animals / "고양이" / "more").symlink_to(tmp_path / "elsewhere")
    (animals / "고양이" / "broken.png").symlink_to(tmp_path / "nothing.png")
    fields = read(animals)
    assert fields.samples == 20
    assert fields.notes == ("symbolic links were left out: 4; write follow_links: true to follow them",)
    followed = read(animals, follow_links=True)
    assert followed.samples == 22
    assert followed.notes == ("links that lead nowhere were left out: 1",)
    assert "고양이/more/x.png" in names(followed, animals)


def test_a_folder_that_holds_nothing_but_links_says_so(tmp_path: Path) -> None:
    picture(tmp_path / "real" / "1.png")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "1.png").symlink_to(tmp_path / "real" / "1.png")
    error = refused(tmp_path / "links")
    assert error.message.endswith("found: 1 symbolic links")
    assert error.hint == "write follow_links: true to follow links"


def test_what_is_no_regular_file_is_never_opened(animals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(animals / "개" / "pipe.png")  # whoever opened it would wait forever
    monkeypatch.chdir(animals / "개")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.png")
    (animals / "개" / "folder.png").mkdir()
    fields = read(animals)
    assert (fields.samples, fields.notes) == (20, ("files of other kinds in 동물 were left out: 2 .png",))


def test_names_that_differ_in_their_unicode_form_alone_are_two_files_and_one_class(tmp_path: Path) -> None:
    composed, apart = unicodedata.normalize("NFC", "가"), unicodedata.normalize("NFD", "가")
    picture(tmp_path / "한" / composed / f"{composed}.png", 1)
    picture(tmp_path / "한" / composed / f"{apart}.png", 2)
    picture(tmp_path / "한" / apart / "3.png", 3)
    picture(tmp_path / "한" / "나" / "4.png", 4)
    fields = read(tmp_path / "한")
    assert fields.classes == {"label": [composed, "나"]}
    assert sorted(
        zip(fields.arrays["image"][:][:, 0, 0, 0].tolist(), fields.arrays["label"].tolist(), strict=True)
    ) == [
        *[(1, 0), (2, 0), (3, 0), (4, 1)],
    ]


def test_a_folder_is_found_in_the_other_unicode_form(tmp_path: Path) -> None:
    picture(tmp_path / unicodedata.normalize("NFD", "사진들") / "1.png")
    assert read(tmp_path / unicodedata.normalize("NFC", "사진들")).samples == 1


def test_a_name_that_is_not_utf_8_is_a_file_but_no_class(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    for name in ("a", "b"):
        picture(folder / name / "1.png")
    (folder / "a" / "1.png").rename(folder / "a" / os.fsdecode(b"\xb0\xa1.png"))
    assert read(folder).arrays["image"][:].shape == (2, 2, 3, 1)
    (folder / "a").rename(folder / os.fsdecode(b"\xb0\xa1"))
    assert refused(folder).message == "the name of the class folder '??' is not UTF-8"


def test_a_folder_that_is_not_there_or_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(tmp_path / "photos" / "1.png")
    error = refused(tmp_path / "fotos")
    assert (error.message, error.hint) == (f"there is no file {tmp_path / 'fotos'}", "near it: photos")
    assert refused(tmp_path / "no" / "photos").message == f"there is no folder {tmp_path / 'no'}"
    assert refused(tmp_path / "photos" / "1.png" / "a").message == f"there is no folder {tmp_path / 'photos/1.png'}"

    def forbidden(path: Any) -> Any:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", forbidden)
    error = refused(tmp_path / "photos")
    assert error.message == f"cannot read the folder {tmp_path / 'photos'}: Permission denied"


def test_a_column_is_for_tables_alone(animals: Path) -> None:
    error = refused(animals, column="file")
    assert error.message == f"{animals} is a folder, and 'column' is for a table"


def test_the_order_of_the_classes_can_be_given(animals: Path) -> None:
    fields = read(animals, classes=["고양이", "새", "개"])
    assert fields.classes == {"label": ["고양이", "새", "개"]}
    assert fields.arrays["label"].tolist() == [2] * 10 + [0] * 10
    error = refused(animals, classes=["고양이", "강아지"])
    assert error.message == "the class folder '개' is none of the classes: 고양이, 강아지"


def test_other_data_keeps_the_numbers_of_classes_and_the_size(
    animals: Path, tmp_path: Path, load: Callable[..., Dataset]
) -> None:
    schema: Schema = load({"source": {"images": str(animals)}}, labels="classes").schema
    path = tmp_path / "new"
    (path / "고양이").mkdir(parents=True)
    Image.new("RGB", (40, 30), (200, 200, 200)).save(path / "고양이" / "x.png")
    source = Images(path=str(animals)).elsewhere(Images, {"path": str(path)}, schema)
    fields = source.read(Reading())
    assert fields.arrays["label"][:].tolist() == [1]
    assert fields.arrays["image"][:].tolist() == [[[[200]] * 3] * 2]
    (path / "t.csv").write_text("file\n고양이/x.png\n")
    table = Images(path=str(animals)).elsewhere(Csv, {"path": str(path / "t.csv"), "separator": ","}, schema)
    assert table.read(Reading()).arrays["image"].shape == (1, 2, 3, 1)
    assert isinstance(Images(path=str(animals)).elsewhere(Npz, {"path": "a.npz"}, schema), Npz)


def test_the_name_of_the_input_is_known_before_reading() -> None:
    assert Images(path="anywhere").input_names() == ["image"]


@pytest.mark.parametrize("encode", ["index", "one_hot"])
def test_the_class_of_a_folder_may_be_encoded_as_any_target(encode: str, tmp_path: Path) -> None:
    from dlcli.config.language import Language
    from dlcli.data import Data

    for number in range(20):
        folder = tmp_path / "pictures" / ("개", "고양이")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4), number, np.uint8)).save(folder / f"{number}.png")
    target = {"column": "label", "encode": encode, "classes": ["고양이", "개"]}
    block = {"source": str(tmp_path / "pictures"), "target": target, "split": {"validation": 0.0, "test": 0.0}}
    train = Data.model_validate(block, context=Language()).load(seed=0).splits["train"]
    shades = train.inputs["image"][:][:, 0, 0, 0]
    index = np.array([1 - shade % 2 for shade in shades])  # 개 holds the even ones, and is the second class here
    expected = index if encode == "index" else np.eye(2)[index]
    np.testing.assert_array_equal(train.target, expected)
