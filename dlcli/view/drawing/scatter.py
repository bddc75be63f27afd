"""Points on a plane: letters in cells of the terminal, and dots with letters on a page or in pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from dlcli.view.drawing.curve import STYLES
from dlcli.view.drawing.plot import (
    BLACK,
    BOTTOM,
    COLOURS,
    HEIGHT,
    LEFT,
    RIGHT,
    SMALL,
    TITLE,
    TOP,
    Dot,
    Stroke,
    Words,
    cut_to_line,
)

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
TENTHS = "0123456789"
Points = Sequence[Sequence[float]]


def class_letters(names: Sequence[str]) -> list[str]:
    """A letter for each name: its first sign where all have different ones, else a, b, c, …; of very many some share one."""
    first = [name[:1] for name in names]
    if len(set(first)) == len(names) and all(each.isascii() and each.isalnum() for each in first):
        return first
    return [LETTERS[number % len(LETTERS)] for number in range(len(names))]


def tenth_letters(values: Sequence[float]) -> list[str]:
    """For each number the digit of the tenth of all in which it lies: 0 for the least, 9 for the greatest."""
    order = sorted(range(len(values)), key=values.__getitem__)
    digits = [""] * len(values)
    for rank, at in enumerate(order):
        digits[at] = TENTHS[rank * 10 // len(values)]
    return digits


def scatter(points: Points, letters: Sequence[str], *, width: int, height: int) -> Text:
    """The points in exactly `width` cells and `height` lines; a cell has the letter of most of its points.

    Each letter has a colour of its own as far as there are colours.
    """
    cells: dict[tuple[int, int], Counter[str]] = {}
    for (x, y), letter in zip(shared_places(points), letters, strict=True):
        place = round((1 - y) * (height - 1)), round(x * (width - 1))
        cells.setdefault(place, Counter())[letter] += 1
    known = {letter: STYLES[at % len(STYLES)] for at, letter in enumerate(sorted(set(letters)))}
    lines = []
    for row in range(height):
        line = Text()
        for column in range(width):
            found = cells.get((row, column))
            letter = found.most_common(1)[0][0] if found else " "
            line.append(letter, style=known.get(letter, ""))
        lines.append(line)
    return Text("\n", no_wrap=True).join(lines)


def shared_places(points: Points) -> Iterator[tuple[float, float]]:
    """Where the points lie between the least and the greatest of each coordinate, as shares from 0 to 1."""
    if not points:
        return
    sides = []
    for axis in range(2):
        values = [point[axis] for point in points]
        low, high = min(values), max(values)
        sides.append([(value - low) / (high - low) if high > low else 0.5 for value in values])
    yield from zip(*sides, strict=True)


def scatter_shapes(
    points: Points, letters: Sequence[str], legend: Mapping[str, str], *, title: str
) -> Iterator[Stroke | Dot | Words]:
    """The points as dots with their letter beside, in a frame; `legend` says what the letters stand for."""
    yield Stroke([(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM), (RIGHT, TOP), (LEFT, TOP)], BLACK, 1.4)
    colours = {letter: COLOURS[at % len(COLOURS)] for at, letter in enumerate(sorted(set(letters)))}
    room = 14.0
    for (x, y), letter in zip(shared_places(points), letters, strict=True):
        at = LEFT + room + x * (RIGHT - LEFT - 2 * room), BOTTOM - room - y * (BOTTOM - TOP - 2 * room)
        yield Words(letter, (at[0], at[1] + SMALL * 0.3), SMALL * 0.8, "middle", colours[letter])
    yield Words(cut_to_line(title), (LEFT, 36), TITLE)
    shown = [*legend.items()][:12]
    for number, (letter, name) in enumerate(shown):
        across, down = number % 6, number // 6
        x = LEFT + (RIGHT - LEFT) / 6 * across
        yield Words(
            name[:16] if name == letter else (name if name == letter else f"{letter} {name}")[:16],
            (x, TOP - 34 + 24 * down),
            SMALL * 0.9,
            "start",
            colours.get(letter, BLACK),
        )
    yield Words("first and second principal component", ((LEFT + RIGHT) / 2, HEIGHT - 30), SMALL, "middle")


def bar_shapes(names: Sequence[str], values: Sequence[float], *, title: str) -> Iterator[Stroke | Words]:
    """A bar for each name to the right of the middle where its value is above 0, and to the left where it is below."""
    yield Words(cut_to_line(title), (LEFT, 36), TITLE)
    shown = [*zip(names, values, strict=True)][:MOST_BARS]
    greatest = max((abs(value) for _, value in shown), default=0.0) or 1.0
    start, middle = LEFT + 150, (LEFT + 150 + RIGHT) / 2
    signed = any(value < 0 for _, value in shown)
    zero, whole = (middle, middle - start) if signed else (start, RIGHT - start)
    yield Stroke([(zero, TOP - 20), (zero, BOTTOM)], BLACK, 1.4)
    for number, (name, value) in enumerate(shown):
        y = TOP + (BOTTOM - TOP) / max(len(shown), 1) * (number + 0.5) - 10
        yield Words(f"{name[:14]}  {value:.3g}", (start - 10, y + SMALL * 0.35), SMALL * 0.9, "end")
        if value:
            yield Stroke([(zero, y), (zero + value / greatest * whole, y)], COLOURS[0 if value > 0 else 1], 14)


MOST_BARS = 20
