"""Image files: how one is opened, and what its header says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from dlcli.data.sources.folders.listing import Unreadable
from dlcli.first_line import first_line

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
"""What is decoded, whatever a file is called: Pillow knows others, and some of them start programs."""
ENDINGS = {
    "JPEG": (".jpg", ".jpeg"),
    "MPO": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm"),
}
MOST_PIXELS = 100_000_000
"""An image with more is refused by its header: a few kilobytes can unpack to gigabytes."""
GREY = frozenset({"1", "L", "LA", "La"})
DEEP = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I"})
"""Modes of 16 bits a pixel; Pillow reads some into 32."""
TRANSPARENT = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})
CONVERTED = GREY | DEEP | TRANSPARENT | {"F", "P", "RGB", "RGBX", "CMYK", "YCbCr"}
"""Modes that can be read as grey or as colours."""
ORIENTATION = 274
"""The tag of EXIF that says how the camera was held: 1 to 8, from 5 on its sides are swapped."""


DEPTHS = ("uint8", "uint16", "int32", "float32")
"""The types of pixels, each of which can hold those before it, or nearly so."""


class Header(NamedTuple):
    """What a header says: the size as it is seen, whether it is grey, of which of DEPTHS, and what is worth a note."""

    height: int
    width: int
    grey: bool
    depth: str
    remarks: tuple[str, ...]


def image_header(file: str) -> Header:
    """The header of a file. Raises `Unreadable`."""
    with opened_image(file) as image:
        height, width = image.height, image.width
        if orientation(image) >= 5:
            height, width = width, height
        mode = image.mode
        if mode not in CONVERTED:
            raise Unreadable(f"{mode} colours, which cannot be read as RGB")
        remarks = {
            "cmyk": mode == "CMYK",
            "deep": mode not in DEEP and ";16" in str(image.tile[:1]),
            "frames": image.format in {"GIF", "PNG", "WEBP", "TIFF"} and getattr(image, "is_animated", False),
            "misnamed": not file.lower().endswith(ENDINGS[image.format]),
            "transparent": mode in TRANSPARENT or "transparency" in image.info,
        }
        grey, depth = mode in GREY | DEEP | {"F"}, depth_of(mode, image.format)
        return Header(height, width, grey, depth, tuple(name for name, holds in remarks.items() if holds))


def depth_of(mode: str, form: str) -> str:
    """Of which type the pixels of a mode are in a file of a format; only TIFF has whole numbers of 32 bits."""
    if mode == "F":
        return "float32"
    if mode in DEEP:
        return "int32" if mode == "I" and form == "TIFF" else "uint16"
    return "uint8"


@contextmanager
def opened_image(file: str) -> Iterator[Any]:
    """The image of a file, of which the header is read. Raises `Unreadable`, also for what goes wrong while it is open."""
    import PIL.Image

    try:
        with open(file, "rb") as content, PIL.Image.open(content, formats=FORMATS) as image:  # noqa: PTH123 (a million times)
            if image.width * image.height > MOST_PIXELS:
                pixels = f"{image.height}×{image.width} pixels"
                raise Unreadable(f"{pixels} are more than the limit of {MOST_PIXELS:,}")
            yield image
    except Unreadable:
        raise
    except PIL.UnidentifiedImageError:
        raise Unreadable(empty_or_unknown(file)) from None
    except OSError as error:
        raise Unreadable(
            f"cannot be read: {error.strerror}" if error.strerror else f"damaged: {first_line(error)}"
        ) from None
    except Exception as error:  # what Pillow raises depends on the byte that is wrong
        raise Unreadable(f"damaged: {first_line(error)}") from None


def empty_or_unknown(file: str) -> str:
    """What is wrong with a file that is no image."""
    if not os.path.getsize(file):  # noqa: PTH202 (the file is a str here)
        return "the file is empty"
    return "no picture, or its start is damaged"


def prepare_pillow() -> None:
    """Makes Pillow ready, its warnings silent: what matters is in notes and errors, and the limit of pixels is ours."""
    import warnings

    import PIL.Image
    import PIL.TiffImagePlugin
    import PIL.WebPImagePlugin  # without these two Pillow would load all formats that it knows

    PIL.Image.MAX_IMAGE_PIXELS = None
    warnings.filterwarnings("ignore", module=r"PIL\.")


def orientation(image: Any) -> int:
    """How the image has to be turned to stand upright, as EXIF numbers it; 1 where nothing says so."""
    # A TIFF is turned by Pillow itself; of a PNG without it all pixels would be decoded to look behind them.
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return 1
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except Exception:  # what Pillow raises depends on the byte that is wrong; the pixels may be in order
        return 1
    return found if found in range(1, 9) else 1
