"""Lines over epochs as shapes on a plane, before it is known what they are drawn with: the same for a page and for pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from dlcli.view.drawing.curve import compact, spans_decades, value_range

WIDTH, HEIGHT = 1050, 630
LEFT, RIGHT, TOP, BOTTOM = 115, 1020, 92, 548
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # Okabe and Ito: told apart by colour-blind eyes
DASHES: tuple[tuple[float, ...], ...] = ((), (14, 7), (14, 6, 3, 6), (3, 6))
GREY, PALE, DARK, BLACK = "#999999", "#dddddd", "#666666", "#222222"
TITLE, LABEL, SMALL = 28.0, 24.0, 21.0
"""Sizes of text."""
MOST_TICKS = 6
MOST_EPOCH_TICKS = 9
LARGEST = 1e250  # a scale is wider than its values
LONGEST_TEXT = 60

Point = tuple[float, float]


@dataclass(frozen=True)
class Stroke:
    """A line through points; `dash` are the lengths of what is drawn and what is left out, in turn."""

    points: Sequence[Point]
    colour: str
    width: float
    dash: Sequence[float] = ()


@dataclass(frozen=True)
class Dot:
    """A filled circle."""

    at: Point
    colour: str
    radius: float


@dataclass(frozen=True)
class Words:
    """Text whose base line begins, has its middle or ends (`start`, `middle`, `end`) at a point; `turned` reads upwards."""

    text: str
    at: Point
    size: float
    anchor: str = "start"
    colour: str = BLACK
    turned: bool = False


@dataclass(frozen=True)
class Scale:
    """Which place on an axis a value has, and at which values the axis has labels."""

    low: float
    high: float
    begin: float
    end: float
    ticks: Sequence[float]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """The coordinate of a value."""
        position = math.log10(value) if self.logarithmic else value
        return self.begin + (position / 2 - self.low / 2) / (self.high / 2 - self.low / 2) * (self.end - self.begin)


def shapes(
    series: Mapping[str, Sequence[float]], *, title: str, best_epoch: int | None, phase_ends: Sequence[int]
) -> Iterator[Stroke | Dot | Words]:
    """Each series over the epochs, from epoch 1 on, in the order in which it is drawn; what is not finite leaves a gap.

    The best epoch is marked where there is one, and a line stands behind each of the epochs `phase_ends`.
    """
    finite = {name: [float(v) if abs(v) < LARGEST else math.nan for v in values] for name, values in series.items()}
    epochs = epoch_scale(max([len(values) for values in finite.values()] + [best_epoch or 1]))
    values = value_scale([value for each in finite.values() for value in each if math.isfinite(value)])
    yield from axes(epochs, values)
    for epoch in phase_ends:
        yield Stroke([(epochs.place(epoch + 0.5), TOP), (epochs.place(epoch + 0.5), BOTTOM)], GREY, 1.5)
    if best_epoch is not None:
        yield Stroke([(epochs.place(best_epoch), TOP), (epochs.place(best_epoch), BOTTOM)], DARK, 2.2, (3, 5))
    for number, each in enumerate(finite.values()):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        for part in parts([(epochs.place(at), values, value) for at, value in enumerate(each, start=1)]):
            yield Stroke(part, colour, 3.4, dash) if len(part) > 1 else Dot(part[0], colour, 6)
        if best_epoch is not None and best_epoch <= len(each) and math.isfinite(each[best_epoch - 1]):
            yield Dot((epochs.place(best_epoch), values.place(each[best_epoch - 1])), colour, 7)
    yield Words(cut_to_line(title), (LEFT, 36), TITLE)
    yield from legend_shapes(list(finite), best_epoch)


def parts(points: Sequence[tuple[float, Scale, float]]) -> Iterator[list[Point]]:
    """The points that can be drawn, in runs without a gap."""
    for drawn, run in groupby(points, key=lambda point: math.isfinite(point[2])):
        if drawn:
            yield [(x, scale.place(value)) for x, scale, value in run]


def axes(epochs: Scale, values: Scale) -> Iterator[Stroke | Words]:
    """Grid, frame and labels."""
    for value in values.ticks:
        y = values.place(value)
        yield Stroke([(LEFT, y), (RIGHT, y)], PALE, 1.2)
        yield Words(compact(value, 6), (LEFT - 12, y + SMALL * 0.35), SMALL, "end")
    for value in epochs.ticks:
        x = epochs.place(value)
        yield Stroke([(x, TOP), (x, BOTTOM)], PALE, 1.2)
        yield Words(str(round(value)), (x, BOTTOM + 30), SMALL, "middle")
    yield Stroke([(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)], BLACK, 1.6)
    yield Words("epoch", ((LEFT + RIGHT) / 2, HEIGHT - 18), LABEL, "middle")
    yield Words("loss", (32, (TOP + BOTTOM) / 2), LABEL, "middle", turned=True)


def legend_shapes(names: Sequence[str], best_epoch: int | None) -> Iterator[Stroke | Words]:
    """A sample of each line with its name, in a row above the frame."""
    entries = [
        (cut_to_line(name), COLOURS[at % len(COLOURS)], 3.4, DASHES[at % len(DASHES)]) for at, name in enumerate(names)
    ]
    entries += [] if best_epoch is None else [(f"best epoch: {best_epoch}", DARK, 2.2, (3, 5))]
    for number, (text, colour, width, dash) in enumerate(entries):
        x, y = LEFT + (RIGHT - LEFT) / max(len(entries), 3) * number, TOP - 24
        yield Stroke([(x, y), (x + 62, y)], colour, width, dash)
        yield Words(text, (x + 74, y + SMALL * 0.34), SMALL)


def epoch_scale(longest: int) -> Scale:
    """The axis of the epochs 1 to `longest`; its labels are whole numbers."""
    step = max(1, math.ceil(nice_step((longest - 1) / MOST_EPOCH_TICKS)))
    ticks = [1, *(tick for tick in range(step, longest + 1, step) if tick > 1 + step / 3)]
    room = 0.02 * longest if longest > 1 else 0.5
    return Scale(1 - room, longest + room, LEFT, RIGHT, ticks)


def value_scale(values: Sequence[float]) -> Scale:
    """The axis of some finite values: by decades where they span two or more, else even."""
    if spans_decades(values):
        low, high = math.log10(min(values)), math.log10(max(values))
        room = 0.04 * (high - low)
        every = max(1, math.ceil((high - low) / MOST_TICKS))
        decades = range(math.ceil(low - room), math.floor(high + room) + 1)
        ticks = [10.0**decade for decade in decades if decade % every == 0]
        return Scale(low - room, high + room, BOTTOM, TOP, ticks, logarithmic=True)
    low, high = value_range(values)
    room = 0.04 * (high / 2 - low / 2) * 2
    low, high = low - room, high + room
    step = nice_step((high / 2 - low / 2) / MOST_TICKS * 2)
    first = math.ceil(low / step) if step > 0 else 0
    ticks = [(first + number) * step for number in range(2 * MOST_TICKS) if (first + number) * step <= high]
    return Scale(low, high, BOTTOM, TOP, ticks)


def nice_step(least: float) -> float:
    """The least of 1, 2 or 5 times a power of ten that is no smaller than `least`."""
    if least <= 0 or not math.isfinite(least):
        return 1.0
    exponent = math.floor(math.log10(least))
    power = 10.0**exponent if exponent > -300 else 10.0**-300
    return next((power * factor for factor in (1, 2, 5) if power * factor >= least * (1 - 1e-9)), power * 10)


def cut_to_line(text: str) -> str:
    """Text in one line, that ends with `…` where it is too long."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
