"""Data that is missing, damaged, hostile or far too large: each fault is one error with file, place and what to write."""

from __future__ import annotations

import json
import struct
import wave
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from example_files import class_folders
from PIL import Image

Refuse = Callable[..., Any]


def picture(path: Path, value: int = 0, size: tuple[int, int] = (6, 4), mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode in {"L", "I;16"} else (value,) * len(mode)).save(path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve pictures of two classes."""
    names = {"빨강": "{}.png", "파랑": "b{}.png"}
    return class_folders(tmp_path / "photos", names, lambda path, label, number: picture(path, number), files=6)


def images(path: Path, **more: Any) -> dict[str, Any]:
    return {"source": {"images": {"path": str(path), **more}}}


# Row 22: what is not there.


@pytest.mark.parametrize("word", ["images", "text", "audio", "csv", "parquet", "jsonl", "excel", "npz", "npy", "hdf5"])
def test_a_path_that_leads_nowhere_is_named_with_the_working_directory(
    word: str, tmp_path: Path, refuse: Refuse
) -> None:
    source = {"npy": {"path": "x.npy"}}.get(word, {"path": f"nowhere.{word}"})
    refusal = refuse({"source": {word: source}})
    assert refusal.code == 4
    assert refusal.message.startswith("there is no ")
    assert str(Path.cwd()) in f"{refusal.hint} {refusal.message}"


def test_a_path_through_a_file_is_no_folder(tmp_path: Path, refuse: Refuse) -> None:
    (tmp_path / "file").write_text("x")
    assert refuse(images(tmp_path / "file" / "photos")).code == 4


# Rows 39 to 42: damaged and lying files.


def tables(folder: Path, word: str) -> Path:
    """A table of two hundred rows in one of the forms."""
    columns = {"a": list(range(200)), "y": ["u", "v"] * 100}
    path = folder / f"t.{ {'excel': 'xlsx'}.get(word, word) }"
    if word == "parquet":
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
    else:
        book = openpyxl.Workbook()
        for row in [list(columns), *zip(*columns.values(), strict=True)]:
            book.active.append(row)
        book.save(path)
    return path


@pytest.mark.parametrize("word", ["parquet", "excel"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_table_that_is_cut_short_is_named(word: str, share: float, tmp_path: Path, refuse: Refuse) -> None:
    path = tables(tmp_path, word)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refusal = refuse({"source": str(path), "target": "y"})
    assert (refusal.code, refusal.file) == (4, str(path))
    assert "damaged" in refusal.message


def test_a_parquet_file_of_few_bytes_that_declares_a_thousand_million_rows_is_refused_unread(
    tmp_path: Path, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.parquet"
    table = pyarrow.table({"a": pyarrow.DictionaryArray.from_arrays(np.zeros(1_000_000, np.int8), [0.0])})
    with pyarrow.parquet.ParquetWriter(path, table.schema) as writer:
        for _ in range(50):
            writer.write_table(table)
    assert path.stat().st_size < 250_000
    monkeypatch.setattr("dlcli.data.sources.tables.parquet.free_memory", lambda: 500_000_000)
    monkeypatch.setattr(pyarrow.parquet.ParquetFile, "read_row_group", None)
    refusal = refuse({"source": str(path), "target": "a", "stream": False})
    assert (refusal.code, refusal.hint) == (7, "write data.stream: true to read it piece by piece")
    assert refusal.message.startswith("50,000,000 rows of 1 columns take 0.4 GB")


def test_a_header_of_npy_that_claims_more_than_the_file_holds_is_damage(tmp_path: Path, refuse: Refuse) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((10, 4)))
    content = path.read_bytes()
    lie = b"(99999999999, 4)"
    path.write_bytes(content.replace(b"(10, 4), }" + b" " * (len(lie) - 7), lie + b", }"))
    assert path.read_bytes() != content
    refusal = refuse({"source": {"npy": {"path": str(path)}}})
    assert (refusal.code, refusal.file) == (4, str(path))


def test_pickled_objects_are_never_loaded(tmp_path: Path, refuse: Refuse) -> None:
    np.save(tmp_path / "o.npy", np.array([print], object), allow_pickle=True)
    np.savez(tmp_path / "o.npz", x=np.array([print], object))
    for source in ({"npy": {"path": str(tmp_path / "o.npy")}}, {"npz": str(tmp_path / "o.npz")}):
        assert refuse({"source": source}).code == 10


# Row 44: HDF5 that leads elsewhere.


def lead_out(file: h5py.File, how: str) -> None:
    if how == "external link":
        file["x"] = h5py.ExternalLink("/etc/passwd", "/")
    elif how == "external storage":
        file.create_dataset("x", shape=(10,), dtype="u1", external=[("/etc/passwd", 0, 10)])
    else:
        layout = h5py.VirtualLayout(shape=(10,), dtype="u1")
        layout[:] = h5py.VirtualSource("other.h5", "x", shape=(10,))
        file.create_virtual_dataset("x", layout)


@pytest.mark.parametrize("how", ["external link", "external storage", "virtual dataset"])
def test_hdf5_does_not_lead_out_of_its_file(how: str, tmp_path: Path, refuse: Refuse) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["y"] = np.arange(10)
        lead_out(file, how)
    refusal = refuse({"source": str(tmp_path / "a.h5")})
    assert (refusal.code, refusal.hint) == (10, "copy the data into this file")


def test_a_dataset_of_eight_terabytes_in_a_small_file_is_refused(tmp_path: Path, refuse: Refuse) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", shape=(10**12,), dtype="f8", chunks=(1000,))
    refusal = refuse({"source": str(tmp_path / "a.h5")})
    assert refusal.code == 7
    assert refusal.message == "'x' claims 8,000.0 GB, but the file stores 0 bytes of it"


def test_groups_that_lead_back_to_each_other_end(tmp_path: Path, load: Callable[..., Any]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["y"] = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
        group = file.create_group("g")
        group["again"] = file["/"]
    assert load({"source": str(tmp_path / "a.h5")}).fields.samples == 20


def test_a_soft_link_that_leads_back_to_itself_is_refused(tmp_path: Path, refuse: Refuse) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.zeros((20, 2))
        file["loop"] = h5py.SoftLink("/loop")
    assert refuse({"source": str(tmp_path / "a.h5")}).code == 10


def test_a_damaged_hdf5_file_is_named(tmp_path: Path, refuse: Refuse) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.zeros((1000, 10))
    content = (tmp_path / "a.h5").read_bytes()
    for cut in (0, 5, 600, len(content) // 2):
        (tmp_path / "a.h5").write_bytes(content[:cut])
        refusal = refuse({"source": str(tmp_path / "a.h5")})
        assert (refusal.code, refusal.file) == (4, str(tmp_path / "a.h5")), cut


# Rows 45 to 47: pictures and folders.


def png_of(width: int, height: int) -> bytes:
    """The header of a PNG that claims so many pixels, without any."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    chunks = (struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in (header, data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_all_pictures_that_cannot_be_read_are_listed_at_once(
    photos: Path, refuse: Refuse, load: Callable[..., Any]
) -> None:
    folder = photos / "빨강"
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("no picture")
    (folder / "bomb.png").write_bytes(png_of(50_000, 50_000))
    refusal = refuse(images(photos))
    assert refusal.code == 4
    assert refusal.message.splitlines() == [
        "3 pictures of 15 cannot be read:",
        f"{folder / 'bomb.png'}: 50000×50000 pixels are more than the limit of 100,000,000",
        f"{folder / 'empty.png'}: the file is empty",
        f"{folder / 'text.jpg'}: no picture, or its start is damaged",
    ]
    skipped = load(images(photos, bad="skip"))
    assert skipped.fields.samples == 12
    assert any("3 pictures of 15 cannot be read and are left out" in note for note in skipped.notes)


