"""The loss ended no lower than after the first epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcli.finding import Finding, Setting
from dlcli.training.verdict.no_better_than_baseline import no_better_than_baseline, rate_key, shortest
from dlcli.training.verdict.overfits import overfits
from dlcli.training.verdict.story import Story

RISE = 1.02
"""So many times the first epoch's loss is more than a wobble."""


def no_lower_than_first(story: Story) -> Finding | None:
    """Seen where the model that is kept has a higher loss than after the first epoch, and nothing else explains it."""
    split = "validation" if "validation" in story.metrics else "train"
    losses, reached = story.losses(split), story.metrics[split]["loss"]
    if len(losses) < 2 or reached <= losses[0]:
        return None
    if no_better_than_baseline(story) is not None or overfits(story) is not None:
        return None
    seen = story.beside_trivial
    perfect = min(losses[0], 0.0 if seen is None else seen.perfect)
    risen = reached - perfect > RISE * (losses[0] - perfect)
    train = story.losses("train")
    facts: dict[str, Any] = {"split": split, "first": losses[0], "last": reached, "rate": train[-1] > train[0]}
    return Finding(
        code="no_lower_than_first",
        severity="warning" if risen else "note",
        facts=facts,
        advice=settled(story) if risen else [],
    )


def settled(story: Story) -> list[Setting]:
    """A lower rate where the training loss rose as well, else what keeps the best epoch."""
    train, rate = story.losses("train"), story.history[0]["learning_rate"]
    if train[-1] > train[0]:
        lower, why = shortest(rate / 10), "the training loss rose as well: the steps are too long"
        return [Setting(key=rate_key(story.config.optimizer), old=shortest(rate), new=lower, why=why)]
    if story.config.train.early_stopping is not None:
        return []
    early, why = {"monitor": "val_loss", "patience": 5}, "keeps the weights of the best epoch"
    return [Setting(key="train.early_stopping", old=None, new=early, why=why)]


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    return [
        (story(validation=[0.5, 0.4, 0.51]), True),
        (story(validation=[0.5, 0.4, 0.5]), False),
        (story(validation=[0.5]), False),
        (story(validation=[0.5, 0.4, 1.2]), False),
    ]
