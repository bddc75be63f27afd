"""The end of a training: where it is, how good, how it went, what to try next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from dlcli.view.labelled import line, plain
from dlcli.view.tables import duration, number, plain_table

Value = Mapping[str, Any]


def draw_training(console: Console, value: Value) -> None:
    """The end of a training: where it is, how good, how it went, what to try next."""
    console.print()
    line(console, "run", f"{value['path']}  ({value['status']}: {value['reason']})")
    best = value["best"]
    line(
        console,
        "best",
        f"epoch {best['epoch']} of {value['epochs']} by {best['monitor']} {number(best['value'])}"
        + ("; its weights are kept" if best["weights"] == "restored" else ""),
    )
    line(
        console,
        "time",
        f"{duration(value['seconds'])}, {number(round(value['samples_per_second']))} samples/s, engine {value['engine']}",
    )
    console.print()
    console.print(metrics_table(console, value["metrics"], value["baseline"]))
    console.print()
    for finding in value["verdict"]:
        since = f" since epoch {finding['since_epoch']}" if finding["since_epoch"] else ""
        line(console, "verdict", f"{finding['finding']}{since}: {finding['evidence']}")
        for advice in finding["advice"]:
            line(console, "", f"try {advice['set']}: {plain(advice['to'])}  ({advice['why']})")
    line(console, "next", f"dlcli evaluate {shlex.quote(value['run'])}" + runs_option(value["path"]), style="cyan")


def runs_option(path: str) -> str:
    """The option that leads to a run outside the usual folder."""
    folder = os.path.dirname(path)  # noqa: PTH120
    return "" if folder in {"", "runs"} else f" --runs {shlex.quote(folder)}"


def metrics_table(console: Console, metrics: Mapping[str, Mapping[str, float]], baseline: Value) -> Any:
    """A row for each metric and a column for each split, with the trivial baseline beside them."""
    splits = list(metrics)
    columns = ["metric", *splits]
    if baseline:
        columns.append(f"{baseline['method']} ({baseline['split']})")
    names = list(dict.fromkeys(name for values in metrics.values() for name in values))
    rows = []
    for name in names:
        row = [name, *(number(metrics[split].get(name)) for split in splits)]
        rows.append([*row, number(baseline["metrics"].get(name))] if baseline else row)
    return plain_table(columns, rows, right=range(1, len(columns)))
