"""Data: its tensors, its classes and what looks wrong in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.bars import bars
from dlcli.view.console import supports_unicode
from dlcli.view.histogram import histogram
from dlcli.view.labelled import line
from dlcli.view.shapes import shape
from dlcli.view.tables import folded, number, plain_table, size

Value = Mapping[str, Any]
MOST_ROWS = 60


def draw_data(console: Console, value: Value) -> None:
    """The tensors, the classes and the findings."""
    tensors = value["tensors"]
    rows = [
        [
            each["split"],
            each["role"],
            each["name"],
            shape(each["shape"]),
            "×".join(each["axes"]),
            str(each["ndim"]),
            each["dtype"],
            size(each["bytes"]),
            spread(each),
            number(each["mean"]),
            str(each["missing"]),
        ]
        for each in tensors[:MOST_ROWS]
    ]
    columns = ["split", "role", "name", "shape", "axes", "ndim", "dtype", "bytes", "range", "mean", "missing"]
    for part in folded(columns, rows, keys=3, width=console.width):
        numbers = [index for index, name in enumerate(part.columns) if name in {"ndim", "bytes", "mean", "missing"}]
        console.print(plain_table(part.columns, part.rows, right=numbers))
        console.print()
    if len(tensors) > MOST_ROWS:
        console.print(Text(f"… and {len(tensors) - MOST_ROWS} more; --json lists them all", style="dim"))
    for each in tensors:
        if each["classes"] and each["split"] in {"train", "all"}:
            console.print(Text(f"classes of '{each['name']}' in {each['split']}", style="bold"))
            console.print(bars(each["classes"], width=min(console.width, 76), unicode=supports_unicode(console.file)))
            console.print()
    draw_columns(console, value.get("columns", []))
    if not value["findings"]:
        console.print(Text("no findings"))
    for each in value["findings"]:
        line(console, each["severity"], f"{each['finding']}: {each['evidence']}")
        if each["advice"]:
            line(console, "", each["advice"], style="cyan")


def draw_columns(console: Console, columns: Sequence[Value]) -> None:
    """What each column of a table holds: its spread as a small histogram, or its most frequent names."""
    if not columns:
        return
    unicode = supports_unicode(console.file)
    rows = []
    for each in columns[:MOST_ROWS]:
        frequent = ", ".join(f"{name} {count:,}" for name, count in each["names"].items())
        drawn = histogram(each["histogram"], unicode=unicode) if each["histogram"] else frequent
        spread_of = "" if each["deviation"] is None else number(each["deviation"])
        mean = "" if each["mean"] is None else number(each["mean"])
        rows.append(
            [
                each["name"],
                spread(each) if each["histogram"] else "",
                mean,
                spread_of,
                str(each["different"]),
                str(each["missing"]),
                drawn,
            ]
        )
    names = ["column", "range", "mean", "deviation", "different", "missing", "histogram, or most frequent"]
    console.print(plain_table(names, rows, right=[2, 3, 4, 5]))
    if len(columns) > MOST_ROWS:
        console.print(Text(f"… and {len(columns) - MOST_ROWS} more; --json lists them", style="dim"))
    console.print()


def spread(each: Value) -> str:
    """The range of a tensor."""
    return "–" if each["min"] is None else f"{number(whole(each['min']))} … {number(whole(each['max']))}"


def whole(value: float) -> float | int:
    """A whole number without decimals."""
    return int(value) if math.isfinite(value) and value == int(value) and abs(value) < 1e15 else value
