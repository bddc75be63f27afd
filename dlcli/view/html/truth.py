"""The part on predicted numbers beside the true ones."""

from __future__ import annotations

from dlcli.view.html.chart import Chart, Line, chart_markup
from dlcli.view.html.markup import table_markup
from dlcli.view.html.part import Part, part_of_page
from dlcli.view.judged import AgainstTruth
from dlcli.view.report import Missing, RunReport
from dlcli.view.trusted import numbers_table, range_table

TITLE = "Predictions against truth"


def truth_part(report: RunReport) -> Part | None:
    """Predictions, residuals and their scores, for each target of numbers; nothing where there is none."""
    if isinstance(report.evaluated, Missing) or not report.evaluated.against_truth:
        return None
    found = report.evaluated.against_truth
    every = report.evaluated.evaluation.by_target.values()
    table = numbers_table([numbers for scores in every for numbers in scores.numbers])
    return part_of_page(
        "truth", TITLE, targets=[target_against_truth(each) for each in found], table=table_markup(table, "how far off")
    )


def target_against_truth(found: AgainstTruth) -> dict[str, object]:
    """The charts of one target, and its errors by range of the truth."""
    ranges = range_table(found.scores.ranges) if found.scores.ranges else None
    return {
        "found": found,
        "charts": [chart_markup(chart) for chart in truth_charts(found)],
        "some": len(found.truth),
        "ranges": None
        if ranges is None
        else table_markup(ranges, f"{found.scores.name}: errors by range of the truth"),
    }


def truth_charts(found: AgainstTruth) -> list[Chart]:
    """Predictions over the truth, residuals over predictions, and the histogram of the residuals."""
    by_prediction = sorted(zip(found.predicted, found.truth, strict=True))
    said = [predicted for predicted, _ in by_prediction]
    residuals = [predicted - true for predicted, true in by_prediction]
    middles = [(low + high) / 2 for low, high in zip(found.edges, found.edges[1:], strict=False)]
    return [
        Chart(
            title=f"{found.scores.name}: predicted against true",
            x_name="true",
            y_name="predicted",
            x=found.truth,
            lines=[Line("predicted", found.predicted, kind="points"), Line("equal", found.truth, kind="guide")],
            square=True,
        ),
        Chart(
            title=f"{found.scores.name}: residuals",
            x_name="predicted",
            y_name="predicted - true",
            x=said,
            lines=[Line("residual", residuals, kind="points"), Line("none", [0.0] * len(said), kind="guide")],
            square=True,
        ),
        Chart(
            title=f"{found.scores.name}: how frequent residuals are",
            x_name="predicted - true",
            y_name="values",
            x=middles,
            lines=[Line("values", [float(each) for each in found.counts], kind="bars")],
            square=True,
        ),
    ]
