"""The parts of a page on several runs: curves overlaid, keys that differ, what was reached, and each verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcli.view.comparison import (
    MARK,
    Comparison,
    changed_table,
    difference_table,
    is_loss,
    noise_words,
    reached_table,
    unlike_words,
)
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.html.chart import chart_markup
from dlcli.view.html.curves import ANCHOR, MOST_RUNS, TITLE, metrics_without_chart, overlaid_charts
from dlcli.view.html.markup import table_markup
from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.report import Missing
from dlcli.view.run_again import RunAgain
from dlcli.view.runs import time_of
from dlcli.view.verdict import advice_text


def comparison_parts(comparison: Comparison, runs: Sequence[RunAgain]) -> list[Part]:
    """All parts of a page on several runs."""
    names = comparison.columns
    found = [each for several in comparison.difference.values() for each in several]
    head = [Column("run"), Column("status"), *map(number_column, ("epochs",)), number_column("time", time_of)]
    rows = [[each.run, each.status, each.epochs, each.seconds] for each in comparison.runs]
    return [
        part_of_page(
            "comparison",
            "What differs",
            runs=table_markup(Table(head, rows), "runs"),
            changed=table_markup(changed_table(comparison.changed, names), "changed keys")
            if comparison.changed
            else None,
            metrics=table_markup(reached_table(comparison), "what was reached"),
            difference=table_markup(difference_table(found), "differences") if found else None,
            noise=noise_words(found) if found else "",
            unknown=comparison.unknown,
            unlike=[f"{MARK} {words}" for words in unlike_words(comparison.unlike)],
        ),
        overlaid_part(comparison),
        part_of_page("verdicts", "The verdicts", runs=[verdict_of(each) for each in runs]),
    ]


def overlaid_part(comparison: Comparison) -> Part:
    """The curves of all runs in one chart a metric."""
    curves = {name: entries for name, entries in comparison.curves.items() if entries}
    if not curves:
        return missing_part(ANCHOR, TITLE, Missing("no epoch of any of these runs has ended"))
    charts = [chart_markup(each) for each in overlaid_charts(curves)]
    about = f"{len(curves)} runs" if len(curves) <= MOST_RUNS else f"the first {MOST_RUNS} of {len(curves)} runs"
    about += "; the losses are not comparable" if any(map(is_loss, comparison.unlike)) else ""
    return part_of_page(ANCHOR, TITLE, charts=charts, about=about, more=metrics_without_chart(curves.values()))


def verdict_of(again: RunAgain) -> dict[str, Any]:
    """What was said of one run."""
    told = [
        {"judgement": each, "advice": [(advice_text(advice), advice.why) for advice in each.advice]}
        for each in again.result.verdict
    ]
    return {"run": again.result.run, "told": told, "standing": again.standing, "advice": again.advice}
