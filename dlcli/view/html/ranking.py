"""The part with ROC and precision-recall curves."""

from __future__ import annotations

from dlcli.view.confusion import shown_name
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.html.chart import Chart, Line, chart_markup
from dlcli.view.html.markup import table_markup
from dlcli.view.html.part import Part, part_of_page
from dlcli.view.judged import Ranked
from dlcli.view.report import Missing, RunReport

TITLE = "ROC and precision-recall"


def ranking_part(report: RunReport) -> Part | None:
    """Both curves of each target with classes; nothing where there is none."""
    if isinstance(report.evaluated, Missing) or not report.evaluated.ranked:
        return None
    return part_of_page("ranking", TITLE, targets=[ranked_target(each) for each in report.evaluated.ranked])


def ranked_target(ranked: Ranked) -> dict[str, object]:
    """The charts of one target and the areas below its curves."""
    drawn = [each for each in ranked.classes if each.roc]
    names = [shown_name(each.name) for each in drawn]
    guide = Line("chance", list(ranked.roc_axis), kind="guide")
    roc = [Line(name, each.roc, colour=at) for at, (name, each) in enumerate(zip(names, drawn, strict=True))]
    recall = [Line(name, each.recall, colour=at) for at, (name, each) in enumerate(zip(names, drawn, strict=True))]
    charts = [
        Chart(
            title="ROC",
            x_name="false positive rate",
            y_name="true positive rate",
            x=ranked.roc_axis,
            lines=[*roc, guide],
            square=True,
            shares=True,
        ),
        Chart(
            title="precision-recall",
            x_name="recall",
            y_name="precision",
            x=ranked.recall_axis,
            lines=recall,
            square=True,
            shares=True,
        ),
    ]
    columns = [Column("class"), number_column("samples"), number_column("ROC AUC"), number_column("average precision")]
    rows = [[shown_name(each.name), each.samples, each.roc_area, each.average_precision] for each in ranked.classes]
    return {
        "ranked": ranked,
        "drawn": len(drawn),
        "charts": [chart_markup(each) for each in charts] if drawn else [],
        "table": table_markup(Table(columns, rows), "areas below the curves"),
    }
