"""The part on what the model says of a split: metrics, confusion matrix, scores by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.view.confusion import confused_pairs, pairs_table, shown_name
from dlcli.view.evaluation import MOST_CLASSES, Scores, class_table, evaluation_metrics_table, rare_words, worst_first
from dlcli.view.html.markup import markup, table_markup
from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.report import Missing, RunReport

if TYPE_CHECKING:
    from markupsafe import Markup

TITLE = "How good it is"
WIDEST, MOST_PAIRS, SHADES = 25, 30, 9
"""Classes of which each is shown against each, pairs of more that are told, and shades of a cell."""


def evaluation_part(report: RunReport) -> Part:
    """The metrics of the split that was judged, and for each target how its classes were told apart."""
    found = report.evaluated
    if isinstance(found, Missing):
        return missing_part("evaluation", TITLE, found)
    evaluation = found.evaluation
    every = evaluation.by_target.items()
    targets = [target_scores(name, scores) for name, scores in every if scores.by_class is not None]
    return part_of_page(
        "evaluation",
        TITLE,
        evaluation=evaluation,
        metrics=table_markup(evaluation_metrics_table(evaluation), f"metrics of the split {evaluation.split}"),
        targets=targets,
    )


def target_scores(name: str, scores: Scores) -> dict[str, Any]:
    """How the classes of one target were told apart."""
    by_class = scores.by_class or {}
    many = len(by_class) - MOST_CLASSES
    table = class_table(by_class if many <= 0 else worst_first(by_class), counted=scores.counted)
    return {
        "name": name,
        "positive": scores.positive,
        "matrix": confusion_markup(scores.classes, scores.confusion, counted=scores.counted),
        "scores": table_markup(table, "scores by class"),
        "many": max(0, many),
        "rare": rare_words(scores),
    }


def confusion_markup(
    classes: Sequence[str] | None, confusion: Sequence[Sequence[int]] | None, *, counted: str = "samples"
) -> Markup | None:
    """The matrix of few classes, the confused pairs of many."""
    if classes is None or confusion is None:
        return None
    if len(classes) <= WIDEST:
        rows = [(shown_name(name), shaded(row)) for name, row in zip(classes, confusion, strict=True)]
        return markup("confusion", classes=[shown_name(name) for name in classes], rows=rows)
    pairs = confused_pairs(classes, confusion)
    return table_markup(
        pairs_table(pairs[:MOST_PAIRS], counted=counted), "what was taken for what, the most frequent first"
    )


def shaded(row: Sequence[int]) -> list[tuple[int, int]]:
    """Each count of a true class with its shade, by its share of the class."""
    total = sum(row) or 1
    return [(count, -(-count * SHADES // total)) for count in row]
