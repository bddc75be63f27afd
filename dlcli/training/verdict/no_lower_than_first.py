"""The loss ended no lower than after the first epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcli.finding import Finding
from dlcli.training.verdict.advice import earlier_stop, tested_rate
from dlcli.training.verdict.monitored import kept_by_metric
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.story import Story

RISE = 1.02
"""So many times the first epoch's loss is more than a wobble."""


def no_lower_than_first(story: Story) -> Finding | None:
    """Seen where the model that is kept has a higher loss than after the first epoch, and nothing else explains it."""
    split = story.judged
    losses, reached = story.losses(split), story.metrics.get(split, {}).get("loss")
    if len(losses) < 2 or reached is None or reached <= losses[0] or kept_by_metric(story):
        return None
    seen = story.beside_trivial
    perfect = min(losses[0], 0.0 if seen is None else seen.perfect)
    risen = reached - perfect > RISE * (losses[0] - perfect)
    train = story.losses("train")
    rising = train[-1] > train[0]
    facts: dict[str, Any] = {"split": split, "first": losses[0], "last": reached, "rate": rising}
    advice = tested_rate(story, why="the training loss rose as well") if rising else earlier_stop(story)
    return Finding(
        code="no_lower_than_first",
        severity="warning" if risen else "note",
        facts=facts,
        advice=advice if risen else [],
    )


RULE = Rule(
    "no_lower_than_first",
    no_lower_than_first,
    CAUSES
    | {"suspiciously_good", "overfits", "predicts_one_class", "does_not_learn", "underfits", "no_better_than_trivial"},
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    return [
        (story(validation=[0.5, 0.4, 0.51]), True),
        (story(validation=[0.5, 0.4, 0.5]), False),
        (story(validation=[0.5]), False),
    ]
