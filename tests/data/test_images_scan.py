from __future__ import annotations

import io
import struct
import subprocess
import sys
import tracemalloc
import zlib
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

NOISE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


def encoded(kind: str, pixels: Any = NOISE, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def read(path: Path, **options: Any) -> Any:
    return Images(path=str(path), **options).read(Reading())


def refused(path: Path, **options: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    assert caught.value.code == 4
    return caught.value


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims a size; its pixels are not there."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


BAD = {
    "bomb.png": (bomb(10_001, 10_000), "10000×10001 pixels are more than the limit of 100,000,000"),
    "cut.jpg": (encoded("JPEG")[:60], "damaged: Truncated File Read"),
    "empty.png": (b"", "the file is empty"),
    "giant.png": (bomb(60_000, 60_000), "60000×60000 pixels are more than the limit of 100,000,000"),
    "script.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture, or its start is damaged"),
    "text.gif": (b"<html>404</html>", "no picture, or its start is damaged"),
}


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    folder = tmp_path / "사진"
    folder.mkdir()
    for number in range(3):
        (folder / f"good{number}.jpg").write_bytes(encoded("JPEG"))
    for name, (content, _) in BAD.items():
        (folder / name).write_bytes(content)
    return folder


def test_all_that_cannot_be_read_are_listed_before_training(mixed: Path) -> None:
    error = refused(mixed)
    head, *lines = error.message.splitlines()
    assert head == "6 pictures of 9 cannot be read:"
    assert len(lines) == len(BAD) == 6
    for line, (name, (_, fault)) in zip(lines, BAD.items(), strict=True):
        assert line == f"{mixed / name}: {fault}"
    assert (error.file, error.hint) == (
        str(mixed / "bomb.png"),
        "mend or remove them, or write images: {…, bad: skip} to leave them out",
    )


def test_what_cannot_be_read_is_left_out_if_asked_and_noted(mixed: Path) -> None:
    fields = read(mixed, bad="skip")
    assert [file.name for file in fields.files] == ["good0.jpg", "good1.jpg", "good2.jpg"]
    assert fields.arrays["image"][:].shape == (3, 40, 50, 3)
    [note] = fields.notes
    assert note.startswith(
        f"6 pictures of 9 cannot be read and are left out:\n{mixed / 'bomb.png'}: 10000×10001 pixels"
    )


def test_only_the_first_ten_are_listed(tmp_path: Path) -> None:
    for number in range(23):
        (tmp_path / f"{number:02}.png").write_bytes(b"")
    lines = refused(tmp_path, bad="skip").message.splitlines()
    assert (lines[0], lines[1], lines[10], lines[11:]) == (
        "23 pictures of 23 cannot be read:",
        f"{tmp_path}/00.png: the file is empty",
        f"{tmp_path}/09.png: the file is empty",
        ["… and 13 more"],
    )


def test_labels_splits_and_columns_follow_what_is_left(tmp_path: Path) -> None:
    for split, name, number, good in [
        *[("train", "a", 0, False), ("train", "a", 1, True), ("train", "b", 2, True)],
        *[("test", "a", 3, False), ("test", "b", 4, True)],
    ]:
        path = tmp_path / split / name / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded("PNG", np.full((2, 2), number, np.uint8)) if good else b"")
    fields = read(tmp_path, bad="skip")
    assert fields.arrays["image"][:][:, 0, 0, 0].tolist() == [1, 2, 4]
    assert fields.arrays["label"].tolist() == [0, 1, 1]
    assert {split: rows.tolist() for split, rows in fields.splits.items()} == {"train": [0, 1], "test": [2]}


def test_a_class_or_a_split_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    for path, content in {"a/1.png": b"", "b/1.png": encoded("PNG")}.items():
        (tmp_path / "one" / path).parent.mkdir(parents=True)
        (tmp_path / "one" / path).write_bytes(content)
    assert refused(tmp_path / "one", bad="skip").message == "no picture of the class 'a' can be read"
    (tmp_path / "one" / "a" / "2.png").write_bytes(encoded("PNG"))
    assert read(tmp_path / "one", bad="skip", classes=["a", "b", "c"]).arrays["label"].tolist() == [0, 1]
    for path, content in {"train/1.png": encoded("PNG"), "test/1.png": b""}.items():
        (tmp_path / "two" / path).parent.mkdir(parents=True)
        (tmp_path / "two" / path).write_bytes(content)
    assert refused(tmp_path / "two", bad="skip").message == "no picture of the test split can be read"


