"""Images drawn in the terminal: two pixels to a cell in colour, or shades of letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.style import Style
from rich.text import Text

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# rich-pixels draws pictures of Pillow alone, in colour alone, and as they are; samples are arrays of any range, and must show
# where there is no colour and no Unicode.
SHADES = " .:-=+*#%@"
GAP = 2
SMALLEST_TILE = 16
TILES = 3


def halfblocks(image: Array, *, width: int, unicode: bool = True, colour: bool = True) -> Text:
    """An image of shape (height, width) or (height, width, 1, 3 or 4) in at most `width` cells and `width` lines.

    Values between 0 and 255 that reach 64 are taken as they are; any others are stretched from their least (black) to
    their greatest (white). Larger images are made smaller by the mean over each area; small ones keep their pixels.
    Raises ValueError for another shape.
    """
    return Text("\n", no_wrap=True).join(image_lines(image, width=width, unicode=unicode, colour=colour))


def gallery(images: Sequence[tuple[str, Array]], *, width: int, unicode: bool, colour: bool) -> Text:
    """Captioned images beside each other, in as many rows as keep within `width` cells."""
    widest = min(width, max(SMALLEST_TILE, (width - GAP * (TILES - 1)) // TILES))
    rows: list[Text] = []
    waiting: list[tuple[str, list[Text], int]] = []
    for caption, image in images:
        lines = image_lines(image, width=widest, unicode=unicode, colour=colour)
        words = "".join(each if each.isprintable() else " " for each in caption)
        tile = max([line.cell_len for line in lines] + [min(cell_len(words), widest), 1])
        if waiting and sum(each + GAP for _, _, each in waiting) + tile > width:
            rows.append(gallery_row(waiting, unicode=unicode))
            waiting = []
        waiting.append((words, lines, tile))
    if waiting:
        rows.append(gallery_row(waiting, unicode=unicode))
    return Text("\n\n", no_wrap=True).join(rows)


def gallery_row(tiles: Sequence[tuple[str, list[Text], int]], *, unicode: bool) -> Text:
    """Tiles of (caption, lines, cells) side by side."""
    gap = Text(" " * GAP)
    lines = [gap.join(Text(fitted_words(words, tile, unicode=unicode), style="bold") for words, _, tile in tiles)]
    for at in range(max(len(image) for _, image, _ in tiles)):
        parts = []
        for _, image, tile in tiles:
            part = image[at].copy() if at < len(image) else Text()
            part.pad_right(tile - part.cell_len)
            parts.append(part)
        lines.append(gap.join(parts))
    return Text("\n").join(lines)


def fitted_words(words: str, width: int, *, unicode: bool) -> str:
    """`words` in exactly `width` cells, with a mark at the end where they were cut."""
    if cell_len(words) <= width:
        return set_cell_size(words, width)
    return set_cell_size(words, width - 1) + ("…" if unicode else "~")


def image_lines(image: Array, *, width: int, unicode: bool, colour: bool) -> list[Text]:
    """The lines of an image, each as wide as the others."""
    pixels = rgb(image)
    if not pixels.size:
        return []
    blocks = unicode and colour
    columns = max(1, width if blocks else width // 2)
    height, across = pixels.shape[:2]
    scale = min(1.0, columns / across, (2 * width if blocks else columns) / height)
    pixels = shrunk(pixels, max(1, round(height * scale)), max(1, round(across * scale)))
    return block_lines(pixels) if blocks else shade_lines(pixels, doubled=width > 1)


def rgb(image: Array) -> Array:
    """Red, green and blue from 0 to 255, shape (height, width, 3), on black where the image is transparent."""
    import numpy as np

    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[-1] not in (1, 3, 4):
        raise ValueError(f"an image has the shape (height, width) or (height, width, 1, 3 or 4), not {np.shape(image)}")
    array = array.astype(np.float64)
    if not array.size:
        return np.zeros((0, 0, 3))
    pixels = brightness(array[..., :3])
    if array.shape[-1] == 4:
        alpha = np.nan_to_num(array[..., 3:], nan=0.0, posinf=255.0, neginf=0.0)
        pixels = pixels * np.clip(alpha / (255.0 if alpha.max() > 1 else 1.0), 0.0, 1.0)
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))


def brightness(values: Array) -> Array:
    """Values scaled to 0 … 255; what is not a number is black."""
    import numpy as np

    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.zeros_like(values)
    low, high = finite.min(), finite.max()
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    if low >= 0 and 64 <= high <= 255:
        return values
    if low == high:
        return np.full_like(values, 255.0 if high > 0 else 0.0)
    # Halves keep the span of the greatest numbers finite.
    stretched: Array = np.clip((values / 2 - low / 2) / (high / 2 - low / 2), 0.0, 1.0) * 255.0
    return stretched


def shrunk(pixels: Array, height: int, width: int) -> Array:
    """The mean of the pixels under each of `height` x `width` areas of (height, width, channels)."""
    import numpy as np

    rows, columns = area_weights(pixels.shape[0], height), area_weights(pixels.shape[1], width)
    means: Array = np.einsum("ij,jkc,lk->ilc", rows, pixels, columns, optimize=True)
    return means


def area_weights(old: int, new: int) -> Array:
    """How much each of `old` pixels counts in each of `new` ones, shape (new, old); each row sums to 1."""
    import numpy as np

    edges = np.linspace(0.0, old, new + 1)
    starts = np.arange(old)
    overlap: Array = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    return overlap.clip(0.0) * (new / old)


def block_lines(pixels: Array) -> list[Text]:
    """Upper half blocks: the upper pixel in the colour of the letter, the lower one in that of its ground."""
    whole = pixels.round().clip(0, 255).astype(int).tolist()
    lines = []
    for top in range(0, len(whole), 2):
        line = Text()
        for column, upper in enumerate(whole[top]):
            lower = whole[top + 1][column] if top + 1 < len(whole) else None
            ground = Color.from_rgb(*lower) if lower else None
            line.append("▀", style=Style(color=Color.from_rgb(*upper), bgcolor=ground))
        lines.append(line)
    return lines


def shade_lines(pixels: Array, *, doubled: bool) -> list[Text]:
    """A letter by luminance (ITU-R BT.601), twice for each pixel because a cell is twice as high as wide."""
    grey = pixels @ [0.299, 0.587, 0.114]
    levels = (grey / 255 * len(SHADES)).clip(0, len(SHADES) - 1).astype(int).tolist()
    return [Text("".join(SHADES[level] * (2 if doubled else 1) for level in row)) for row in levels]
