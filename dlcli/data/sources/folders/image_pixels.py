"""The pixels of an image file: upright, in 8 bits, of a size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.data.sources.folders.image_files import DEEP, opened_image, orientation

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


def decoded_image(file: str, size: tuple[int, int] | None, channels: int) -> np.ndarray[Any, Any]:
    """The pixels of an image (height, width, channels) uint8, resized to a size where one is given.

    Raises `Unreadable` for a file whose pixels cannot be decoded.
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
        plain = in_eight_bits(image)
        if plain.mode != MODES[channels]:
            plain = plain.convert(MODES[channels])
        if wanted is not None and plain.size != wanted:
            plain = plain.resize(wanted, Resampling.BILINEAR)
        if turn in TURNS:
            plain = plain.transpose(Transpose[TURNS[turn]])
        return np.asarray(plain, np.uint8).reshape(plain.height, plain.width, channels)


def in_eight_bits(image: Any) -> Any:
    """A grey image of 16 bits scaled to 8, where Pillow would cut all above 255; another as it is."""
    import numpy as np
    from PIL.Image import fromarray

    if image.mode not in DEEP:
        return image
    values = np.asarray(image).astype(np.uint32)
    return fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))
