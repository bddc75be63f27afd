from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dlcli.data import Dataset
from dlcli.data.sources.folders.images import Images
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError

KINDS = ".jpg, .jpeg, .png, .bmp, .gif, .webp, .tif, .tiff, .ppm, .pgm"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "그림").mkdir()
    for number in range(4):
        Image.new("L", (3, 2), number).save(tmp_path / "그림" / f"{number}.png")
    return tmp_path


def table(folder: Path, text: str, name: str = "table.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def read(path: Path, **options: Any) -> Any:
    return Images(path=str(path), **options).read(Reading())


def refused(path: Path, **options: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    assert caught.value.code == 4
    return caught.value


def test_a_table_names_the_files_and_its_other_columns_are_fields(folder: Path) -> None:
    path = table(folder, "who,file,age,label\n가,그림/2.png,5,x\n나,그림/0.png,6,y\n가,그림/3.png,7,x\n")
    fields = read(path)
    assert list(fields.arrays) == ["image", "who", "age", "label"]
    assert fields.arrays["image"][:][:, 0, 0, 0].tolist() == [2, 0, 3]
    assert fields.arrays["who"].tolist() == ["가", "나", "가"]
    assert fields.arrays["age"].tolist() == [5, 6, 7]
    assert (fields.inputs, fields.target, fields.classes) == (("image",), "label", {})
    assert fields.where(1)[0] == str(folder / "그림/0.png")


def test_the_table_is_among_the_files_by_which_a_run_knows_its_data(folder: Path) -> None:
    from dlcli.data.fingerprint import changed, fingerprint

    path = table(folder, "file,label\n그림/0.png,x\n그림/1.png,y\n")
    files = read(path).files
    assert files == [folder / "그림/0.png", folder / "그림/1.png", path]
    recorded = fingerprint(files)
    assert changed(recorded, files) == []
    table(folder, "file,label\n그림/0.png,y\n그림/1.png,x\n")
    assert changed(recorded, files) == [str(path)]


def test_any_column_can_be_target_group_or_input(folder: Path, load: Callable[..., Dataset]) -> None:
    rows = "".join(f"그림/{number % 4}.png,{number // 4},{number * 1.5}\n" for number in range(12))
    path = table(folder, "file,patient,dose\n" + rows)
    dataset = load(
        {
            "source": {"images": {"path": str(path), "column": "file"}},
            "target": "dose",
            "inputs": {"image": {"columns": "image"}, "of": {"columns": ["patient"]}},
            "split": {"by": "group:patient", "validation": 0.34, "test": 0.34},
        },
        labels="numbers",
    )
    patients = {split: set(part.inputs["of"][:, 0].tolist()) for split, part in dataset.splits.items()}
    assert sorted(patients) == ["test", "train", "validation"]
    assert sum(map(len, patients.values())) == len(set.union(*patients.values())) == 3
    assert [each.shape for each in dataset.schema.inputs] == [[2, 3, 1], [1]]


def test_the_only_other_column_is_the_target(folder: Path, load: Callable[..., Dataset]) -> None:
    rows = "".join(f"그림/{number % 4}.png,{'ab'[number % 2]}\n" for number in range(20))
    assert load({"source": {"images": str(table(folder, "file,kind\n" + rows))}}).classes == ["a", "b"]


@pytest.mark.parametrize("name", ["table.tsv", "table.jsonl"])
def test_other_tables_name_files_too(name: str, folder: Path) -> None:
    text = "y\tfile\n1\t그림/1.png\n" if name.endswith("tsv") else '{"y": 1, "file": "그림/1.png"}\n'
    fields = read(table(folder, text, name))
    assert (fields.arrays["image"][:].max(), fields.arrays["y"].tolist()) == (1, [1])


def test_absolute_paths_and_those_upwards_lead_to_files_of_known_kinds_alone(folder: Path) -> None:
    (folder / "tables").mkdir()
    path = table(folder / "tables", f"file\n../그림/1.png\n{folder}/그림/2.png\n")
    assert read(path).arrays["image"][:][:, 0, 0, 0].tolist() == [1, 2]
    error = refused(table(folder / "tables", "file\n/etc/passwd\n../그림/1.png\n"), column="file")
    assert error.message == (f"row 1 names '/etc/passwd', which ends in none of {KINDS}")


def test_all_rows_without_a_file_are_listed(folder: Path) -> None:
    (folder / "link.png").symlink_to(folder / "그림" / "1.png")
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    rows = "그림/0.png,1\n그림/9.png,2\n,3\nlink.png,4\nfolder.png,5\npipe.png,6\n그림/1.png/a.png,7\n"
    path = table(folder, "file,y\n" + rows)
    error = refused(path)
    assert error.message.splitlines() == [
        "row 2 names the file '그림/9.png', which is not there",
        "row 3 names no file",
        "row 4 names 'link.png', which is a link; write follow_links: true to follow it",
        "row 5 names 'folder.png', which is no file",
        "row 6 names 'pipe.png', which is no file",
        "row 7 names the file '그림/1.png/a.png', which is not there",
    ]
    assert (error.file, error.line, error.hint) == (str(path), 3, f"paths count from {folder}")


def test_a_link_in_a_table_is_followed_if_asked(folder: Path) -> None:
    (folder / "link.png").symlink_to(folder / "그림" / "3.png")
    assert read(table(folder, "file\nlink.png\n"), follow_links=True).arrays["image"][:].max() == 3
    (folder / "broken.png").symlink_to(folder / "nothing.png")
    error = refused(table(folder, "file\nbroken.png\n"), follow_links=True)
    assert error.message == "row 1 names 'broken.png', which is a link to no file"


def test_only_the_first_ten_rows_are_listed(folder: Path) -> None:
    error = refused(table(folder, "file\n" + "".join(f"no{number}.png\n" for number in range(25))))
    lines = error.message.splitlines()
    assert (lines[9], lines[10:]) == ("row 10 names the file 'no9.png', which is not there", ["… and 15 more rows"])


def test_names_in_the_other_unicode_form_are_found(folder: Path) -> None:
    apart = unicodedata.normalize("NFD", "나무")
    (folder / apart).mkdir()
    Image.new("L", (3, 2), 9).save(folder / apart / f"{apart}.png")
    assert read(table(folder, "file\n나무/나무.png\n")).arrays["image"][:].max() == 9


def test_the_column_of_paths_is_found_by_its_endings(folder: Path) -> None:
    path = table(folder, "name,picture,thumb\n개,그림/0.PNG,그림/1.png\n새,그림/2.png,그림/1.png\n")
    (folder / "그림" / "0.png").rename(folder / "그림" / "0.PNG")
    assert list(read(path).arrays) == ["image", "name", "thumb"]
    assert list(read(path, column="thumb").arrays) == ["image", "name", "picture"]


def test_a_table_without_such_a_column_lists_its_columns(folder: Path) -> None:
    path = table(folder, "name,age\nx,1\n")
    error = refused(path)
    assert (error.message, error.hint) == (
        f"which column holds the paths? none holds names that end in {KINDS}; the table has: name, age",
        "write column: NAME",
    )
    error = refused(path, column="nam")
    assert (error.message, error.hint) == ("there is no column 'nam'; the data has: name, age", "did you mean 'name'?")


def test_a_column_that_is_called_like_the_content_is_refused(folder: Path) -> None:
    error = refused(table(folder, "file,image\n그림/0.png,1\n"))
    assert error.message == "the table has a column 'image', which is what the content of the files is called"
    assert list(read(table(folder, "image,y\n그림/0.png,1\n")).arrays) == ["image", "y"]


@pytest.mark.parametrize("name", ["x.docx", "x.npz", "x"])
def test_what_is_no_table_is_refused(name: str, folder: Path) -> None:
    error = refused(table(folder, "file\n", name))
    assert error.message == f"{name} is neither a folder nor a table, and ends in none of {KINDS}"


def test_a_table_that_is_not_there_is_refused_with_what_is_near(folder: Path) -> None:
    table(folder, "file\n그림/0.png\n")
    error = refused(folder / "tabel.csv")
    assert (error.message, error.hint) == (f"there is no file {folder / 'tabel.csv'}", "near it: table.csv")
