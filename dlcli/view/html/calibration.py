"""The part on how far probabilities can be believed."""

from __future__ import annotations

from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.html.chart import Chart, Line, chart_markup
from dlcli.view.html.markup import table_markup
from dlcli.view.html.part import Part, part_of_page
from dlcli.view.judged import Calibrated
from dlcli.view.report import Missing, RunReport

TITLE = "Calibration"


def calibration_part(report: RunReport) -> Part | None:
    """The reliability of each target with probabilities; nothing where there is none."""
    if isinstance(report.evaluated, Missing) or not report.evaluated.calibrated:
        return None
    targets = [
        {"calibrated": each, "chart": chart_markup(reliability_chart(each)), "table": bins_table(each)}
        for each in report.evaluated.calibrated
    ]
    return part_of_page("calibration", TITLE, targets=targets)


def reliability_chart(calibrated: Calibrated) -> Chart:
    """What came true over the probability that was said."""
    said = [each.probability for each in calibrated.bins]
    axis = sorted({0.0, 1.0, *said})
    shares = {each.probability: each.came_true for each in calibrated.bins}
    return Chart(
        title=f"reliability of {calibrated.target}",
        x_name="probability that was said",
        y_name="share that came true",
        x=axis,
        lines=[
            Line("came true", [shares.get(each) for each in axis]),
            Line("as said", axis, kind="guide"),
        ],
        square=True,
        shares=True,
    )


def bins_table(calibrated: Calibrated) -> object:
    """A row for each bin."""
    columns = [Column("said"), number_column("mean said"), number_column("came true"), number_column("answers")]
    rows = [
        [f"{each.low:.1f} … {each.high:.1f}", each.probability, each.came_true, each.samples]
        for each in calibrated.bins
    ]
    return table_markup(Table(columns, rows), f"probabilities of {calibrated.target}")
