"""The part with the samples whose loss is the greatest."""

from __future__ import annotations

from typing import Any

from dlcli.view.console.tables import number
from dlcli.view.evaluation import folder_above, sample_place, short
from dlcli.view.html.part import Part, part_of_page
from dlcli.view.html.pictures import tiles
from dlcli.view.report import Missing, RunReport

TITLE = "The worst samples"
MOST_LETTERS = 350_000
"""Letters of a page that these samples may take."""


def worst_part(report: RunReport) -> Part | None:
    """Each as a picture, a curve, a text or a row, with what it is and what was said; nothing where there is none."""
    if isinstance(report.evaluated, Missing) or not report.evaluated.worst:
        return None
    worst = report.evaluated.worst
    folder = folder_above([each.sample.file for each in worst if not each.sample.line])
    cards, room = list[dict[str, Any]](), MOST_LETTERS
    for each in worst:
        made, left = tiles(each.shown, most_letters=room)
        room -= sum(len(tile.address) + len(tile.chart or "") + len(tile.text) for tile in made)
        cards.append(
            {
                "row": each.sample.row,
                "place": sample_place(each.sample, folder),
                "target": short(each.sample.target),
                "predicted": short(each.sample.predicted),
                "loss": number(each.sample.loss),
                "tiles": made,
                "left": left,
                "cells": {name: short(value) if value is not None else "–" for name, value in each.row.items()},
            }
        )
    return part_of_page("worst", TITLE, cards=cards, split=report.evaluated.evaluation.split)
