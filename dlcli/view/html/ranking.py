"""The part with ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Mapping

from dlcli.view.confusion import shown_name
from dlcli.view.html.chart import Chart, Line, chart_markup
from dlcli.view.html.markup import table_markup
from dlcli.view.html.part import Part, part_of_page
from dlcli.view.judged import Ranked, RankScores
from dlcli.view.report import Missing, RunReport
from dlcli.view.trusted import areas_table

TITLE = "ROC and precision-recall"


def ranking_part(report: RunReport) -> Part | None:
    """Both curves of each target with classes; nothing where there is none."""
    if isinstance(report.evaluated, Missing) or not report.evaluated.ranked:
        return None
    evaluation = report.evaluated.evaluation
    several = evaluation.several.targets if evaluation.several is not None else {}
    targets = [
        ranked_target(each, several.get(each.target, evaluation.scores).ranking or {})
        for each in report.evaluated.ranked
    ]
    return part_of_page("ranking", TITLE, targets=targets)


def ranked_target(ranked: Ranked, areas: Mapping[str, RankScores]) -> dict[str, object]:
    """The charts of one target and the areas below its curves, as `evaluate` tells them."""
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
    told = [
        (each.name, areas.get(each.name) or RankScores(each.roc_area, each.average_precision, None, None))
        for each in ranked.classes
    ]
    return {
        "ranked": ranked,
        "drawn": len(drawn),
        "charts": [chart_markup(each) for each in charts] if drawn else [],
        "table": table_markup(areas_table(told), "areas below the curves"),
    }
