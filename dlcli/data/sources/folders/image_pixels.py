"""The pixels of an image file: upright, of a size, with all their bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data.sources.folders.image_files import DEEP, opened_image, orientation
from dlcli.data.sources.folders.listing import Unreadable

if TYPE_CHECKING:
    import numpy as np

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""What sets an image upright, by its orientation in EXIF."""


def decoded_image(
    file: str, size: tuple[int, int] | None, channels: int, *, depth: str = "uint8"
) -> np.ndarray[Any, Any]:
    """The pixels of an image (height, width, channels) as a type that can hold them, resized to a size where one is given.

    Raises `Unreadable` for a file whose pixels cannot be decoded, or are not finite.
    """
    import numpy as np
    from PIL.Image import Resampling, Transpose

    with opened_image(file) as image:
        turn = orientation(image)
        # Pillow's sizes are (width, height), and this one is that before the turn.
        wanted = size if size is None or turn >= 5 else (size[1], size[0])
        if image.format == "JPEG":
            # The decoder itself leaves out colours and halves sizes, which is much faster than doing so afterwards.
            image.draft("L" if channels == 1 else None, wanted)
        plain, copies = plain_image(image, channels)
        if wanted is not None and plain.size != wanted:
            plain = plain.resize(wanted, Resampling.BILINEAR)
        if turn in TURNS:
            plain = plain.transpose(Transpose[TURNS[turn]])
        pixels = np.asarray(plain).astype(depth, copy=False).reshape(plain.height, plain.width, channels // copies)
        if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
            raise Unreadable("it holds pixels that are not finite")
        return pixels if copies == 1 else np.repeat(pixels, copies, axis=-1)


def plain_image(image: Any, channels: int) -> tuple[Any, int]:
    """An image in as many channels, and how often its only one is to be copied: one of more than 8 bits is grey."""
    import numpy as np
    from PIL.Image import fromarray

    if image.mode == "F":
        return image, channels
    if image.mode in DEEP:  # of 16 bits Pillow resizes none
        return fromarray(np.asarray(image).astype(np.int32)), channels
    return (image if image.mode == MODES[channels] else image.convert(MODES[channels])), 1
