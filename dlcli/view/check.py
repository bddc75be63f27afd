"""A check: first loss, one batch, gradients, learning rates, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from dlcli.view.console import supports_unicode
from dlcli.view.curve import curve
from dlcli.view.labelled import line, plain
from dlcli.view.tables import number, plain_table

Value = Mapping[str, Any]
WIDEST, HEIGHT = 100, 14


def draw_check(console: Console, value: Value) -> None:
    """What was seen, and what it means."""
    first, batch = value["first_loss"], value["overfit"]
    expected = f"; {number(first['expected'])} expected ({first['why']})" if first["expected"] is not None else ""
    line(console, "untrained", f"loss {number(first['measured'])}{expected}")
    went = f"{number(batch['first'])} to {number(batch['last'])} in {batch['steps']} steps"
    line(console, "one batch", f"{batch['samples']} samples alone: loss {went}")
    console.print()
    console.print(gradients_table(value["gradients"]))
    console.print()
    if value["rates"] is not None:
        draw_rates(console, value["rates"])
        console.print()
    for finding in value["verdict"]:
        line(console, "verdict", f"{finding['finding']}: {finding['evidence']}")
        for advice in finding["advice"]:
            line(console, "", f"try {advice['set']}: {plain(advice['to'])}  ({advice['why']})")


def gradients_table(gradients: list[Value]) -> Any:
    """A row for each layer that has weights."""
    rows = [
        [
            f"{each['layer']} ({each['class']})",
            "frozen" if each["frozen"] else "none" if each["norm"] is None else f"{each['norm']:.2e}",
            f"{each['weights']:.2e}",
            "" if each["ratio"] is None else f"{each['ratio']:.1e}",
        ]
        for each in gradients
    ]
    return plain_table(["layer", "gradient", "weights", "ratio"], rows, right=[1, 2, 3])


def draw_rates(console: Console, rates: Value) -> None:
    """The loss by learning rate, whose axis is logarithmic, and the rate to begin with."""
    points = rates["points"]
    if len(points) > 1:
        ends = (f"{points[0]['rate']:.0e}", f"{points[-1]['rate']:.0e}")
        losses = {"loss": [each["loss"] for each in points]}
        width, unicode = min(console.width, WIDEST), supports_unicode(console.file)
        console.print(curve(losses, width=width, height=HEIGHT, x_label="learning rate", ends=ends, unicode=unicode))
    if rates["proposed"] is None:
        line(console, "rate", "the loss fell at no learning rate")
    else:
        line(console, "rate", f"--set {rates['set']}={rates['proposed']:g}", style="cyan")
