"""The part with what is needed to get the same numbers again."""

from __future__ import annotations

from dlcli.view.html.part import Part, missing_part, part_of_page
from dlcli.view.report import Missing, RunReport

TITLE = "To get the same again"


def origin_part(report: RunReport) -> Part:
    """Versions, seed, command and the fingerprints of the data."""
    if isinstance(report.facts, Missing):
        return missing_part("origin", TITLE, report.facts)
    return part_of_page("origin", TITLE, facts=report.facts)
