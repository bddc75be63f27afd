"""Runs: a line for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.tables import duration, fitting, number, plain_table

Value = Mapping[str, Any]


def draw_runs(console: Console, value: Sequence[Value]) -> None:
    """A line for each run; metrics of the validation split where there is one."""
    if not value:
        console.print(Text("no runs"))
        return
    names = list(dict.fromkeys(name for row in value for name in measured(row)))
    rows = [
        [
            row["run"],
            row["status"],
            number(row["epochs"]),
            "–" if row["seconds"] is None else duration(row["seconds"]),
            *(number(measured(row).get(name)) for name in names),
            row["config"],
        ]
        for row in value
    ]
    columns = ["run", "status", "epochs", "time", *names, "config"]
    shown = fitting(columns, rows, least=4, width=console.width)
    numbers = [index for index, name in enumerate(shown.columns) if name not in {"run", "status", "config"}]
    console.print(plain_table(shown.columns, shown.rows, right=numbers))


def measured(row: Value) -> dict[str, Any]:
    """The metrics that tell a run's worth, named by split."""
    metrics = row["metrics"]
    if "validation" in metrics:
        return {f"val_{name}": each for name, each in metrics["validation"].items()}
    return dict(metrics.get("train", {}))
