"""The part with the curves of a training: every metric and the learning rate over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from dlcli.view.drawing.curve import spans_decades
from dlcli.view.html.chart import Chart, Line, chart_markup
from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.report import Missing, RunReport
from dlcli.view.run_again import RunAgain

TITLE, ANCHOR = "The curves", "curves"
MOST_EPOCHS, MOST_VALUES = 1000, 12_000
"""Epochs that a curve is drawn through, and values of all runs in one chart."""
SPLITS = ("train", "validation")

Entries: TypeAlias = Sequence[Mapping[str, Any]]


def curves_part(report: RunReport) -> Part:
    """A chart for each metric, the best epoch marked."""
    return record_curves(report.again)


def record_curves(again: RunAgain) -> Part:
    """The same of the record of a run."""
    if not again.epochs:
        return missing_part(ANCHOR, TITLE, Missing("no epoch has ended", again.advice))
    charts = run_charts(again.epochs, again.best_epoch)
    return part_of_page(ANCHOR, TITLE, charts=[chart_markup(each) for each in charts], about="")


def run_charts(entries: Entries, best: int | None) -> list[Chart]:
    """The charts of one run."""
    shown = some_epochs(entries, best, MOST_EPOCHS)
    marked = None if best is None else (float(best), f"best epoch {best}")
    charts = []
    for name in metric_names([shown]):
        curves = [(split, epoch_values(shown, split, name)) for split in SPLITS]
        lines = [
            Line(split, values, colour=at, dash=at) for at, (split, values) in enumerate(curves) if has_some(values)
        ]
        charts.append(epochs_chart(name, shown, lines, marked))
    rates = [entry.get("learning_rate") for entry in shown]
    if has_some(rates):
        charts.append(epochs_chart("learning rate", shown, [Line("learning rate", rates, colour=2)], marked))
    return charts


def epochs_chart(name: str, entries: Entries, lines: list[Line], marked: tuple[float, str] | None) -> Chart:
    """The chart of one metric."""
    return Chart(
        title=name,
        x_name="epoch",
        x=[entry["epoch"] for entry in entries],
        lines=lines,
        logarithmic=is_logarithmic(name, lines),
        marked=marked,
        sync="epochs",
    )


def is_logarithmic(name: str, lines: Sequence[Line]) -> bool:
    """Whether a loss or a rate runs over decades, as the terminal draws them."""
    values = [value for line in lines for value in line.values if value is not None]
    return (name.endswith("loss") or name == "learning rate") and spans_decades(values)


def overlaid_charts(runs: Mapping[str, Entries]) -> list[Chart]:
    """The charts of several runs: of validation, where all have it, otherwise of training."""
    validated = all(any(entry.get("validation") for entry in entries) for entries in runs.values())
    split = "validation" if validated else "train"
    most = max(30, min(MOST_EPOCHS, MOST_VALUES // max(1, len(runs))))
    shown = {name: some_epochs(entries, None, most) for name, entries in runs.items()}
    epochs = sorted({entry["epoch"] for entries in shown.values() for entry in entries})
    by_epoch = {name: {entry["epoch"]: entry for entry in entries} for name, entries in shown.items()}
    charts = []
    for metric in metric_names(shown.values()):
        lines = [
            Line(run, epoch_values([found.get(epoch, {}) for epoch in epochs], split, metric), colour=at, dash=at // 8)
            for at, (run, found) in enumerate(by_epoch.items())
        ]
        if any(has_some(line.values) for line in lines):
            title = f"{split} {metric}"
            charts.append(epochs_chart(title, [{"epoch": epoch} for epoch in epochs], lines, None))
    return charts


def some_epochs(entries: Entries, best: int | None, most: int) -> list[Mapping[str, Any]]:
    """So many epochs of a long training, spread evenly, with the best and the last one."""
    step = max(1, -(-len(entries) // most))
    return [
        entry for at, entry in enumerate(entries) if at % step == 0 or at == len(entries) - 1 or entry["epoch"] == best
    ]


def metric_names(runs: Any) -> list[str]:
    """Every metric of some runs, the loss first."""
    names = dict.fromkeys(
        name for entries in runs for entry in entries for split in SPLITS for name in entry.get(split) or ()
    )
    return sorted(names, key=lambda name: name != "loss")


def epoch_values(entries: Entries, split: str, name: str) -> list[float | None]:
    """One value over the epochs, None where there is none."""
    return [(entry.get(split) or {}).get(name) for entry in entries]


def has_some(values: Sequence[float | None]) -> bool:
    """Whether any of some values is there."""
    return any(value is not None for value in values)