def test_pixels_that_are_cut_short_are_found_by_a_full_scan_or_named_when_they_are_read(
    photos: Path, refuse: Refuse, load: Callable[..., Any]
) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    for folder in photos.iterdir():
        for path in folder.iterdir():
            noise.save(path)
    broken = sorted((photos / "빨강").iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:4000])
    for more in ({}, {"scan": "full"}):
        refusal = refuse(images(photos, **more))
        assert (refusal.code, refusal.file) == (4, str(broken))
    assert load(images(photos, scan="full", bad="skip")).fields.samples == 11


def test_pictures_of_several_sizes_say_what_to_write(photos: Path, refuse: Refuse, load: Callable[..., Any]) -> None:
    odd = picture(photos / "빨강" / "odd.png", size=(9, 9))
    refusal = refuse(images(photos))
    assert refusal.message == "the pictures have 2 sizes (height×width): 4×6 (12), 9×9 (1)"
    assert (refusal.file, refusal.hint) == (str(odd), "write images: {…, size: [4, 6]} to bring all to one")
    assert load(images(photos, size=[5, 5])).splits["train"].inputs["image"].shape[1:] == (5, 5, 3)


def test_unusual_pictures_are_turned_upright_and_keep_their_bits(tmp_path: Path, load: Callable[..., Any]) -> None:
    folder = tmp_path / "p"
    deep = Image.fromarray(np.full((4, 6), 65535, np.uint16))
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    exif = Image.Exif()
    exif[274] = 6
    for number in range(10):
        deep.save(folder / "a" / f"{number}.png")
        Image.new("CMYK", (4, 6), (0, 0, 0, 0)).save(folder / "b" / f"{number}.jpg", exif=exif)
    picture(folder / "a" / "._x.png")
    (folder / "a" / "Thumbs.db").write_text("x")
    dataset = load(images(folder, channels=3))
    assert dataset.fields.samples == 20
    values = dataset.splits["train"].inputs["image"]
    assert values.shape[1:] == (4, 6, 3)
    assert values.min() >= 254
    assert {note.split(": ", 1)[1] for note in dataset.notes} == {
        "fewer bits a pixel than others; all values are taken as they are written",
        *["CMYK, turned into RGB", "1 .db"],
    }


