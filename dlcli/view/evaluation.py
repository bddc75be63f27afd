"""An evaluation: metrics, confusion matrix, scores by class, the worst samples."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.console import supports_unicode
from dlcli.view.labelled import line
from dlcli.view.tables import number, plain_table

Value = Mapping[str, Any]
WIDEST_CONFUSION = 12


def draw_evaluation(console: Console, value: Value) -> None:
    """Metrics, confusion matrix, scores by class, the worst samples."""
    line(console, "run", f"{value['run']}, {value['split']}: {value['samples']:,} samples")
    console.print()
    console.print(
        plain_table(
            ["metric", value["split"]], [[name, number(each)] for name, each in value["metrics"].items()], right=[1]
        )
    )
    if value["by_class"] is not None:
        draw_classes(console, value)
    for name, scores in value.get("targets", {}).items():
        if scores["by_class"] is not None:
            console.print()
            console.print(Text(name, style="bold"))
            draw_classes(console, scores)
    if value["worst"]:
        console.print()
        console.print(Text("the worst samples", style="bold"))
        rows = [
            [str(each["row"]), place(each), short(each["target"]), short(each["predicted"]), number(each["loss"])]
            for each in value["worst"]
        ]
        console.print(plain_table(["row", "place", "target", "predicted", "loss"], rows, right=[0, 4]))


def draw_classes(console: Console, value: Value) -> None:
    """The confusion matrix and the scores of each class."""
    classes, matrix = value["classes"], value["confusion"]
    console.print()
    if matrix is not None and len(classes) <= WIDEST_CONFUSION:
        console.print(Text("rows: the true class; columns: what the model said", style="dim"))
        rows = [
            [name, *(str(count) if count else "·" if supports_unicode(console.file) else "." for count in row)]
            for name, row in zip(classes, matrix, strict=True)
        ]
        console.print(plain_table(["", *classes], rows, right=range(1, len(classes) + 1)))
        console.print()
    rows = [
        [name, number(each["precision"]), number(each["recall"]), number(each["f1"]), number(each["samples"])]
        for name, each in value["by_class"].items()
    ]
    console.print(plain_table(["class", "precision", "recall", "f1", "samples"], rows, right=[1, 2, 3, 4]))


def place(row: Value) -> str:
    """File and line of a sample."""
    name = os.path.basename(row["file"])  # noqa: PTH119
    return f"{name}:{row['line']}" if row["line"] else name


def short(value: Any) -> str:
    """A target or an answer in a cell."""
    return number(value) if isinstance(value, int | float) else str(value)[:40]
