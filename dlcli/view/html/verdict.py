"""The part that says whether a training went well, why, and what to change."""

from __future__ import annotations

from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.report import Missing, RunReport
from dlcli.view.run_again import RunAgain
from dlcli.view.verdict import advice_text

TITLE = "The verdict"


def verdict_part(report: RunReport) -> Part:
    """Each finding with its evidence and advice to copy."""
    return record_verdict(report.again)


def record_verdict(again: RunAgain) -> Part:
    """The same of the record of a run."""
    if not again.result.verdict:
        standing = (
            f"'{again.result.run}' {again.standing}, and has no verdict yet" if again.standing else "none was recorded"
        )
        return missing_part("verdict", TITLE, Missing(standing, again.advice))
    told = [
        {"judgement": each, "advice": [(advice_text(advice), advice.why) for advice in each.advice]}
        for each in again.result.verdict
    ]
    return part_of_page("verdict", TITLE, told=told)
