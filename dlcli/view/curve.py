"""Curves in the terminal, drawn with the dots of braille characters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.text import Text

from dlcli.view.numbers import number

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
COLOURS = ("cyan", "yellow", "green", "magenta")
LETTERS = "*o+x"
LABEL = 9


def curve(series: Mapping[str, Sequence[float]], *, width: int, height: int, first: int = 1, unicode: bool = True) -> Text:
    """A chart of `height` lines and at most `width` columns: the axis, the curves, and a line that names them.

    Every series is over the same positions, which count from `first`. The first is drawn solid, the others dotted; each has
    a colour of its own. Values that are not finite are left out. In ASCII each series has a letter.
    """
    values = [value for each in series.values() for value in each if math.isfinite(value)]
    if not values:
        return Text("no values yet".ljust(min(width, 13)))
    low, high = min(values), max(values)
    if high - low < 1e-12 * max(1.0, abs(high)):
        low, high = low - max(abs(low), 1.0) * 0.05, high + max(abs(high), 1.0) * 0.05
    columns, rows = max(4, width - LABEL - 1), max(2, height - 2)
    count = max(len(each) for each in series.values())
    grid = canvas(series, columns=columns, rows=rows, low=low, high=high, count=count, unicode=unicode)
    chart = Text()
    bar = "│" if unicode else "|"
    for row, cells in enumerate(grid):
        level = high - (high - low) * row / (rows - 1)
        label = number(level) if row in {0, rows - 1, rows // 2} else ""
        chart.append(f"{label[:LABEL]:>{LABEL}}{bar}", style="dim")
        for character, colour in cells:
            chart.append(character, style=colour)
        chart.append("\n")
    last = str(first + count - 1)
    line = ("└" if unicode else "+") + ("─" if unicode else "-") * columns
    chart.append(" " * LABEL + line[: columns + 1] + "\n", style="dim")
    names = Text(" " * (LABEL + 1))
    names.append(str(first), style="dim")
    for position, name in enumerate(series):
        mark = (("─" if position == 0 else "┄") * 2) if unicode else LETTERS[position % 4]
        names.append(f"  {mark} {name}", style=COLOURS[position % 4])
    names.truncate(max(LABEL + 2, width - len(last) - 1))
    names.append(last.rjust(max(1, width - names.cell_len)) if count > 1 else "", style="dim")
    chart.append_text(names)
    return chart


def canvas(
    series: Mapping[str, Sequence[float]], *, columns: int, rows: int, low: float, high: float, count: int, unicode: bool
) -> list[list[tuple[str, str]]]:
    """The characters of the chart with their colours, row by row."""
    across, down = (columns * 2, rows * 4) if unicode else (columns, rows)
    bits = [[0] * columns for _ in range(rows)]
    colours = [[""] * columns for _ in range(rows)]
    letters = [[" "] * columns for _ in range(rows)]
    for number_of, each in reversed(list(enumerate(series.values()))):
        for position, (x, y) in enumerate(points(each, across=across, down=down, low=low, high=high, count=count)):
            if number_of and unicode and position % 4 > 1:
                continue
            row, column = (y // 4, x // 2) if unicode else (y, x)
            if unicode:
                bits[row][column] |= DOTS[y % 4][x % 2]
            letters[row][column] = LETTERS[number_of % 4]
            colours[row][column] = COLOURS[number_of % 4]
    return [
        [((chr(0x2800 + bits[row][column]) if bits[row][column] else " ") if unicode else letters[row][column], colours[row][column]) for column in range(columns)]
        for row in range(rows)
    ]


def points(values: Sequence[float], *, across: int, down: int, low: float, high: float, count: int) -> list[tuple[int, int]]:
    """The dots of one curve, from left to right, with the gaps between its values filled."""
    found: list[tuple[int, int]] = []
    before: tuple[int, int] | None = None
    for position, value in enumerate(values):
        if not math.isfinite(value):
            before = None
            continue
        x = round(position * (across - 1) / max(1, count - 1))
        y = round((high - value) / (high - low) * (down - 1))
        here = (x, min(down - 1, max(0, y)))
        found += line(before, here) if before else [here]
        before = here
    return found


def line(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """The dots between two, the start left out."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    return [
        (round(start[0] + (end[0] - start[0]) * step / steps), round(start[1] + (end[1] - start[1]) * step / steps))
        for step in range(1, steps + 1)
    ]
