"""Too little was seen to call a training healthy, and nothing is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Advice, Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.training.verdict.longer import longer
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.stopped_too_early import PATIENT, gone_on
from dlcli.training.verdict.story import Story

FEWEST = 3
"""So many epochs are a curve."""


def too_early_to_say(story: Story) -> Finding | None:
    """Seen where there are fewer than three epochs."""
    if len(story.history) >= FEWEST:
        return None
    losses = story.losses(story.judged)
    facts = {"epochs": len(story.history), "split": story.judged, "last": losses[-1] if losses else None}
    advice = went_on_by_rule(story) if story.history else []
    return Finding(code="too_early_to_say", severity="note", facts=facts, advice=advice)


def went_on_by_rule(story: Story) -> list[Advice]:
    """More epochs; where a rule has ended it, which would do so again, that rule with the patience to see a curve."""
    early = story.config.train.early_stopping
    if story.stop in {StopReason.REACHED, StopReason.TIME_LIMIT}:
        return gone_on(story)
    if story.stop is not StopReason.EARLY_STOPPING or early is None:
        return longer(story, 10, why="a curve of three epochs and more tells")
    why = "noise alone makes an epoch or two no better"
    return [Setting(key="train.early_stopping.patience", old=early.patience, new=PATIENT, why=why)]


RULE = Rule("too_early_to_say", too_early_to_say)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    return [(story(validation=[0.9, 0.5]), True), (story(validation=[0.9, 0.5, 0.4]), False)]
