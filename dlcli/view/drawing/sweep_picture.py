"""A search as a picture: the value of each trial in their order with the best so far, and the values by each key."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dlcli.view.console.wrapping import cut
from dlcli.view.drawing.curve import compact, spans_decades
from dlcli.view.drawing.plot import (
    BLACK,
    COLOURS,
    GREY,
    LABEL,
    LEFT,
    PALE,
    RIGHT,
    SMALL,
    TITLE,
    Dot,
    Point,
    Scale,
    Stroke,
    Words,
    cut_to_line,
    nice_step,
    value_scale,
)
from dlcli.view.drawing.plot_png import png_of
from dlcli.view.drawing.plot_svg import svg_of

Shape = Stroke | Dot | Words
UPPER, LOWER = (78, 286), (378, 568)
"""Where the trials in their order stand, and the panels of the keys, from their top to their bottom."""
MOST_KEYS, GAP = 4, 46
MOST_NAMES = 8
DOT = 4.6


@dataclass(frozen=True)
class Drawn:
    """A trial with a value: its number, whether it was ended early, and what was set."""

    number: int
    value: float
    pruned: bool
    set: Mapping[str, Any]


def sweep_picture(
    trials: Sequence[Drawn], *, title: str, goal: str, keys: Sequence[str], greater: bool
) -> tuple[bytes, bytes]:
    """The trials over their numbers, and over the values of the first of some keys, as (SVG, PNG).

    A trial that was ended early is grey and counts for no best. The same arguments give the same bytes.
    """
    drawn = list(picture_shapes(trials, title=title, goal=goal, keys=keys, greater=greater))
    return svg_of(drawn), png_of(drawn)


def picture_shapes(
    trials: Sequence[Drawn], *, title: str, goal: str, keys: Sequence[str], greater: bool
) -> Iterator[Shape]:
    """Both rows, in the order in which they are drawn."""
    finite = [each for each in trials if math.isfinite(each.value)]
    yield Words(cut_to_line(title), (LEFT, 36), TITLE)
    if not finite:
        return
    values = value_scale([each.value for each in finite])
    last = max(each.number for each in finite)
    numbers = number_scale([1, last], LEFT, RIGHT, most=9, even=True)
    above = replace(values, begin=UPPER[1], end=UPPER[0])
    yield from frame(numbers, above, UPPER, (LEFT, RIGHT), labels=True)
    yield Words("trial", ((LEFT + RIGHT) / 2, UPPER[1] + 52), LABEL, "middle")
    yield Words(cut_to_line(goal), (32, (UPPER[0] + UPPER[1]) / 2), LABEL, "middle", turned=True)
    steps = best_so_far(finite, greater=greater)
    yield from (
        [Stroke([(numbers.place(x), above.place(y)) for x, y in steps], COLOURS[1], 2.6)] if len(steps) > 1 else []
    )
    yield from (dot(each, numbers.place(each.number), above.place(each.value)) for each in finite)
    yield from key_of_signs(finite)
    below = replace(values, begin=LOWER[1], end=LOWER[0])
    shown = [key for key in keys if any(key in each.set for each in finite)][:MOST_KEYS]
    width = (RIGHT - LEFT - GAP * (len(shown) - 1)) / max(1, len(shown))
    for at, key in enumerate(shown):
        left = LEFT + at * (width + GAP)
        yield from panel(finite, key, below, (left, left + width), first=at == 0)
    if shown:
        yield Words(cut_to_line(goal), (32, (LOWER[0] + LOWER[1]) / 2), LABEL, "middle", turned=True)


def key_of_signs(trials: Sequence[Drawn]) -> Iterator[Shape]:
    """What the line is, and what grey dots are where there are some."""
    left, y = RIGHT - 330, UPPER[0] - 22
    yield Stroke([(left, y), (left + 46, y)], COLOURS[1], 2.6)
    yield Words("best so far", (left + 56, y + SMALL * 0.34), SMALL)
    if any(each.pruned for each in trials):
        yield Dot((left + 216, y), GREY, DOT)
        yield Words("pruned", (left + 230, y + SMALL * 0.34), SMALL)


def best_so_far(trials: Sequence[Drawn], *, greater: bool) -> list[tuple[float, float]]:
    """The steps of the best value over the numbers of the trials."""
    points, best = list[tuple[float, float]](), None
    for each in sorted(trials, key=lambda each: each.number):
        if each.pruned:
            continue
        better = best is None or (each.value > best if greater else each.value < best)
        if best is not None:
            points.append((each.number, best))
        if better:
            best = each.value
            points.append((each.number, best))
    return points


def dot(trial: Drawn, x: float, y: float) -> Dot:
    """A trial as a dot."""
    return Dot((x, y), GREY if trial.pruned else COLOURS[0], DOT)


def panel(
    trials: Sequence[Drawn], key: str, values: Scale, across: tuple[float, float], *, first: bool
) -> Iterator[Shape]:
    """The values of the trials over those of one key."""
    there = [each for each in trials if key in each.set]
    found = [each.set[key] for each in there]
    yield Words(cut(end_of(key), 18), ((across[0] + across[1]) / 2, LOWER[1] + 52), LABEL, "middle")
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in found):
        scale = number_scale([float(each) for each in found], *across, most=3)
        yield from frame(scale, values, LOWER, across, labels=first)
        yield from (dot(each, scale.place(float(each.set[key])), values.place(each.value)) for each in there)
        return
    names = list(dict.fromkeys(str(each) for each in found))
    places = {each: across[0] + (at + 0.5) * (across[1] - across[0]) / len(names) for at, each in enumerate(names)}
    empty = Scale(0, 1, *across, ticks=[])
    yield from frame(empty, values, LOWER, across, labels=first)
    room = (across[1] - across[0]) / len(names)
    for each in names if len(names) <= MOST_NAMES else ():
        yield Words(cut(each, max(3, int(room / 11))), (places[each], LOWER[1] + 24), SMALL, "middle")
    yield from (dot(each, places[str(each.set[key])], values.place(each.value)) for each in there)


def end_of(key: str) -> str:
    """The last part of a path; with the one before it where that is a position in a list."""
    before, _, last = key.rpartition(".")
    return f"{before.rsplit('.', 1)[-1]}.{last}" if last.isdigit() else last.strip('"')


def number_scale(values: Sequence[float], begin: float, end: float, *, most: int, even: bool = False) -> Scale:
    """The axis of numbers from left to right: by decades where they span two or more, unless it is to be even."""
    low, high = min(values), max(values)
    if spans_decades(values) and not even:
        low, high = math.log10(low), math.log10(high)
        every = max(1, math.ceil((high - low) / most))
        decades = [at for at in range(math.ceil(low - 0.1), math.floor(high + 0.1) + 1) if at % every == 0]
        room = 0.05 * (high - low)
        return Scale(low - room, high + room, begin, end, [10.0**at for at in decades], logarithmic=True)
    room = 0.05 * (high - low) or 0.5
    step = nice_step((high - low) / most)
    if all(float(each).is_integer() for each in values):
        step = max(1.0, step)
    ticks = [at * step for at in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    return Scale(low - room, high + room, begin, end, ticks)


def frame(
    across: Scale, up: Scale, rows: tuple[float, float], columns: tuple[float, float], *, labels: bool
) -> Iterator[Stroke | Words]:
    """Grid, frame and labels of a panel."""
    top, bottom = rows
    left, right = columns
    for value in up.ticks[:: 2 if len(up.ticks) > 4 else 1]:
        y = up.place(value)
        yield Stroke([(left, y), (right, y)], PALE, 1.2)
        if labels:
            yield Words(compact(value, 6), (left - 12, y + SMALL * 0.35), SMALL, "end")
    for value in across.ticks:
        x = across.place(value)
        yield Stroke([(x, top), (x, bottom)], PALE, 1.2)
        yield Words(compact(value, 6), (x, bottom + 24), SMALL, "middle")
    corners: list[Point] = [(left, top), (left, bottom), (right, bottom)]
    yield Stroke(corners, BLACK, 1.6)
