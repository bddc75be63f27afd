"""Too little was seen to call a training healthy, and nothing is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Finding
from dlcli.training.verdict.longer import longer
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.story import Story

FEWEST = 3
"""So many epochs are a curve."""


def too_early_to_say(story: Story) -> Finding | None:
    """Seen where there are fewer than three epochs."""
    if len(story.history) >= FEWEST:
        return None
    losses = story.losses(story.judged)
    facts = {"epochs": len(story.history), "split": story.judged, "last": losses[-1] if losses else None}
    advice = longer(story, 10, why="a curve of three epochs and more tells") if story.history else []
    return Finding(code="too_early_to_say", severity="note", facts=facts, advice=advice)


RULE = Rule("too_early_to_say", too_early_to_say)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    return [(story(validation=[0.9, 0.5]), True), (story(validation=[0.9, 0.5, 0.4]), False)]
