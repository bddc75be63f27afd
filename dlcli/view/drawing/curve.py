"""Lines over epochs, drawn with braille dots on a terminal or with letters where it has none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import groupby
from operator import itemgetter, or_

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from dlcli.view.console.console import printable

# plotext is another library with each major version (6 has no plot()), and takes longer to load than all of dlcli validate.
# plotille draws 82 columns where 60 are asked for. Neither has a form in ASCII, nor keeps a spike of one epoch.
STYLES = ("cyan", "yellow", "magenta", "green")
STROKES = ("1", "111100", "10", "11110")
LETTERS = ("*", ".", "+", "o")
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
ROWS_PER_TICK = 4
FRAME = 3
LARGEST = 308.0
LOGARITHMIC_FROM = 100.0

Point = tuple[int, float]


def curve(
    series: Mapping[str, Sequence[float]],
    *,
    width: int,
    height: int,
    x_label: str = "epoch",
    ticks: Sequence[tuple[float, str]] = (),
    first: int = 1,
    unicode: bool = True,
    logarithmic: bool = False,
    marked: tuple[int, str] | None = None,
) -> Text:
    """Each series as a line in exactly `width` cells and `height` lines (at least 4): legend, plot, axis, its labels.

    Value i of a series stands at x = `first` + i; `ticks` are places i on the axis, each with its label, in the place of
    both ends. `marked` is the i of a mark on the axis and what it is called. The first series is solid, the second dashed, so
    that they differ without colour. NaN and infinite values are skipped (and values up to 0 where `logarithmic`), and their
    neighbours joined.
    """
    points = [finite_points(values, logarithmic=logarithmic) for values in series.values()]
    low, high = value_range([value for each in points for _, value in each])
    rows = max(1, height - FRAME)
    labels = tick_labels(low, high, rows=rows, logarithmic=logarithmic) if any(points) else {}
    gutter = max((len(label) for label in labels.values()), default=0)
    columns = max(1, width - gutter - 2)
    longest = max((len(values) for values in series.values()), default=0)
    canvas = Canvas(columns, rows, across=2 if unicode else 1, down=4 if unicode else 1)
    for position, each in enumerate(points):
        stroke = STROKES[position % len(STROKES)] if unicode else "1"
        canvas.line(position, [canvas.place(point, longest, low, high) for point in each], stroke)
    mark = None if marked is None or not 0 <= marked[0] < longest else marked
    called = None if mark is None else mark[1]
    lines = [legend(list(series), width=width, gutter=gutter, unicode=unicode, logarithmic=logarithmic, marked=called)]
    for row in range(rows):
        edge = ("┤" if row in labels else "│") if unicode else ("+" if row in labels else "|")
        lines.append(Text(f"{labels.get(row, ''):>{gutter}} {edge}").append_text(canvas.row(row)))
    axis = ["─" if unicode else "-"] * columns
    stands = [(place_on_axis(at, longest, columns), label) for at, label in ticks]
    for place, _ in stands:
        axis[place] = "┴" if unicode else "+"
    if mark is not None:
        axis[place_on_axis(mark[0], longest, columns)] = mark_sign(unicode)
    lines.append(Text(" " * gutter + (" └" if unicode else " +") + "".join(axis)))
    left, right = str(first) if longest else "", str(first + longest - 1) if longest > 1 else ""
    below = labels_below(stands, columns) if stands else x_labels(left, right, x_label, width=columns)
    lines.append(Text(" " * (gutter + 2) + below))
    for line in lines:
        line.truncate(width, pad=True)
    return Text("\n", no_wrap=True).join(lines)


@dataclass
class Canvas:
    """Dots of several series on a grid of cells, `across` x `down` dots to a cell."""

    columns: int
    rows: int
    across: int
    down: int
    cells: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)

    def place(self, point: Point, longest: int, low: float, high: float) -> tuple[int, int]:
        """The dot of a point; dot (0, 0) is at the top left."""
        x = point[0] / (longest - 1) if longest > 1 else 0.0
        y = share(point[1], low, high)
        return round(x * (self.columns * self.across - 1)), round((1 - y) * (self.rows * self.down - 1))

    def line(self, series: int, dots: Sequence[tuple[int, int]], stroke: str) -> None:
        """Joins dots; `stroke` says which dots along the way are drawn."""
        path = list(line_dots(thinned(dots)))
        for count, (x, y) in enumerate(path):
            if stroke[count % len(stroke)] == "1":
                self.dot(series, x, y)
        if len(path) == 1:  # one dot alone is hard to see
            x, y = path[0]
            for across, down in ((x ^ 1, y), (x, y ^ 1), (x ^ 1, y ^ 1)) if self.across > 1 else ():
                self.dot(series, across, down)

    def dot(self, series: int, x: int, y: int) -> None:
        cell = self.cells.setdefault((y // self.down, x // self.across), {})
        bit = DOTS[y % 4][x % 2] if self.across > 1 else 1
        cell[series] = cell.get(series, 0) | bit

    def row(self, row: int) -> Text:
        """A row of cells; where series meet in a cell, they take turns from column to column."""
        text = Text()
        marks = [self.mark(row, column) for column in range(self.columns)]
        for style, run in groupby(marks, key=itemgetter(1)):
            text.append("".join(mark for mark, _ in run), style=style)
        return text

    def mark(self, row: int, column: int) -> tuple[str, str]:
        """The character of a cell and its style."""
        cell = self.cells.get((row, column))
        if cell is None:
            return " ", ""
        series = sorted(cell)[column % len(cell)]
        style = STYLES[series % len(STYLES)]
        if self.across == 1:
            return LETTERS[series % len(LETTERS)], style
        return chr(0x2800 + reduce(or_, cell.values())), style


def finite_points(values: Sequence[float], *, logarithmic: bool) -> list[Point]:
    """Position and value (or its decimal logarithm) of what can be drawn."""
    kept = [(at, value) for at, value in enumerate(map(float, values)) if math.isfinite(value)]
    return [(at, math.log10(value)) for at, value in kept if value > 0] if logarithmic else kept


def value_range(values: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest value, moved apart where they are the same."""
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    if low == high:
        apart = abs(low) / 2 or 1.0
        return low - apart, min(high + apart, 10.0**LARGEST) if high > 0 else high + apart
    return low, high


