"""Augmentation that changes what the label says: samples as they are teach at once what the augmented ones do not."""

from __future__ import annotations

from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.verdict.curve import last_epochs
from dlcli.training.verdict.standing import left_in_training
from dlcli.training.verdict.story import Story

MUCH = 0.3
"""So much of the trivial loss is left in training, on samples as they are, where augmentation is asked about."""
GAINED = 0.1
"""So much of it a few steps on samples as they are take away on validation, where these say something else."""
FASTER = 3.0
"""So many times as fast as the last epochs did."""


def augmented_away(story: Story) -> Finding | None:
    """Seen where much is left, and some steps without augmentation lower validation far faster than the last epochs did."""
    share, written = left_in_training(story), story.config.plain()["data"]["augment"]
    seen = story.beside_trivial
    if not written or share is None or share < MUCH or seen is None or story.judged != "validation":
        return None
    tried = story.looks.unaugmented(story.rate)
    if tried is None:
        return None
    gained = (tried.before - tried.after) / (seen.trivial - seen.perfect)
    pace = pace_of(story) / (seen.trivial - seen.perfect)
    if gained < max(GAINED, FASTER * pace * tried.epochs):
        return None
    facts: dict[str, Any] = {"why": "augmented", "left": share, "by": names_of(written), "cost": 0.0, "share": 0.0}
    facts |= {"before": tried.before, "after": tried.after, "steps": tried.steps}
    return Finding(code="underfits", severity="warning", where="data.augment", facts=facts, advice=as_they_are(written))


def pace_of(story: Story) -> float:
    """How much validation fell in each of the last epochs."""
    losses = story.losses("validation")
    window = last_epochs(losses)
    return max(losses[-1 - window] - losses[-1], 0.0) / window if window else 0.0


def names_of(written: list[Any]) -> list[str]:
    """What the layers are called."""
    return [each if isinstance(each, str) else next(iter(each)) for each in written]


def as_they_are(written: list[Any]) -> list[Advice]:
    """The samples as they are."""
    why = "what samples are changed into is no more what their label says"
    return [Setting(key="data.augment", old=written, new=[], why=why)]