def test_an_empty_class_folder_is_no_class(photos: Path, refuse: Refuse) -> None:
    (photos / "초록").mkdir()
    refusal = refuse(images(photos))
    assert refusal.message.startswith("the class folder '초록' holds no file that ends in .jpg")


def test_links_are_not_followed_unless_asked_for_and_loops_end(photos: Path, load: Callable[..., Any]) -> None:
    (photos / "빨강" / "loop").symlink_to(photos / "빨강")
    (photos / "빨강" / "link.png").symlink_to(sorted((photos / "파랑").iterdir())[0])
    assert load(images(photos)).fields.samples == 12
    assert load(images(photos, follow_links=True)).fields.samples == 13


def test_upper_case_endings_count_and_names_sort(tmp_path: Path, load: Callable[..., Any]) -> None:
    for number in range(10):
        picture(tmp_path / "p" / "ab"[number % 2] / f"{number}.PNG", number)
    dataset = load(images(tmp_path / "p"))
    assert [Path(file).name for file in dataset.fields.files] == [f"{n}.PNG" for n in (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)]
    assert dataset.schema.targets[0].classes == ["a", "b"]


def test_a_table_that_names_a_file_that_is_not_there_says_in_which_row(photos: Path, refuse: Refuse) -> None:
    table = photos.parent / "t.csv"
    first = sorted((photos / "빨강").iterdir())[0].relative_to(photos.parent)
    table.write_text(f"file,kind\n{first},a\nnowhere.png,b\n{first},b\n", encoding="utf-8")
    refusal = refuse({**images(table), "target": "kind"})
    assert refusal.message == "row 2 names the file 'nowhere.png', which is not there"
    assert (refusal.code, refusal.file, refusal.line) == (4, str(table), 3)


def test_masks_have_to_fit_their_pictures(tmp_path: Path, refuse: Refuse) -> None:
    for number in range(10):
        picture(tmp_path / "p" / f"{number}.png")
        mask = np.zeros((4, 6), np.uint8)
        mask[number % 4] = 255
        (tmp_path / "m").mkdir(exist_ok=True)
        Image.fromarray(mask).save(tmp_path / "m" / f"{number}.png")
    (tmp_path / "m" / "3.png").unlink()
    assert refuse(images(tmp_path / "p", masks=str(tmp_path / "m"))).message == "there is no mask for 3.png"
    picture(tmp_path / "m" / "3.png", size=(5, 5), mode="L")
    refusal = refuse(images(tmp_path / "p", masks=str(tmp_path / "m")))
    assert refusal.message == "the mask has 5×5 pixels, its picture 3.png 4×6"


# Row 48 and sounds.


def test_text_in_another_encoding_is_named_with_its_line(
    tmp_path: Path, refuse: Refuse, load: Callable[..., Any]
) -> None:
    for number in range(10):
        path = tmp_path / "t" / "ab"[number % 2] / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"line\n글 {number}".encode("cp949"))
    refusal = refuse({"source": {"text": str(tmp_path / "t")}})
    assert (refusal.code, refusal.line) == (4, 2)
    assert refusal.message == "line 2: byte 0xb1 is not UTF-8"
    dataset = load({"source": {"text": {"path": str(tmp_path / "t"), "encoding": "cp949"}}})
    assert sorted(dataset.fields.arrays["text"][:])[0] == "line\n글 0"
    (tmp_path / "t" / "a" / "none.txt").write_text("")
    assert refuse({"source": {"text": str(tmp_path / "t")}}).message.startswith("a text file is empty:")


