"""The validation loss has risen while the training loss went on falling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcli.finding import Finding, Setting
from dlcli.layers.stack import innermost
from dlcli.training.verdict.story import Story

RISE = 1.10
MATERIAL = 0.02
"""A rise counts from this share of the first epoch's loss on: near zero every curve wobbles."""
FEWEST = 3


def overfits(story: Story) -> Finding | None:
    """Seen when, some epochs after its lowest point, the validation loss is 10 % above it and the training loss below."""
    validation, train = story.losses("validation"), story.losses("train")
    if len(validation) < FEWEST + 1:
        return None
    # A loss that rises for an epoch is noise. Three things together are not: some epochs have passed since the lowest point,
    # the training loss went on falling meanwhile (else the training itself fails), and the rise is more than a wobble.
    lowest = min(range(len(validation)), key=validation.__getitem__)
    later = len(validation) - 1 - lowest
    if later < FEWEST or train[-1] >= train[lowest]:
        return None
    # What counts is how far the loss is above that of a perfect answer, which some losses put below zero.
    seen = story.beside_trivial
    perfect = min(0.0 if seen is None else seen.perfect, validation[lowest])
    rise = validation[-1] - validation[lowest]
    if rise <= 0 or rise < (RISE - 1) * (validation[lowest] - perfect) or rise < MATERIAL * (validation[0] - perfect):
        return None
    advice = []
    if story.config.train.early_stopping is None:
        early, why = {"monitor": "val_loss", "patience": 5}, "keeps the weights of the best epoch"
        advice.append(Setting(key="train.early_stopping", old=None, new=early, why=why))
    if not any(layer.traits.get("drops") for layer in innermost(story.config.layers)):
        advice += with_dropout(story.config.written_layers())
    facts = {
        "since_epoch": lowest + 2,
        "validation_lowest": validation[lowest],
        "validation_last": validation[-1],
        "train_then": train[lowest],
        "train_last": train[-1],
    }
    return Finding(code="overfits", severity="warning", facts=facts, advice=advice)


def with_dropout(entries: list[Any]) -> list[Setting]:
    """The entries of the layers with a Dropout before the last; none where that is connected by name, and would not take it."""
    if not entries or (isinstance(entries[-1], dict) and "from" in entries[-1]):
        return []
    why = "a Dropout before the last layer makes the model rely on less"
    return [Setting(key="layers", old=entries, new=[*entries[:-1], {"Dropout": 0.3}, entries[-1]], why=why)]


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    return [
        (story(train=[0.9, 0.5, 0.3, 0.2, 0.1], validation=[0.9, 0.6, 0.62, 0.65, 0.661]), True),
        (story(train=[0.9, 0.5, 0.3, 0.2, 0.1], validation=[0.9, 0.6, 0.62, 0.65, 0.659]), False),
        (story(train=[0.9, 0.5, 0.55, 0.6, 0.7], validation=[0.9, 0.6, 0.62, 0.65, 0.7]), False),
        (story(train=[0.9, 0.5, 0.3, 0.2, 0.1], validation=[0.0] * 5), False),
        (story(train=[-20.0, -26.0, -27.0, -28.0, -29.0], validation=[-20.0, -26.0, -26.0, -26.0, -25.98]), False),
    ]
