from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dlcli.data.sources.folders.images import Images
from dlcli.data.sources.source import Reading
from dlcli.errors import DataError

COLOURS = np.random.default_rng(0).integers(0, 256, (6, 4, 3), dtype=np.uint8)


def read(path: Path, **options: Any) -> Any:
    return Images(path=str(path), **options).read(Reading())


def pixels(path: Path, **options: Any) -> np.ndarray[Any, Any]:
    [image] = read(path, **options).arrays["image"][:]
    assert image.dtype == np.uint8
    return image  # type: ignore[no-any-return]


def test_grey_images_have_one_channel_and_a_single_colour_image_makes_three(tmp_path: Path) -> None:
    Image.fromarray(COLOURS[:, :, 0]).save(tmp_path / "a.png")
    assert read(tmp_path).arrays["image"].shape == (1, 6, 4, 1)
    Image.fromarray(COLOURS).save(tmp_path / "b.png")
    images = read(tmp_path).arrays["image"][:]
    np.testing.assert_array_equal(images[0], np.repeat(COLOURS[:, :, :1], 3, axis=2))
    np.testing.assert_array_equal(images[1], COLOURS)
    grey = read(tmp_path, channels=1).arrays["image"][:]
    np.testing.assert_array_equal(grey[0, :, :, 0], COLOURS[:, :, 0])
    weighted = COLOURS @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(grey[1, :, :, 0], weighted, atol=1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
def test_a_photograph_stands_upright_whichever_way_the_camera_was_held(
    orientation: int, ending: str, tmp_path: Path
) -> None:
    # What EXIF says has to be done with what is stored.
    turns: dict[int, Callable[[Any], Any]] = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda a: np.rot90(a),
    }
    turned = turns[orientation]
    blocks = np.repeat(np.repeat(COLOURS, 16, axis=0), 16, axis=1)
    exif = Image.Exif()
    exif[274] = orientation
    by_ending: dict[str, dict[str, Any]] = {"jpg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}}
    options = by_ending.get(ending, {})
    Image.fromarray(blocks).save(tmp_path / f"a.{ending}", exif=exif, **options)
    wanted = turned(blocks)
    fields = read(tmp_path / f"a.{ending}")
    assert fields.arrays["image"].shape[1:] == wanted.shape
    np.testing.assert_allclose(fields.arrays["image"][0:1][0], wanted, atol=4 if ending == "jpg" else 0)
    (tmp_path / "upright").mkdir()
    Image.fromarray(wanted).save(tmp_path / "upright" / "a.png")
    size = [wanted.shape[0] // 16, wanted.shape[1] // 16]
    small, upright = pixels(tmp_path / f"a.{ending}", size=size), pixels(tmp_path / "upright", size=size)
    np.testing.assert_allclose(small.astype(int), upright, atol=20 if ending == "jpg" else 1)


def test_an_exif_block_that_is_damaged_turns_nothing(tmp_path: Path) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "a.png", exif=b"Exif\0\0nonsense")
    np.testing.assert_array_equal(pixels(tmp_path), COLOURS)


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    cmyk = Image.new("CMYK", (4, 6), (255, 0, 0, 0))  # cyan
    cmyk.save(tmp_path / "a.jpg", quality=100)
    fields = read(tmp_path)
    np.testing.assert_allclose(fields.arrays["image"][:], np.broadcast_to([0, 255, 255], (1, 6, 4, 3)), atol=3)
    assert fields.notes == ("1 picture (a.jpg): CMYK, turned into RGB",)


def test_a_palette_becomes_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(6, 4) % 3)
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    image.save(tmp_path / "a.png")
    wanted = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90]])[np.arange(24).reshape(6, 4) % 3]
    np.testing.assert_array_equal(pixels(tmp_path), wanted)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_kept_with_four_channels_and_noted_otherwise(mode: str, tmp_path: Path) -> None:
    channels = len(mode)
    values = np.random.default_rng(1).integers(0, 256, (6, 4, channels), dtype=np.uint8)
    Image.fromarray(values, mode).save(tmp_path / "a.png")
    fields = read(tmp_path)
    hidden = "transparency, which is left out, so that what it hides is seen; write channels: 4 to keep it"
    assert fields.notes == (f"1 picture (a.png): {hidden}",)
    np.testing.assert_array_equal(fields.arrays["image"][:][0], values[:, :, :-1])
    kept = read(tmp_path, channels=4)
    assert kept.notes == ()
    np.testing.assert_array_equal(kept.arrays["image"][:][0, :, :, 3], values[:, :, -1])
    np.testing.assert_array_equal(kept.arrays["image"][:][0, :, :, 0], values[:, :, 0])


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
def test_grey_of_16_bits_is_read_as_it_is_written(name: str, tmp_path: Path) -> None:
    values = np.array([[0, 128, 129, 257], [25700, 40000, 65407, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / name)
    fields = read(tmp_path)
    assert fields.arrays["image"].shape == (1, 2, 4, 1)
    assert fields.arrays["image"][:].dtype == np.uint16
    assert fields.arrays["image"][:][0, :, :, 0].tolist() == values.tolist()
    assert fields.notes == ()
    assert read(tmp_path, channels=3).arrays["image"][:][0, :, :, 2].tolist() == values.tolist()
    halved = read(tmp_path, size=[1, 2]).arrays["image"][:][0, :, :, 0]
    np.testing.assert_allclose(halved, values.reshape(1, 2, 2, 2).mean(axis=(1, 3)), rtol=0.5)
    assert halved.max() > 30000


@pytest.mark.parametrize(
    "values",
    [
        np.array([[0.25, -3.5], [1e6, 0.0]], np.float32),
        np.array([[-70000, 5], [1 << 20, 0]], np.int32),
    ],
)
def test_floating_and_32_bit_pixels_are_read_as_they_are_written(values: Any, tmp_path: Path) -> None:
    Image.fromarray(values).save(tmp_path / "a.tif")
    fields = read(tmp_path)
    assert fields.arrays["image"][:].dtype == values.dtype
    np.testing.assert_array_equal(fields.arrays["image"][:][0, :, :, 0], values)
    assert fields.notes == ()


def test_pixels_that_are_not_finite_are_told_at_their_file(tmp_path: Path) -> None:
    Image.fromarray(np.array([[1.0, np.nan]], np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match="it holds pixels that are not finite") as caught:
        read(tmp_path).arrays["image"][:]
    assert caught.value.file == f"{tmp_path}/a.tif"


def test_values_of_8_bits_beside_16_stay_what_they_are_with_a_note(tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 2), 900, np.uint16)).save(tmp_path / "a.png")
    Image.fromarray(np.full((2, 2), 200, np.uint8)).save(tmp_path / "b.png")
    fields = read(tmp_path)
    assert fields.arrays["image"][:][:, 0, 0, 0].tolist() == [900, 200]
    words = "fewer bits a pixel than others; all values are taken as they are written"
    assert fields.notes == (f"1 picture (b.png): {words}",)


def test_colour_of_16_bits_is_read_in_8_with_a_note(tmp_path: Path) -> None:
    rows = b"".join(b"\0" + struct.pack(">6H", 0, 25700, 65535, 32896, 514, 60000) for _ in range(2))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in parts:
        content += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    (tmp_path / "a.png").write_bytes(content)
    fields = read(tmp_path)
    np.testing.assert_allclose(fields.arrays["image"][:][0, 0], [[0, 100, 255], [128, 2, 233]], atol=1)
    assert fields.notes == ("1 picture (a.png): 16 bits a colour, of which 8 are read",)


def test_black_and_white_is_0_and_255(tmp_path: Path) -> None:
    Image.fromarray(np.array([[True, False], [False, True]])).save(tmp_path / "a.png")
    assert pixels(tmp_path)[:, :, 0].tolist() == [[255, 0], [0, 255]]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG"])
def test_the_first_of_several_frames_is_taken_with_a_note(kind: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    name = f"움직임.{kind.lower()}"
    frames[0].save(
        tmp_path / name, kind, save_all=True, append_images=frames[1:], **({"lossless": True} if kind == "WEBP" else {})
    )
    fields = read(tmp_path, channels=3)
    np.testing.assert_array_equal(fields.arrays["image"][:], np.broadcast_to([255, 0, 0], (1, 4, 4, 3)))
    assert fields.notes == (f"1 picture ({name}): several frames, of which the first is taken",)


def test_a_smaller_size_is_the_mean_of_what_was_there(tmp_path: Path) -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))  # every other column white: skipping pixels would show
    Image.fromarray(stripes).save(tmp_path / "a.png")
    small = pixels(tmp_path, size=[8, 8])
    np.testing.assert_allclose(small[:, 1:-1], 127.5, atol=3)