def sound(path: Path, *, rate: int = 8000, frames: int = 100, width: int = 2, channels: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(b"\x40" * frames * width * channels)
    return path


def test_sounds_of_several_rates_and_lengths_say_what_to_write(
    tmp_path: Path, refuse: Refuse, load: Callable[..., Any]
) -> None:
    for number in range(10):
        sound(tmp_path / "s" / "ab"[number % 2] / f"{number}.wav")
    block = {"source": {"audio": {"path": str(tmp_path / "s")}}}
    assert load(block).splits["train"].inputs["audio"].shape[1:] == (100, 1)
    sound(tmp_path / "s" / "a" / "x.wav", rate=4000)
    refusal = refuse(block)
    assert refusal.message == "the sounds have 2 rates in Hz: 8000 (10), 4000 (1)"
    assert refusal.hint == "write audio: {…, rate: 8000} to bring all to one"
    block["source"]["audio"]["rate"] = 8000
    refusal = refuse(block)
    assert refusal.message == "the sounds have 2 lengths in samples: 100 (10), 200 (1)"
    assert refusal.hint == "write audio: {…, seconds: 0.025} to bring all to one"
    block["source"]["audio"]["seconds"] = 0.025
    assert load(block).splits["train"].inputs["audio"].shape[1:] == (200, 1)


def test_damaged_sounds_are_all_listed(tmp_path: Path, refuse: Refuse) -> None:
    for number in range(10):
        sound(tmp_path / "s" / "ab"[number % 2] / f"{number}.wav", frames=4000)
    whole = (tmp_path / "s" / "a" / "0.wav").read_bytes()
    (tmp_path / "s" / "a" / "0.wav").write_bytes(whole[:1000])
    (tmp_path / "s" / "b" / "1.wav").write_bytes(b"")
    refusal = refuse({"source": {"audio": {"path": str(tmp_path / "s")}}})
    assert refusal.code == 4
    assert refusal.message.splitlines() == [
        "2 of 10 sounds cannot be read:",
        f"{tmp_path / 's/a/0.wav'}: the file is cut short: it should hold 8,000 bytes of sound",
        f"{tmp_path / 's/b/1.wav'}: the file is empty",
    ]


def test_a_tone_at_another_rate_is_the_same_tone() -> None:
    from dlcli.data.sources.folders.sound_files import resampled

    def tone(rate: int) -> Any:
        return np.sin(2 * np.pi * 100 * np.arange(rate) / rate)[:, None].astype(np.float32)

    np.testing.assert_allclose(resampled(tone(8000), 8000, 4000), tone(4000), atol=1e-4)
    np.testing.assert_allclose(resampled(tone(4000), 4000, 8000), tone(8000), atol=1e-4)
    high = np.sin(2 * np.pi * 3000 * np.arange(8000) / 8000)[:, None].astype(np.float32)
    assert np.abs(resampled(high, 8000, 4000)).max() < 1e-3  # above what 4000 samples a second can hold


# Lines of JSON and cells of Excel.

LINES = {
    '{"a": 1}\nno': (2, "line 2: no JSON: Expecting value: line 1 column 1 (char 0)"),
    '{"a": 1}\n[1]': (2, "line 2: expected an object, found list"),
    '{"a": 1}\n\n{"a": "u"}': (3, "line 3: 'a' holds text, but a number in line 1"),
    '{"a": 1}\n{"a": {"b": 1}}': (2, "line 2: 'a' holds an object; expected a number, text or a list of numbers"),
    '{"a": 1, "a": 2}': (1, "line 1: no JSON: the key 'a' stands 2 times"),
    '{"a": true}\n{"a": 1}': (2, "line 2: 'a' holds a number, but true or false in line 1"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("content", LINES)
def test_a_line_that_is_not_like_the_others_is_named(
    content: str, stream: bool, tmp_path: Path, refuse: Refuse
) -> None:
    (tmp_path / "t.jsonl").write_text(content)
    refusal = refuse({"source": str(tmp_path / "t.jsonl"), "target": "a", "stream": stream})
    assert (refusal.code, refusal.line, refusal.message) == (4, *LINES[content])


def test_a_byte_that_is_no_utf_8_is_named_with_its_line(tmp_path: Path, refuse: Refuse) -> None:
    (tmp_path / "t.jsonl").write_bytes(b'{"a": "x"}\n{"a": "\xb1"}\n')
    assert refuse({"source": str(tmp_path / "t.jsonl"), "target": "a"}).message == "line 2: byte 0xb1 is not UTF-8"


def test_a_key_that_a_line_lacks_is_an_empty_cell(tmp_path: Path, refuse: Refuse) -> None:
    rows = [{"a": number, "y": "uv"[number % 2]} for number in range(20)]
    del rows[7]["a"]
    (tmp_path / "t.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    refusal = refuse({"source": str(tmp_path / "t.jsonl"), "target": "y"})
    assert (refusal.line, refusal.message) == (8, "empty cells: 'a' 1; the first in row 8")


def test_a_cell_of_a_sheet_is_named_as_the_sheet_names_it(tmp_path: Path, refuse: Refuse) -> None:
    book = openpyxl.Workbook()
    for row in [["a", "b"], *([number, number * 2] for number in range(10))]:
        book.active.append(row)
    book.active["B5"] = "#DIV/0!"
    book.save(tmp_path / "t.xlsx")
    refusal = refuse({"source": str(tmp_path / "t.xlsx"), "target": "a"})
    assert (refusal.line, refusal.message) == (5, "cell B5 of column 'b' is #DIV/0!")
    book.active["B5"] = "many"
    book.save(tmp_path / "t.xlsx")
    assert refuse({"source": str(tmp_path / "t.xlsx"), "target": "a"}).message == (
        "column 'b' holds numbers, but cell B5 is 'many'"
    )
    refusal = refuse({"source": {"excel": {"path": str(tmp_path / "t.xlsx"), "sheet": "Shet"}}, "target": "a"})
    assert refusal.message == "there is no sheet 'Shet'; there are: Sheet"


def test_a_formula_that_was_never_calculated_is_told(tmp_path: Path, refuse: Refuse) -> None:
    book = openpyxl.Workbook()
    for row in [["a", "b", "y"], *([number, f"=A{number + 2}*2", number % 2] for number in range(10))]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    refusal = refuse({"source": str(tmp_path / "t.xlsx"), "target": "y"})
    assert refusal.line == 2
    assert refusal.message == "cell B2 holds a formula that was never calculated: =A2*2 (and 9 more)"
    assert "save it there" in str(refusal.hint)


# Code runs only where it is allowed.


def test_python_runs_only_where_it_is_allowed(tmp_path: Path, refuse: Refuse) -> None:
    (tmp_path / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    refusal = refuse({"source": {"python": str(tmp_path / "mine.py")}})
    assert refusal.code == 10
    assert refusal.hint == "read it, and if you trust it add --allow-code"
    assert not (tmp_path / "ran").exists()


def test_what_a_function_raises_is_told_at_its_line(tmp_path: Path) -> None:
    from dlcli.data.sources.python import Python
    from dlcli.data.sources.source import Reading
    from dlcli.errors import DataError

    (tmp_path / "mine.py").write_text("import sys\n\n\ndef load():\n    return {}['x']\n")
    with pytest.raises(DataError) as caught:
        Python(path=str(tmp_path / "mine.py")).read(Reading(allow_code=True))
    assert (caught.value.message, caught.value.line) == ("it raised KeyError: 'x'", 5)


def test_a_set_of_keras_that_cannot_be_downloaded_says_where_to_put_it(
    refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    def offline(**_: Any) -> Any:
        raise OSError("no network")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", offline)
    monkeypatch.setenv("KERAS_HOME", "/somewhere")
    refusal = refuse({"source": {"keras": "mnist"}})
    assert refusal.code == 4
    assert refusal.message == "the data set 'mnist' of Keras cannot be had: no network"
    assert refusal.hint == "check the network, or put mnist.npz into /somewhere/datasets by hand"


def test_a_set_of_keras_keeps_its_test_split(load: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    train, test = (
        (np.zeros((60, 4, 4), np.uint8), np.arange(60) % 10),
        (np.ones((20, 4, 4), np.uint8), np.arange(20) % 10),
    )
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: (train, test))
    dataset = load({"source": {"keras": "mnist"}})
    assert {name: len(part) for name, part in dataset.splits.items()} == {"train": 51, "validation": 9, "test": 20}
    assert dataset.splits["test"].inputs["image"].min() == 1
    assert dataset.classes == list("0123456789")


@pytest.mark.parametrize(("word", "package"), [("tfds", "tensorflow_datasets"), ("huggingface", "datasets")])
def test_a_missing_extra_says_what_to_install(
    word: str, package: str, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, package, None)
    refusal = refuse({"source": {word: "anything"}})
    assert (refusal.message, refusal.hint) == (f"'{word}' needs the package {package}", f'pip install "dlcli[{word}]"')