def test_a_bomb_is_refused_by_its_header_without_its_memory(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(bomb(20_000, 20_000))
    Images(path=str(tmp_path))
    with pytest.raises(DataError):
        read(tmp_path)
    tracemalloc.start()
    with pytest.raises(DataError):
        read(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_just_under_the_limit_is_fine(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(bomb(10_000, 10_000))
    assert read(tmp_path).arrays["image"].shape == (1, 10_000, 10_000, 1)


def test_nothing_that_pillow_could_start_is_ever_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **options: Any) -> Any:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    for name in ("a.jpg", "b.png", "c.tif"):
        (tmp_path / name).write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    assert refused(tmp_path, scan="full").message.count("no picture, or its start is damaged") == 3


def test_content_of_another_format_than_the_name_says_is_read_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded("PNG"))
    (tmp_path / "b.png").write_bytes(encoded("PNG"))
    fields = read(tmp_path)
    assert fields.notes == ("1 picture (a.jpg): content of another format than the name says",)
    np.testing.assert_array_equal(fields.arrays["image"][:], [NOISE, NOISE])


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.JPEG", "a.png", "a.bmp", "a.gif", "a.webp", "a.tif", "a.TIFF", "a.ppm", "a.pgm"]
)
def test_every_format_is_read(name: str, tmp_path: Path) -> None:
    grey = np.tile(np.arange(8, dtype=np.uint8) * 30, (8, 1))
    kinds = {"jpg": "JPEG", "jpeg": "JPEG", "tif": "TIFF", "tiff": "TIFF", "pgm": "PPM"}
    kind = kinds.get(name[2:].lower(), name[2:].upper())
    options = {"quality": 100} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    (tmp_path / name).write_bytes(encoded(kind, grey, **options))
    fields = read(tmp_path, channels=1)
    in_colours = ("1 picture stored in colours, read as grey",) if name in {"a.gif", "a.webp"} else ()
    assert fields.notes == in_colours
    np.testing.assert_allclose(fields.arrays["image"][:][0, :, :, 0], grey, atol=2 if kind == "JPEG" else 0)


def test_several_sizes_are_refused_with_the_commonest(tmp_path: Path) -> None:
    for number, (height, width) in enumerate([(4, 6)] * 3 + [(5, 5)] * 2 + [(6, 4), (7, 7), (8, 8), (9, 9)]):
        (tmp_path / f"{number}.png").write_bytes(encoded("PNG", np.zeros((height, width), np.uint8)))
    error = refused(tmp_path)
    assert error.message == ("the pictures have 6 sizes (height×width): 4×6 (3), 5×5 (2), 6×4 (1), 7×7 (1), 8×8 (1), …")
    assert (error.hint, error.file) == (
        "write images: {…, size: [4, 6]} to bring all to one",
        str(tmp_path / "3.png"),
    )
    assert read(tmp_path, size=[4, 6]).arrays["image"][:].shape == (9, 4, 6, 1)