def have_logarithms(values: Sequence[float]) -> bool:
    """Whether the finite values are all above 0: losses on a terminal have a logarithmic axis then, from the first epoch on,
    while they are drawn as they grow and when they are shown again."""
    return all(value > 0 for value in values if math.isfinite(value))


def spans_decades(values: Sequence[float]) -> bool:
    """Whether the finite values are all above 0 and the greatest is at least 100 times the least."""
    finite = [value for value in values if math.isfinite(value)]
    return bool(finite) and min(finite) > 0 and max(finite) / LOGARITHMIC_FROM >= min(finite)


def share(value: float, low: float, high: float) -> float:
    """Where `value` lies between `low` (0) and `high` (1); halves keep the greatest numbers from overflowing."""
    span = high / 2 - low / 2
    return min(1.0, max(0.0, (value / 2 - low / 2) / span)) if span > 0 else 0.5


def tick_labels(low: float, high: float, *, rows: int, logarithmic: bool) -> dict[int, str]:
    """The labels of the y axis by row, from the top, with as many digits as tell them apart."""
    steps = max(1, round((rows - 1) / ROWS_PER_TICK)) if rows > 1 else 0
    places = [round(step * (rows - 1) / steps) for step in range(steps + 1)] if steps else [0]
    values = [high * (1 - at) + low * at for at in (row / (rows - 1) if rows > 1 else 0.0 for row in places)]
    if logarithmic:
        values = [10.0 ** max(-LARGEST, min(LARGEST, value)) for value in values]
    labels: list[str] = []
    for digits in range(3, 9):
        labels = [compact(value, digits) for value in values]
        if len(set(labels)) == len(labels):
            break
    return dict(zip(places, labels, strict=True))


def compact(value: float, digits: int) -> str:
    """A number with few digits and a short exponent: `0.25`, `1.2e-7`, `3e30`."""
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def thinned(dots: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """At most four dots for each x: the first, the highest, the lowest, the last; nothing seen is lost."""
    start = 0
    for end in range(1, len(dots) + 1):
        if end == len(dots) or dots[end][0] != dots[start][0]:
            column = dots[start:end]
            yield from (column[0], min(column), max(column), column[-1]) if len(column) > 4 else column
            start = end


def line_dots(dots: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Every dot of the straight lines from each dot to the next, once."""
    before: tuple[int, int] | None = None
    for x, y in dots:
        if before is None:
            yield x, y
        else:
            steps = max(abs(x - before[0]), abs(y - before[1]))
            for step in range(1, steps + 1):
                yield (
                    round(before[0] + (x - before[0]) * step / steps),
                    round(before[1] + (y - before[1]) * step / steps),
                )
        before = x, y


def mark_sign(unicode: bool) -> str:
    """What marks a place on the axis."""
    return "▲" if unicode else "^"


def legend(
    names: Sequence[str], *, width: int, gutter: int, unicode: bool, logarithmic: bool, marked: str | None
) -> Text:
    """The name of each series after a sample of its line, and what is marked; closer together where there is less room."""
    wide = legend_of(
        names, " " * (gutter + 2), "   ", "(logarithmic)", unicode=unicode, logarithmic=logarithmic, marked=marked
    )
    if wide.cell_len <= width:
        return wide
    return legend_of(names, "", " ", "(log)", unicode=unicode, logarithmic=logarithmic, marked=marked)


def legend_of(
    names: Sequence[str], before: str, between: str, scale: str, *, unicode: bool, logarithmic: bool, marked: str | None
) -> Text:
    """The parts of a legend, with so much room before and between them."""
    samples = ("⠤⠤⠤", "⠤ ⠤", "⠄⠄⠄", "⠤⠤⠄") if unicode else tuple(letter * 3 for letter in LETTERS)
    parts = [
        Text.assemble((samples[position % len(samples)], STYLES[position % len(STYLES)]), f" {printable(name)}")
        for position, name in enumerate(names)
    ]
    parts += [] if marked is None else [Text(f"{mark_sign(unicode)} {printable(marked)}")]
    parts += [Text(scale, style="dim")] if logarithmic else []
    return Text(before).append_text(Text(between).join(parts))


def place_on_axis(at: float, longest: int, columns: int) -> int:
    """The column in which value i of so many stands."""
    return round(at / (longest - 1) * (columns - 1)) if longest > 1 else 0


def labels_below(stands: Sequence[tuple[int, str]], columns: int) -> str:
    """Labels below their ticks: all of them, or every second, third, … where there is less room."""
    for step in range(1, len(stands) + 1):
        line = ""
        for place, label in stands[::step]:
            start = min(max(0, place - len(label) // 2), columns - len(label))
            if line and start <= len(line):
                break
            line = line.ljust(start) + label
        else:
            return line
    return ""


def x_labels(left: str, right: str, label: str, *, width: int) -> str:
    """The first and the last x at the ends, the label between them where it fits."""
    middle = width - len(left) - len(right)
    words = printable(label) if cell_len(label) + 2 <= middle else ""
    before = max(0, min((width - cell_len(words)) // 2 - len(left), middle - cell_len(words)))
    return set_cell_size(left + " " * before + words, max(0, width - len(right))) + right
