"""Samples in a page: pictures as small PNG, series as charts, text as text."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.view.drawing.halfblocks import rgb, shrunk
from dlcli.view.html.chart import Chart, Line, chart_markup
from dlcli.view.samples import Shown, drawn_piece

if TYPE_CHECKING:
    from markupsafe import Markup

LARGEST = 128
"""Pixels of a side of a picture; a larger one is made smaller."""
SMALLEST = 96
"""Pixels of a side on the screen up to which small ones are enlarged."""


def png_address(image: Any) -> str:
    """A picture (height, width, …) as an address that holds it."""
    from PIL import Image

    pixels = rgb(image)
    height, width = pixels.shape[:2]
    if not height or not width:
        return "data:,"
    scale = min(1.0, LARGEST / max(height, width))
    if scale < 1:
        pixels = shrunk(pixels, max(1, round(height * scale)), max(1, round(width * scale)))
    whole = pixels.round().clip(0, 255).astype("uint8")
    grey = bool((whole == whole[..., :1]).all())
    buffer = io.BytesIO()
    Image.fromarray(whole[..., 0] if grey else whole).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


@dataclass(frozen=True)
class SampleTile:
    """A sample as it stands in a page; `height` and `width` are those of a picture on the screen."""

    kind: str
    caption: str
    address: str = ""
    width: int = 0
    height: int = 0
    chart: Markup | None = None
    text: str = ""


def tiles(samples: Sequence[Shown], *, most_letters: int) -> tuple[list[SampleTile], int]:
    """Samples as tiles, and how many were left out because a page may not be larger."""
    made, used = list[SampleTile](), 0
    for at, sample in enumerate(samples):
        tile = tile_of(sample)
        used += len(tile.address) + len(tile.chart or "") + len(tile.text)
        if used > most_letters:
            return made, len(samples) - at
        made.append(tile)
    return made, 0


def tile_of(sample: Shown) -> SampleTile:
    """One sample as a tile."""
    if sample.kind == "image":
        return picture_tile(sample.values, sample.caption)
    if sample.kind == "series":
        return series_tile(sample.caption, sample.values, sample.names)
    return SampleTile("text", sample.caption, text=str(sample.values))


def picture_tile(values: Any, caption: str) -> SampleTile:
    """A picture, enlarged by a whole number where it is small."""
    height, width = values.shape[:2]
    scale = max(1, SMALLEST // max(height, width, 1))
    part = min(1.0, LARGEST / max(height, width, 1))
    return SampleTile(
        "image",
        caption,
        address=png_address(values),
        width=max(1, round(width * part)) * scale,
        height=max(1, round(height * part)) * scale,
    )


def series_tile(caption: str, values: Any, channels: Sequence[str] = ()) -> SampleTile:
    """A series (time, features) as a chart."""
    return SampleTile("series", caption, chart=chart_markup(series_chart(caption, values, channels)))


def series_chart(caption: str, series: Any, channels: Sequence[str] = ()) -> Chart:
    """A piece of a series (time, features)."""
    piece = drawn_piece(series, channels)
    return Chart(
        title=caption or "sample",
        x_name=piece.label,
        x=list(range(piece.start, piece.start + piece.length)),
        lines=[Line(name, values, colour=at) for at, (name, values) in enumerate(piece.channels.items())],
        small=True,
    )
