"""A run as its training showed it in the end: what was trained on what, its epochs, its curve, how good, what next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from dlcli.view.console.console import supports_unicode
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.labelled import line
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import number
from dlcli.view.drawing.curve import curve, have_logarithms
from dlcli.view.training.headline import trained_words
from dlcli.view.training_result import TrainingResult, draw_training, following, metrics_table
from dlcli.view.verdict import draw_verdict

MOST_EPOCHS = 40
"""So many epochs have a row: the last ones, and the best before them."""
CURVE_LINES, CURVE_WIDTH = 14, 100


@dataclass(frozen=True, kw_only=True)
class RunAgain:
    """What a run knows of itself; `epochs` is its history, `standing` and `advice` tell of one that has not ended as planned."""

    result: TrainingResult
    samples: Mapping[str, int]
    parameters: int | None
    device: str | None
    epochs: Sequence[Mapping[str, Any]]
    best_epoch: int | None
    standing: str | None
    advice: str | None


def draw_run_again(console: Console, run: RunAgain) -> None:
    """What was trained, its epochs as a table and a curve, and its end as `train` shows it."""
    words = trained_words(run.samples, run.parameters, run.device)
    line(console, "trained", words or "nothing is known of its data")
    if run.epochs:
        console.print()
        write_table(console, epochs_table(run))
        console.print()
        console.print(loss_curves({run.result.run: run.epochs}, console=console, best_epoch=run.best_epoch))
    if run.standing is None:
        draw_training(console, run.result)
        return
    console.print()
    line(console, "run", f"{run.result.path}  ({run.result.status}: '{run.result.run}' {run.standing})")
    if run.result.metrics:
        console.print()
        write_table(console, metrics_table(run.result.metrics, {}))
    console.print()
    draw_verdict(console, run.result.verdict)
    line(console, "next", following(run.result, run.advice or ""), style="cyan")


def epochs_table(run: RunAgain) -> Table:
    """A row for each of the last epochs, and for the best before them, which is marked `*`."""
    shown = [
        entry
        for at, entry in enumerate(run.epochs)
        if at >= len(run.epochs) - MOST_EPOCHS or entry["epoch"] == run.best_epoch
    ]
    columns, values = [Column("epoch", right=True)], list[list[Any]]()
    values.append([f"{'* ' if each['epoch'] == run.best_epoch else ''}{each['epoch']}" for each in shown])
    names = dict.fromkeys(name for entry in shown for name in (*entry["train"], *entry.get("validation", {})))
    for name in names:
        for split, title in (("train", name), ("validation", f"val {name}")):
            if any(name in entry.get(split, {}) for entry in shown):
                columns.append(number_column(title, number))
                values.append([entry.get(split, {}).get(name) for entry in shown])
    return Table(columns, [list(row) for row in zip(*values, strict=True)], least=2)


def loss_curves(
    runs: Mapping[str, Sequence[Mapping[str, Any]]], *, console: Console, best_epoch: int | None = None
) -> Text:
    """The losses of runs over their epochs in one picture; of several runs that of validation, where all have it."""
    if len(runs) == 1:
        [entries] = runs.values()
        series = {f"{split} loss": epoch_losses(entries, split) for split in ("train", "validation")}
    else:
        every = all(any(entry.get("validation") for entry in entries) for entries in runs.values())
        series = {name: epoch_losses(entries, "validation" if every else "train") for name, entries in runs.items()}
    drawn = {name: values for name, values in series.items() if any(map(math.isfinite, values))}
    return curve(
        drawn,
        width=min(console.width, CURVE_WIDTH),
        height=CURVE_LINES,
        unicode=supports_unicode(console.file),
        marked=None if best_epoch is None else (best_epoch - 1, f"best epoch {best_epoch}"),
        logarithmic=have_logarithms([value for values in drawn.values() for value in values]),
    )


def epoch_losses(entries: Sequence[Mapping[str, Any]], split: str) -> list[float]:
    """The loss of a split in each epoch, NaN where there is none."""
    values = [entry.get(split, {}).get("loss") for entry in entries]
    return [math.nan if value is None else value for value in values]
