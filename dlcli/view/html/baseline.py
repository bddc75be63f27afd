"""The part on the classical methods that a run was compared with."""

from __future__ import annotations

from dlcli.view.baseline import baselines_table, data_told, told_of_baselines
from dlcli.view.html.markup import table_markup
from dlcli.view.html.part import Part, part_of_page
from dlcli.view.report import RunReport

TITLE = "Beside classical methods"


def baseline_part(report: RunReport) -> Part | None:
    """What each method reaches beside the network; nothing where `dlcli baseline` was not asked."""
    if report.baselines is None:
        return None
    told = [text for _, text in told_of_baselines(report.baselines)]
    table = table_markup(baselines_table(report.baselines), "classical methods")
    about = [data_told(report.baselines), *report.baselines.remarks]
    return part_of_page("baseline", TITLE, about=about, table=table, told=told)
