"""Shapes as pixels, by Pillow; text in its own font, or in one of the system where that lacks a letter."""

from __future__ import annotations

import math
import os
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from dlcli.view.drawing.plot import BLACK, COLOURS, HEIGHT, WIDTH, Dot, Point, Stroke, Words

FINER = 2
"""How many pixels are drawn for one that is kept, each way: edges become smooth."""
SHADES = 16
HANGUL = (
    "notosanscjk",
    "notosanskr",
    "nanumgothic",
    "nanum",
    "malgun",
    "applesdgothicneo",
    "applegothic",
    "sourcehan",
    "unifont",
)
"""Beginnings of the names of fonts that have Korean letters beside Latin ones, the best first."""
FOLDERS = {
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("%WINDIR%/Fonts", "%LOCALAPPDATA%/Microsoft/Windows/Fonts"),
}
ELSEWHERE = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
ENDINGS = (".ttf", ".ttc", ".otf", ".otc")
MISSING = "\ufffe"
"""A letter that no font has."""


def png_of(shapes: Iterable[Stroke | Dot | Words]) -> bytes:
    """A picture of 1050 x 630 pixels. Letters that no font of this machine has are drawn as `?`."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), "#ffffff")
    canvas, words = ImageDraw.Draw(picture), list[Words]()
    for shape in shapes:
        if isinstance(shape, Words):
            words.append(shape)
        elif isinstance(shape, Dot):
            (x, y), radius = finer(shape.at), shape.radius * FINER
            canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shape.colour)
        else:
            for line in dashed([finer(point) for point in shape.points], [each * FINER for each in shape.dash]):
                canvas.line(line, fill=shape.colour, width=round(shape.width * FINER), joint="curve")
    picture = picture.reduce(FINER)
    for each in words:
        write(picture, each)
    return png_bytes(picture.quantize(palette=palette(), dither=Image.Dither.NONE))


def png_bytes(picture: Any) -> bytes:
    """A picture with a palette as the bytes of a PNG; Pillow would load all its formats first, which takes longer."""
    width, height = picture.size
    pixels, colours = picture.tobytes(), picture.getpalette()
    rows = b"".join(b"\0" + pixels[start : start + width] for start in range(0, width * height, width))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),  # 8 bits, of a palette
        (b"PLTE", bytes(colours)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


@lru_cache(maxsize=1)
def palette() -> Any:
    """A picture with all colours there are, and what lies between them and white: found at once, where a search takes 25 ms."""
    from PIL import Image, ImageColor

    colours = [ImageColor.getrgb(each)[:3] for each in (*COLOURS, BLACK)]
    steps = range(1, SHADES + 1)
    shades = [255 + (part - 255) * step / SHADES for colour in colours for step in steps for part in colour]
    values = [255, 255, 255, *map(round, shades)]
    image = Image.new("P", (1, 1))
    image.putpalette(values + [255] * (768 - len(values)))
    return image


def finer(point: Point) -> Point:
    """A point among the finer pixels."""
    return point[0] * FINER, point[1] * FINER


def dashed(points: Sequence[Point], dash: Sequence[float]) -> Iterator[list[Point]]:
    """The lines that are drawn of one: all of it, or its dashes."""
    if not dash:
        yield list(points)
        return
    left, number, drawn = dash[0], 0, [points[0]]
    for (x, y), (to_x, to_y) in pairwise(points):
        length, at = math.hypot(to_x - x, to_y - y), 0.0
        while length - at > left:
            at += left
            place = x + (to_x - x) * at / length, y + (to_y - y) * at / length
            if number % 2 == 0:
                yield [*drawn, place]
            number += 1
            left, drawn = dash[number % len(dash)], [place]
        left -= length - at
        drawn.append((to_x, to_y))
    if number % 2 == 0 and len(drawn) > 1:
        yield drawn


def write(picture: Any, words: Words) -> None:
    """Draws text on a picture."""
    from PIL import Image, ImageDraw

    font = font_for(words.text, words.size)
    text = "".join(each if has_letter(font, each) else "?" for each in words.text)
    x, y = words.at
    if not words.turned:
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[words.anchor]
        ImageDraw.Draw(picture).text((x, y), text, fill=words.colour, font=font, anchor=anchor)
        return
    height, width = math.ceil(words.size * 1.5), math.ceil(font.getlength(text)) + 2
    strip = Image.new("RGB", (width, height), "#ffffff")
    ImageDraw.Draw(strip).text((1, words.size), text, fill=words.colour, font=font, anchor="ls")
    picture.paste(strip.rotate(90, expand=True), (round(x - words.size), round(y - width / 2)))


def font_for(text: str, size: float) -> Any:
    """Pillow's own font, or the first of the system's that has more letters of the text."""
    font = own_font(size)
    letters = {each for each in text if not has_letter(font, each)}
    if letters:
        for path in korean_fonts():
            other = font_of(path, size)
            if other is not None and any(has_letter(other, each) for each in letters):
                return other
    return font


@lru_cache(maxsize=8)
def own_font(size: float) -> Any:
    """The font that Pillow brings."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


@lru_cache(maxsize=8)
def font_of(path: str, size: float) -> Any:
    """A font of a file, None where that is none."""
    from PIL import ImageFont

    try:
        return ImageFont.truetype(path, size)
    except (OSError, ValueError):
        return None


def has_letter(font: Any, letter: str) -> bool:
    """Whether a font has a drawing of its own for a letter."""
    if letter.isspace():
        return True
    return letter.isprintable() and picture_of(font, letter) != picture_of(font, MISSING)


@lru_cache(maxsize=2000)
def picture_of(font: Any, letter: str) -> tuple[Any, bytes]:
    """What a font draws for a letter."""
    mask = font.getmask(letter)
    return mask.size, bytes(mask)


@lru_cache(maxsize=1)
def korean_fonts() -> tuple[str, ...]:
    """The files of fonts of this machine that have Korean letters, by their names, the best first."""
    found: list[tuple[float, str]] = []
    for folder in FOLDERS.get(sys.platform, ELSEWHERE):
        for below, _, names in os.walk(Path(os.path.expandvars(folder)).expanduser()):
            for name in names:
                plain = name.lower().replace("-", "").replace("_", "").replace(" ", "")
                rank = next((at for at, start in enumerate(HANGUL) if plain.startswith(start)), None)
                if rank is not None and plain.endswith(ENDINGS):
                    found.append((rank + ("regular" not in plain) / 2, os.path.join(below, name)))  # noqa: PTH118
    return tuple(path for _, path in sorted(found))
