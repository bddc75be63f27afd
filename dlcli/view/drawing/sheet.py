"""Small pictures beside each other as one PNG, and a picture with what counted in it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.view.drawing.halfblocks import rgb
from dlcli.view.drawing.plot_png import font_for

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SMALLEST, GAP, CAPTION = 56, 8, 18
WIDEST = 1050
MOST_TILES = 144
HEAT = (255.0, 70.0, 0.0)
SHARE = 0.65
"""How much of a pixel the heat is where it is greatest."""


def sheet_png(pictures: Sequence[Array], names: Sequence[str]) -> bytes:
    """Pictures (height, width) or (height, width, channels) as tiles with their names, as a PNG at most 1050 pixels wide.

    Small ones are enlarged, each pixel to a square.
    """
    from PIL import Image, ImageDraw

    tiles = [enlarged(picture) for picture in pictures[:MOST_TILES]]
    width, height = max(each.width for each in tiles), max(each.height for each in tiles) + CAPTION
    across = max(1, min(len(tiles), (WIDEST - GAP) // (width + GAP)))
    rows = -(-len(tiles) // across)
    whole = Image.new("RGB", (GAP + across * (width + GAP), GAP + rows * (height + GAP)), "#ffffff")
    pen = ImageDraw.Draw(whole)
    for number, (tile, name) in enumerate(zip(tiles, names, strict=False)):
        x, y = GAP + number % across * (width + GAP), GAP + number // across * (height + GAP)
        whole.paste(tile, (x, y + CAPTION))
        pen.text(
            (x, y + CAPTION - 4), name[: max(4, width // 8)], fill="#222222", font=font_for(name, 13.0), anchor="ls"
        )
    stream = io.BytesIO()
    whole.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def enlarged(picture: Array) -> Any:
    """A picture of Pillow whose longer side has at least 56 pixels and at most 1034."""
    from PIL import Image

    image = Image.fromarray(rgb(picture).round().clip(0, 255).astype("uint8"))
    longest = max(image.size)
    factor = max(1, -(-SMALLEST // longest)) if longest <= WIDEST - 2 * GAP else (WIDEST - 2 * GAP) / longest
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX)


def heated(picture: Array, heat: Array) -> Array:
    """A picture (height, width, …) in grey with heat (height, width) from 0 to 1 over it: (height, width, 3) from 0 to 255."""
    import numpy as np

    grey = rgb(picture) @ np.array([0.299, 0.587, 0.114])
    weight = SHARE * heat[..., None]
    mixed: Array = grey[..., None] * (1 - weight) + np.array(HEAT) * weight
    return mixed


def stretched(heat: Array, height: int, width: int) -> Array:
    """A map (height, width) over a picture of another size, between its places as straight lines go; from 0 to 1."""
    import numpy as np
    from PIL import Image

    greatest = float(heat.max(initial=0.0))
    share = (heat / greatest if greatest > 0 else np.zeros_like(heat)).astype(np.float32)
    image = Image.fromarray(share).resize((width, height), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(image, np.float64), 0.0, 1.0)
