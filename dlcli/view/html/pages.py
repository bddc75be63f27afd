"""The pages there are: on a run, on several, on data; the lists of their parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dlcli.view.comparison import Comparison
from dlcli.view.html.baseline import baseline_part
from dlcli.view.html.calibration import calibration_part
from dlcli.view.html.comparison import comparison_parts
from dlcli.view.html.curves import curves_part, record_curves
from dlcli.view.html.data import data_part
from dlcli.view.html.evaluation import evaluation_part
from dlcli.view.html.layers import layers_part
from dlcli.view.html.model import model_part
from dlcli.view.html.origin import origin_part
from dlcli.view.html.page import Page
from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.html.ranking import ranking_part
from dlcli.view.html.steps import steps_part
from dlcli.view.html.summary import record_summary, summary_part
from dlcli.view.html.truth import truth_part
from dlcli.view.html.verdict import record_verdict, verdict_part
from dlcli.view.html.worst import worst_part
from dlcli.view.report import DataPictured, Missing, RunReport
from dlcli.view.run_again import RunAgain

PARTS: tuple[Callable[[RunReport], Part | None], ...] = (
    summary_part,
    verdict_part,
    curves_part,
    steps_part,
    lambda report: data_part(report.data),
    model_part,
    evaluation_part,
    ranking_part,
    calibration_part,
    truth_part,
    baseline_part,
    worst_part,
    layers_part,
    origin_part,
)
"""The parts of a page on a run, in their order; one that does not apply to it gives None."""


def run_page(report: RunReport) -> Page:
    """The page on one run."""
    parts = [part for each in PARTS if (part := each(report)) is not None]
    return Page(report.again.result.run, f"a report on {report.again.result.path}", parts)


def comparison_page(comparison: Comparison, runs: Sequence[RunAgain]) -> Page:
    """The page on several runs."""
    title = ", ".join(comparison.columns)
    return Page(title, f"a report on {len(comparison.runs)} runs", comparison_parts(comparison, runs))


def data_page(data: DataPictured) -> Page:
    """The page on data."""
    return Page(data.shown.source, "a report on data", [data_part(data)])


def board_page(folder: str) -> Page:
    """The page that shows the runs of a folder as they grow."""
    parts = [part_of_page("board_runs", "The runs"), part_of_page("board_curves", "The curves of the chosen runs")]
    return Page("Runs", folder, parts, live=True)


def waiting_page(again: RunAgain, fault: str | None) -> Page:
    """The page on a run until its data and model have been looked at, or where that failed."""
    told = part_of_page("waiting", "This page", run=again.result.run, fault=fault)
    parts = [told, record_summary(again), record_verdict(again), record_curves(again)]
    return Page(again.result.run, f"a report on {again.result.path}", parts, live=True)


def fault_page(name: str, fault: Missing) -> Page:
    """The page in the place of that on a run that cannot be shown."""
    parts = [missing_part("fault", "This page", fault), part_of_page("back", "All runs")]
    return Page(name, "no page", parts)
