"""Picture files: what their headers say, and their pixels, many at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlcli.data.lazy import Lazy
from dlcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np

MOST_PIXELS = 100_000_000
"""Pictures with more pixels are refused by their header: a few kilobytes can unpack to gigabytes."""
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
GREY = frozenset({"1", "L", "I;16", "I;16B", "I", "F"})
DEEP = frozenset({"I;16", "I;16B", "I;16L", "I", "F"})
ORIENTATION = 274
"""The tag of EXIF that says how a camera was held."""
SIDEWAYS = frozenset({5, 6, 7, 8})
BATCH = 256


@dataclass(frozen=True)
class Scanned:
    """What a header says: the size as it is seen, whether it is grey, what is changed when it is read, or what is wrong."""

    height: int = 0
    width: int = 0
    grey: bool = True
    note: str | None = None
    fault: str | None = None


def threads() -> int:
    """How many files are read side by side."""
    return max(2, min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2))


def pillow() -> Any:
    """The library that reads pictures; the limit of pixels is ours, and told as all other faults are."""
    import PIL.Image

    PIL.Image.MAX_IMAGE_PIXELS = None
    return PIL.Image


def scan(files: Sequence[str]) -> list[Scanned]:
    """The headers of all files."""
    pillow().preinit()  # so that threads do not do it at once
    with ThreadPoolExecutor(threads(), "scan") as pool:
        return list(pool.map(header, files, chunksize=BATCH))


def header(file: str) -> Scanned:
    """The header of one file."""
    try:
        if not os.path.getsize(file):  # noqa: PTH202 (a million times)
            return Scanned(fault="the file is empty")
        with pillow().open(file) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                return Scanned(fault=f"{width}×{height} pixels are more than the limit of {MOST_PIXELS:,}")
            if picture.getexif().get(ORIENTATION) in SIDEWAYS:
                width, height = height, width
            grey = picture.mode in GREY or (picture.mode == "LA")
            frames = getattr(picture, "n_frames", 1)
            note = note_on(picture.mode, frames)
    except Exception as error:  # what Pillow raises depends on the byte that is wrong
        return Scanned(fault=said(error))
    return Scanned(height, width, grey, note)


def note_on(mode: str, frames: int) -> str | None:
    """What is lost or changed when a picture of this kind is read."""
    if frames > 1:
        return "several frames, of which the first is taken"
    if mode in DEEP:
        return "more than 8 bits a pixel, scaled to 8"
    return "CMYK, turned into RGB" if mode == "CMYK" else None


def said(error: Exception) -> str:
    """What was wrong with a file, without its name."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return "no picture, or its start is damaged" if "cannot identify" in text else text


def check_decodes(files: Sequence[str], headers: list[Scanned]) -> list[Scanned]:
    """The headers again, with a fault where the pixels cannot be decoded."""

    def checked(row: int) -> Scanned:
        if headers[row].fault is None:
            try:
                decoded(files[row], None, 3)
            except DataError as error:
                return replace(headers[row], fault=error.message)
        return headers[row]

    with ThreadPoolExecutor(threads(), "scan") as pool:
        return list(pool.map(checked, range(len(files))))


def decoded(file: str, size: tuple[int, int] | None, channels: int) -> np.ndarray[Any, Any]:
    """The pixels of a picture (height, width, channels) in 8 bits, upright, brought to a size.

    Raises `DataError` for pixels that cannot be decoded.
    """
    import numpy as np
    import PIL.Image
    import PIL.ImageOps

    try:
        with pillow().open(file) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise DataError(f"more than {MOST_PIXELS:,} pixels", file=file)
            if size is not None and picture.format == "JPEG":
                # The decoder itself can halve a picture several times, which is much faster than resizing it.
                picture.draft(None, (size[1] * 2, size[0] * 2))
            upright = PIL.ImageOps.exif_transpose(picture)
            plain = eight_bits(upright).convert(MODES[channels])
            if size is not None and plain.size != (size[1], size[0]):
                plain = plain.resize((size[1], size[0]), PIL.Image.Resampling.BILINEAR)
            return np.asarray(plain, np.uint8).reshape(plain.height, plain.width, channels)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"its pixels cannot be decoded: {said(error)}", file=file, hint=SKIP) from None


SKIP = "remove it, or write images: {…, scan: full, bad: skip} to leave such pictures out"


def eight_bits(picture: Any) -> Any:
    """A picture of more than 8 bits a pixel scaled to 8; any other as it is."""
    import numpy as np
    import PIL.Image

    if picture.mode not in DEEP:
        return picture
    values = np.asarray(picture, np.float64)
    # 16 bits are scaled by what they can hold, so that pictures stay comparable; others by what they do hold.
    low, high = (0.0, 65535.0) if picture.mode != "F" and values.max() > 255 else (0.0, 255.0)
    if picture.mode == "F":
        low, high = float(values.min()), float(values.max()) or 1.0
    return PIL.Image.fromarray(np.clip((values - low) * 255 / max(high - low, 1e-12), 0, 255).astype(np.uint8))


class Pictures(Lazy):
    """Pictures that are decoded when they are asked for: (samples, height, width, channels) in 8 bits."""

    def __init__(self, files: Sequence[str], size: tuple[int, int], channels: int) -> None:
        super().__init__((len(files), *size, channels), "uint8")
        self.files, self.size, self.channels = files, size, channels

    def take(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        found = np.empty((len(rows), *self.shape[1:]), np.uint8)

        def read(position: int) -> None:
            found[position] = decoded(self.files[rows[position]], self.size, self.channels)

        with ThreadPoolExecutor(threads(), "decode") as pool:
            for _ in pool.map(read, range(len(rows))):
                pass
        return found
