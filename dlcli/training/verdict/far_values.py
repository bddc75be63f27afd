"""What findings about the data say of a few values far beyond all others, where the training suffers from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcli.finding import Finding, only_name
from dlcli.training.verdict.advice import of_file
from dlcli.training.verdict.standing import left, left_in_training, struggles
from dlcli.training.verdict.story import Story

BEYOND = 1.0
"""From this share of the trivial loss on validation on, what is learnt is thrown off there."""
THEIRS, MUCH = 0.1, 0.3
"""Values of a target that are at least the first share of what it varies by keep neighbours of samples from knowing more as well:
of much that is left, the second share, they are told whatever these know."""


def values_beyond(story: Story, role: str) -> Mapping[str, Any]:
    """The columns of a role, input or target, of which a few values are far beyond all others."""
    found = [each.facts["columns"] for each in story.looks.data if each.code == "far_values"]
    return {name: seen for columns in found for name, seen in columns.items() if seen["role"] == role}


def thrown_by_values(story: Story, role: str, code: str) -> Finding | None:
    """Seen where a few values of a role are far beyond all others, and much is left in training, or all on validation."""
    columns = values_beyond(story, role)
    if not columns or not (struggles(story) or (left(story) or 0.0) >= BEYOND or blinds(story, role, columns)):
        return None
    facts = {"why": "values", "columns": columns}
    advice = of_file(story, "inspect-data", why="names the values: mend them in the file, or leave the cells empty")
    return Finding(code=code, severity="warning", where=only_name([*columns]), facts=facts, advice=advice)


def blinds(story: Story, role: str, columns: Mapping[str, Any]) -> bool:
    """Whether much is left in training, and values of a target are a share of what it varies by that nobody foretells."""
    share, samples = left_in_training(story), sum(story.looks.samples.values())
    return (
        role == "target"
        and samples > 0
        and share is not None
        and share > MUCH
        and any(least_share(each, samples) >= THEIRS for each in columns.values())
    )


def least_share(seen: Mapping[str, Any], samples: int) -> float:
    """The least share of the variance of so many samples that is of values far beyond the others, however these spread."""
    low, high, value = seen["low"], seen["high"], seen["value"]
    theirs = seen["count"] / samples * max(value - high, low - value) ** 2
    return float(theirs / (theirs + ((high - low) / 2) ** 2))
