"""The part that says how a run stands: what was trained on what, how good it became, what to do next."""

from __future__ import annotations

from dlcli.view.html.markup import table_markup
from dlcli.view.html.part import Part, part_of_page
from dlcli.view.report import RunReport
from dlcli.view.run_again import RunAgain
from dlcli.view.training.headline import trained_words
from dlcli.view.training_result import best_words, measured_words, metrics_table, next_words, time_words


def summary_part(report: RunReport) -> Part:
    """Facts in words, and the metrics by split beside what needs no model."""
    return record_summary(report.again)


def record_summary(again: RunAgain) -> Part:
    """The same of the record of a run."""
    return part_of_page("summary", "The run", **summary_content(again))


def summary_content(again: RunAgain) -> dict[str, object]:
    """What stands at the top of a page on a run."""
    result, whole = again.result, again.standing is None
    facts = {"trained": trained_words(again.samples, again.parameters, again.device) or "nothing is known of its data"}
    if whole:
        facts["status"] = f"{result.status}: {result.reason}"
        facts["best"], facts["time"] = best_words(result), time_words(result)
    else:
        facts["status"] = f"{result.status}: '{result.run}' {again.standing}"
        facts["epochs"] = str(result.epochs)
    table = metrics_table(result.metrics, result.baseline if whole else {})
    return {
        "facts": facts,
        "measured": measured_words(result) if whole else "of the last whole epoch",
        "table": table_markup(table, "metrics by split") if result.metrics else None,
        "command": next_words(result) if whole else None,
        "advice": again.advice,
    }
