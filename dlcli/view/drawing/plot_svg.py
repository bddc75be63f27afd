"""Shapes as SVG; text stays text, in whatever font the reader has."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from dlcli.view.drawing.plot import HEIGHT, WIDTH, Dot, Stroke, Words

FONTS = (
    "'Noto Sans', 'Noto Sans CJK KR', 'Noto Sans KR', 'NanumGothic', 'Malgun Gothic', 'Apple SD Gothic Neo', sans-serif"
)
SHOWN_WIDTH, SHOWN_HEIGHT = 700, 420


def svg_of(shapes: Iterable[Stroke | Dot | Words]) -> bytes:
    """A picture of 700 x 420 points."""
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SHOWN_WIDTH}" height="{SHOWN_HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONTS}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n'
    )
    return f"{head}{''.join(map(element, shapes))}</svg>\n".encode()


def element(shape: Stroke | Dot | Words) -> str:
    """One shape as a line of SVG."""
    if isinstance(shape, Dot):
        x, y = shape.at
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{shape.radius:g}" fill="{shape.colour}"/>\n'
    if isinstance(shape, Words):
        x, y = shape.at
        turned = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if shape.turned else ""
        return (
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{shape.size:g}" text-anchor="{shape.anchor}" '
            f'fill="{shape.colour}"{turned}>{escape(drawable_text(shape.text))}</text>\n'
        )
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
    dash = f' stroke-dasharray="{" ".join(f"{each:g}" for each in shape.dash)}"' if shape.dash else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="{shape.colour}" stroke-width="{shape.width:g}" '
        f'stroke-linejoin="round"{dash}/>\n'
    )


def drawable_text(text: str) -> str:
    """Text with `?` for what XML cannot hold: control characters and half surrogate pairs."""
    return "".join(each if each.isprintable() else "?" for each in text)