def test_a_photograph_made_smaller_by_its_decoder_is_about_the_same(tmp_path: Path) -> None:
    y, x = np.mgrid[0:400, 0:480]
    smooth = np.stack([x / 2, y / 2, (x + y) / 4], axis=2).clip(0, 255).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=98, subsampling=0)
    small = pixels(tmp_path, size=[40, 60]).astype(float)
    exact = smooth.reshape(40, 10, 60, 8, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(small[1:-1, 1:-1], exact[1:-1, 1:-1], atol=3)
    grey = pixels(tmp_path, size=[40, 60], channels=1)[:, :, 0]
    np.testing.assert_allclose(grey[1:-1, 1:-1], (exact @ [0.299, 0.587, 0.114])[1:-1, 1:-1], atol=3)


def test_a_larger_size_lies_between_what_was_there(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 200]], np.uint8)).save(tmp_path / "a.png")
    large = pixels(tmp_path, size=[2, 8])[:, :, 0]
    assert large.tolist() == [[0, 0, 25, 75, 125, 175, 200, 200]] * 2


def test_the_order_of_the_samples_is_that_which_was_asked_for(tmp_path: Path) -> None:
    for number in range(300):
        stream = io.BytesIO()
        Image.new("L", (2, 2), number % 256).save(stream, "PNG")
        (tmp_path / f"{number:03}.png").write_bytes(stream.getvalue())
    rows = np.random.default_rng(2).permutation(300)
    assert read(tmp_path).arrays["image"][rows][:, 0, 0, 0].tolist() == (rows % 256).tolist()
    assert read(tmp_path).arrays["image"][np.zeros(0, int)].shape == (0, 2, 2, 1)