def test_what_is_damaged_behind_its_header_is_named_when_it_is_decoded(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(encoded("JPEG"))
    (tmp_path / "1.jpg").write_bytes(encoded("JPEG")[:-400])
    images = read(tmp_path).arrays["image"]
    assert images[np.array([0, 2])].shape == (2, 40, 50, 3)
    with pytest.raises(DataError) as caught:
        images[:]
    assert caught.value.message.startswith("damaged: image file is truncated")
    assert (caught.value.file, caught.value.hint) == (
        str(tmp_path / "1.jpg"),
        "write images: {…, scan: full, bad: skip} to find such images before training and leave them out",
    )


def test_a_full_scan_finds_it_before(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(encoded("JPEG"))
    (tmp_path / "1.jpg").write_bytes(encoded("JPEG")[:-400])
    damaged = bytearray(encoded("PNG"))
    damaged[len(damaged) // 2] ^= 0xFF
    (tmp_path / "3.png").write_bytes(damaged)
    lines = refused(tmp_path, scan="full").message.splitlines()
    assert lines[0] == "2 pictures of 4 cannot be read:"
    assert [line.partition("damaged: ")[0] for line in lines[1:]] == [f"{tmp_path}/1.jpg: ", f"{tmp_path}/3.png: "]
    assert read(tmp_path, scan="full", bad="skip").arrays["image"][:].shape == (2, 40, 50, 3)


@pytest.mark.parametrize("kind", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_a_file_that_is_cut_at_any_byte_is_an_error_and_never_a_crash(kind: str, tmp_path: Path) -> None:
    content = encoded(kind, NOISE[:8, :8])
    (tmp_path / "whole.png").write_bytes(content)
    for cut in range(0, len(content) // 2, 5):
        (tmp_path / f"{cut:03}.png").write_bytes(content[:cut])
    fields = read(tmp_path, scan="full", bad="skip")
    assert [file.name for file in fields.files] == ["whole.png"]
    assert fields.notes[0].startswith(f"{len(range(0, len(content) // 2, 5))} pictures of ")


def test_random_damage_is_an_error_or_an_image_and_never_a_crash(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    for number in range(120):
        kind, ending = [("JPEG", "jpg"), ("PNG", "png"), ("TIFF", "tif"), ("GIF", "gif")][number % 4]
        content = bytearray(encoded(kind, NOISE[:16, :16], **({"exif": rotated()} if kind == "JPEG" else {})))
        for place in random.integers(0, len(content), 5):
            content[place] = random.integers(0, 256)
        (tmp_path / f"{number:03}.{ending}").write_bytes(content)
    fields = read(tmp_path, scan="full", bad="skip", size=[8, 8])
    assert fields.arrays["image"][:].shape == (fields.samples, 8, 8, 3)
    assert 10 < fields.samples < 120


def rotated() -> Any:
    exif = Image.Exif()
    exif[274] = 6
    return exif


def test_a_file_that_is_gone_or_has_changed_is_named(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.png").write_bytes(encoded("PNG"))
    images = read(tmp_path).arrays["image"]
    (tmp_path / "0.png").write_bytes(encoded("PNG", NOISE[:20]))
    with pytest.raises(DataError) as caught:
        images[:1]
    assert caught.value.message == "it is 20×50 now and was 40×50 before"
    (tmp_path / "1.png").unlink()
    with pytest.raises(DataError) as caught:
        images[1:]
    assert caught.value.message == "cannot be read: No such file or directory"


def test_reading_holds_no_pixels(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number}.png").write_bytes(encoded("PNG", np.zeros((500, 500, 3), np.uint8)))
    read(tmp_path)
    tracemalloc.start()
    fields = read(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20 < fields.arrays["image"].nbytes
    tracemalloc.stop()
    assert Images(path=str(tmp_path)).memory() == 0


def test_a_data_set_of_images_stays_on_disk_if_asked(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    for number in range(20):
        path = tmp_path / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encoded("PNG", np.full((2, 2), number, np.uint8)))
    lazy = load({"source": {"images": str(tmp_path)}, "stream": True})
    kept = load({"source": {"images": str(tmp_path)}, "stream": False})
    assert (lazy.streams, kept.streams) == (True, False)
    checked = 0
    for split, part in kept.splits.items():
        np.testing.assert_array_equal(part.inputs["image"][:], lazy.splits[split].inputs["image"][:])
        checked += len(part)
    assert checked == 20


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"size": [0, 5]}, "size"),
        ({"size": [5]}, "size"),
        ({"size": 5}, "size"),
        ({"channels": 2}, "channels"),
        ({"bad": "ignore"}, "bad"),
        ({"scan": "none"}, "scan"),
        ({"classes": []}, "classes"),
        ({"sizes": [5, 5]}, "sizes"),
    ],
)
def test_options_are_checked_before_anything_is_read(options: dict[str, Any], place: str) -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError) as caught:
        Images.model_validate({"path": "nowhere", **options})
    assert {each["loc"][0] for each in caught.value.errors()} == {place}


def test_checking_a_configuration_needs_no_pillow() -> None:
    program = (
        "import sys\nfrom dlcli.data.sources.folders.images import Images\n"
        "from dlcli.data.sources.folders.text import TextFiles\n"
        "from dlcli.data.sources.folders.audio import Audio\nImages.model_validate({'path': 'x', 'size': [2, 2]})\n"
        "print([name for name in ('PIL', 'numpy', 'soundfile', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
