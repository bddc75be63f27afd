"""A model of which no place sees enough of a sample: one that sees more learns at once what it does not."""

from __future__ import annotations

from typing import Any

from dlcli.finding import Finding, Setting
from dlcli.training.verdict.standing import left_in_training
from dlcli.training.verdict.story import Story

MUCH = 0.3
"""So much of the trivial loss is left in training where it is asked how much places see."""
GAINED = 0.1
"""So much less of it a model that sees more leaves on validation, in fewer steps."""
WHY = {
    "averaged": "layers that see more, and keep apart where something stands",
    "skipped": "what is small is still there when something is learnt of it",
}


def short_sighted(story: Story) -> Finding | None:
    """Seen where each place sees little of a sample, and another model whose places see more learns far more in a few steps."""
    share, beside = left_in_training(story), story.beside_trivial
    if share is None or share < MUCH or beside is None or story.judged != "validation":
        return None
    seen = story.looks.seen_more(story.rate)
    if seen is None or not beside.trivial > beside.perfect:
        return None
    if beside.reached - seen.reached < GAINED * (beside.trivial - beside.perfect):
        return None
    short = seen.sight
    facts: dict[str, Any] = {"why": short.why, "left": share, "layer": short.layer, "places": short.places}
    facts |= {"size": short.size, "reached": beside.reached, "other": seen.reached, "steps": seen.steps}
    setting = Setting(key=short.key, old=short.old, new=short.new, why=WHY[short.why])
    return Finding(code="cannot_fit", severity="warning", where=short.layer, facts=facts, advice=[setting])
