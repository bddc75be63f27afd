"""The part with the curves of a training: every metric and the learning rate over the epochs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from dlcli.view.drawing.curve import spans_decades
from dlcli.view.html.chart import Chart, Line, chart_markup
from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.report import Missing, RunReport
from dlcli.view.run_again import RunAgain

TITLE, ANCHOR = "The curves", "curves"
MOST_EPOCHS, MOST_VALUES, MOST_CHARTS, MOST_RUNS = 1000, 40_000, 24, 50
"""Epochs that a curve is drawn through, values of all charts of a page, its charts of metrics, and the runs in one of them."""
SPLITS = ("train", "validation")

Entries: TypeAlias = Sequence[Mapping[str, Any]]


def curves_part(report: RunReport) -> Part:
    """A chart for each metric, the best epoch marked."""
    return record_curves(report.again)


def record_curves(again: RunAgain) -> Part:
    """The same of the record of a run."""
    if not again.epochs:
        return missing_part(ANCHOR, TITLE, Missing("no epoch has ended", again.advice))
    charts = [chart_markup(each) for each in run_charts(again.epochs, again.best_epoch)]
    return part_of_page(ANCHOR, TITLE, charts=charts, about="", more=metrics_without_chart([again.epochs]))


def run_charts(entries: Entries, best: int | None) -> list[Chart]:
    """The charts of one run."""
    names = metric_names([entries])[:MOST_CHARTS]
    shown = some_epochs(entries, best, most_epochs(len(SPLITS) * len(names)))
    marked = None if best is None else (float(best), f"best epoch {best}")
    charts = []
    for name in names:
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
    """Whether a loss or a rate runs over decades."""
    values = [value for line in lines for value in line.values if value is not None]
    return (name.endswith("loss") or name == "learning rate") and spans_decades(values)


def overlaid_charts(runs: Mapping[str, Entries]) -> list[Chart]:
    """The charts of several runs: of validation, where all have it, otherwise of training."""
    validated = all(any(entry.get("validation") for entry in entries) for entries in runs.values())
    split = "validation" if validated else "train"
    names, drawn = metric_names(runs.values())[:MOST_CHARTS], dict(list(runs.items())[:MOST_RUNS])
    epochs = shared_epochs(drawn.values(), most_epochs(len(names) * len(drawn)))
    by_epoch = {name: {entry["epoch"]: entry for entry in entries} for name, entries in drawn.items()}
    charts = []
    for metric in names:
        lines = [
            Line(run, epoch_values([found.get(epoch, {}) for epoch in epochs], split, metric), colour=at, dash=at // 8)
            for at, (run, found) in enumerate(by_epoch.items())
        ]
        if any(has_some(line.values) for line in lines):
            title = f"{split} {metric}"
            charts.append(epochs_chart(title, [{"epoch": epoch} for epoch in epochs], lines, None))
    return charts


def most_epochs(curves: int) -> int:
    """Through how many epochs each of so many curves is drawn, for a page to stay small."""
    return max(20, min(MOST_EPOCHS, MOST_VALUES // max(1, curves)))


def shared_epochs(runs: Iterable[Entries], most: int) -> list[int]:
    """About so many of all epochs, spread evenly, with the last one of each run."""
    every = [[entry["epoch"] for entry in entries] for entries in runs]
    epochs = sorted({epoch for each in every for epoch in each})
    return sorted({*epochs[:: max(1, -(-len(epochs) // most))], *(each[-1] for each in every if each)})


def metrics_without_chart(runs: Iterable[Entries]) -> int:
    """How many metrics have no chart."""
    return max(0, len(metric_names(runs)) - MOST_CHARTS)


def some_epochs(entries: Entries, best: int | None, most: int) -> list[Mapping[str, Any]]:
    """So many epochs of a long training, spread evenly, with the best and the last one."""
    step = max(1, -(-len(entries) // most))
    return [
        entry for at, entry in enumerate(entries) if at % step == 0 or at == len(entries) - 1 or entry["epoch"] == best
    ]


def metric_names(runs: Iterable[Entries]) -> list[str]:
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
