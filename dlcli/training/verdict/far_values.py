"""What findings about the data say of a few values far beyond all others, where the training suffers from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcli.finding import Finding, only_name
from dlcli.training.verdict.advice import of_file
from dlcli.training.verdict.standing import left, struggles
from dlcli.training.verdict.story import Story

BEYOND = 1.0
"""From this share of the trivial loss on validation on, what is learnt is thrown off there."""


def values_beyond(story: Story, role: str) -> Mapping[str, Any]:
    """The columns of a role, input or target, of which a few values are far beyond all others."""
    found = [each.facts["columns"] for each in story.looks.data if each.code == "far_values"]
    return {name: seen for columns in found for name, seen in columns.items() if seen["role"] == role}


def thrown_by_values(story: Story, role: str, code: str) -> Finding | None:
    """Seen where a few values of a role are far beyond all others, and much is left in training, or all on validation."""
    columns = values_beyond(story, role)
    if not columns or not (struggles(story) or (left(story) or 0.0) >= BEYOND):
        return None
    facts = {"why": "values", "columns": columns}
    advice = of_file(story, "inspect-data", why="names the values: mend them in the file, or leave the cells empty")
    return Finding(code=code, severity="warning", where=only_name([*columns]), facts=facts, advice=advice)
