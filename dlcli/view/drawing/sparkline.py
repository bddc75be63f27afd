"""A curve in one line of letters, and a bar for numbers that may be below 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from dlcli.view.drawing.bars import bar
from dlcli.view.drawing.halfblocks import SHADES

LEVELS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], *, least: float, greatest: float, width: int, unicode: bool) -> str:
    """Values as letters of rising height, in at most `width` cells; the means of neighbours where there are more."""
    levels = LEVELS if unicode else SHADES
    if len(values) > width:
        edges = [round(len(values) * at / width) for at in range(width + 1)]
        values = [math.fsum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    span = greatest - least
    places = [0.0 if span <= 0 else (value - least) / span for value in values]
    return "".join(levels[min(len(levels) - 1, int(each * len(levels)))] for each in places)


def signed_bar(value: float, greatest: float, width: int, *, signed: bool, unicode: bool) -> str:
    """A bar in exactly `width` cells: from the middle to the right, or to the left below 0; from the left where none is."""
    share = abs(value) / greatest if greatest > 0 else 0.0
    if not signed:
        return bar(share, width, unicode=unicode)
    half = (width - 1) // 2
    long = min(half, max(round(share * half), 1 if share > 0 else 0))
    sign, middle = ("█", "│") if unicode else ("#", "|")
    left = (sign * long).rjust(half) if value < 0 else " " * half
    right = (sign * long).ljust(half) if value >= 0 else " " * half
    return f"{left}{middle}{right}".ljust(width)
