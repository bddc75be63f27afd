"""A chart: curves, points or bars over a shared axis, drawn by uPlot in the page, with a table of its values beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import number
from dlcli.view.console.wrapping import cut_inside
from dlcli.view.data import whole_number
from dlcli.view.html.markup import json_markup, markup

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_ROWS, MOST_CELLS = 100, 500
"""Rows and cells of the table beside a chart: some, spread evenly, of more."""
LONGEST_NAME = 34
"""Letters of a name in the legend of a chart; a longer one is cut in its middle."""
Values = Sequence[float | None]


@dataclass(frozen=True)
class Line:
    """Values over the axis of a chart, None where there is none. `dash` and `colour` are numbers of a way to draw it."""

    name: str
    values: Values
    kind: Literal["line", "points", "bars", "guide"] = "line"
    colour: int = 0
    dash: int = 0


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What a chart shows. `marked` is a place of the axis with its word; charts with one `sync` move their pointers together."""

    title: str
    x_name: str
    x: Sequence[float]
    lines: Sequence[Line]
    y_name: str = ""
    logarithmic: bool = False
    marked: tuple[float, str] | None = None
    sync: str = ""
    square: bool = False
    shares: bool = False
    """Whether its values are shares, drawn from 0 to 1."""
    small: bool = False


def chart_markup(chart: Chart) -> Markup:
    """The place of a chart in a page, with its values."""
    data = json_markup(chart_spec(chart))
    return markup("chart", chart=chart, words=chart_words(chart), data=data, table=values_table(chart))


def chart_spec(chart: Chart) -> dict[str, Any]:
    """A chart as the script of a page draws it."""
    return {
        "title": chart.title,
        "words": chart_words(chart),
        "x": {"name": chart.x_name, "values": [rounded(each) for each in chart.x]},
        "y": chart.y_name,
        "lines": [
            {
                "name": cut_inside(line.name, LONGEST_NAME),
                "kind": line.kind,
                "colour": line.colour,
                "dash": line.dash,
                "values": [rounded(each) for each in line.values],
            }
            for line in chart.lines
        ],
        "log": chart.logarithmic,
        "marked": chart.marked,
        "sync": chart.sync,
        "square": chart.square,
        "shares": chart.shares,
        "small": chart.small,
    }


def rounded(value: float | None) -> float | int | None:
    """A value with as many digits as can be seen; None for what is no number."""
    if value is None or not math.isfinite(value):
        return None
    short = float(f"{value:.6g}")
    return int(short) if short == int(short) and abs(short) < 1e9 else short


def chart_words(chart: Chart) -> str:
    """What a chart shows, for those who do not see it."""
    told = []
    for line in chart.lines:
        name = cut_inside(line.name, LONGEST_NAME)
        values = [each for each in line.values if each is not None and math.isfinite(each)]
        if values and line.kind == "line":
            told.append(f"{name} from {number(values[0])} to {number(values[-1])}")
        elif values and line.kind != "guide":
            told.append(f"{name} between {number(min(values))} and {number(max(values))}")
    mark = f"; {chart.marked[1]}" if chart.marked else ""
    return f"{chart.title} over {chart.x_name}: {', '.join(told) or 'nothing'}{mark}"


def values_table(chart: Chart) -> Table:
    """The values of a chart, a row for each place of its axis, some of many."""
    lines = [line for line in chart.lines if line.kind != "guide"]
    rows = max(10, min(MOST_ROWS, MOST_CELLS // max(1, len(lines))))
    step = max(1, -(-len(chart.x) // rows))
    chosen = range(0, len(chart.x), step)
    columns = [Column(chart.x_name, right=True, text=number), *(number_column(line.name) for line in lines)]
    return Table(columns, [[whole_number(chart.x[at]), *(line.values[at] for line in lines)] for at in chosen])
