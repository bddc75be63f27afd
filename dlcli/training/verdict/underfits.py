"""Training itself stays well above what the task allows, and is flat: too little room, or too much that holds it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.penalties import Penalty
from dlcli.training.verdict.advice import together
from dlcli.training.verdict.cannot_fit import MORE, WIDE
from dlcli.training.verdict.dead_units import DROPPED
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import (
    beside_trivial_in_training,
    is_flat,
    left_in_training,
    mistakes_left,
    neighbours_left,
)
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.written import written_at

POOR = 0.5
"""So much of the trivial loss is left of a model that was held back."""
KEPT = 0.2
"""A usual share that is left out."""
SLIGHT = 0.004
"""The usual decay of weights."""
COSTS = 0.3
"""So much of the data's own loss weights cost where they are what is minimized."""


def underfits(story: Story) -> Finding | None:
    """Seen where regularization costs as much as the data, where training is worse than validation by noise, or where
    neighbours of samples know far more than a flat model does."""
    share = left_in_training(story)
    if share is None:
        return None
    if decays(story):
        key, decay = "optimizer.weight_decay", story.config.optimizer.arguments["weight_decay"]
        facts: dict[str, Any] = {"why": "decay", "left": share, "decay": decay, "by": [], "cost": 0.0, "share": 0.0}
        advice: list[Advice] = [
            Setting(key=key, old=decay, new=SLIGHT, why="what a step takes from each weight keeps it small")
        ]
        return Finding(code="underfits", severity="warning", where=key, facts=facts, advice=advice)
    held = held_back(story)
    if held:
        facts = {"why": "held", "left": share, "by": [each.layer for each in held]}
        facts |= {"cost": sum(each.cost for each in held), "share": max(each.share for each in held)}
        return Finding(code="underfits", severity="warning", facts=facts, advice=released(story, held))
    own = mistakes_left(story)
    if own is None or own < MORE or share < MORE or not is_flat(story):
        return None
    known = neighbours_left(story)
    if known is None or known > own - MORE:
        return None
    facts = {"why": "room", "left": own, "known": known, "by": [], "cost": 0.0, "share": 0.0}
    return Finding(code="underfits", severity="warning", facts=facts, advice=roomier(story))


def decays(story: Story) -> bool:
    """Whether the decay of weights at each step keeps the model from fitting: with a slight one it comes to far less."""
    decay = story.config.optimizer.arguments.get("weight_decay")
    if not isinstance(decay, int | float) or decay <= SLIGHT or (left_in_training(story) or 0.0) < MORE:
        return False
    seen = story.looks.loosened(story.rate, "weight_decay", SLIGHT)
    return seen is not None and seen.is_better(story.perfect)


def held_back(story: Story) -> list[Penalty]:
    """What keeps the model from fitting, where much is left: weights that cost too much, or noise that lets little through."""
    share = left_in_training(story)
    if share is None or share < MORE:
        return []
    penalties = story.looks.penalties()
    seen = beside_trivial_in_training(story)
    cost = sum(each.cost for each in penalties)
    if share < POOR:
        above = seen is not None and cost > seen.reached - seen.perfect
        return [each for each in penalties if not each.share] if above else []
    fallen = story.losses("train")[0] - story.losses("train")[-1] if story.losses("train") else 0.0
    if (
        seen is not None
        and penalties
        and (cost > COSTS * (seen.reached - seen.perfect) or shrunk(story, penalties, fallen))
    ):
        return [each for each in penalties if not each.share]
    return [each for each in penalties if each.share >= DROPPED]


def shrunk(story: Story, penalties: Sequence[Penalty], fallen: float) -> bool:
    """Whether what fell was the cost of weights: much of the first loss went, and nothing of the data was learnt."""
    seen = beside_trivial_in_training(story)
    weights = [each for each in penalties if not each.share]
    return bool(weights) and seen is not None and fallen > seen.trivial - seen.perfect


def released(story: Story, held: list[Penalty]) -> list[Advice]:
    """Less noise, and weights that cost nothing."""
    settings = [
        Setting(key=each.key, old=each.share, new=KEPT, why=f"{each.share:.0%} of what passes is left out")
        if each.share
        else Setting(
            key=each.key,
            old=written_at(story.config, each.key),
            new=None,
            why="what its weights cost keeps them from learning",
        )
        for each in held
        if each.key is not None
    ]
    return together(settings)  # one that stays holds back as well


def roomier(story: Story) -> list[Advice]:
    """More units in the hidden layer that has fewest, where it has few."""
    capacity = story.looks.capacity()
    hidden = [each for each in capacity.hidden if each.entry is not None] if capacity is not None else []
    if not hidden:
        return []
    least = min(hidden, key=lambda each: each.units)
    if least.units >= WIDE:
        return []
    why = "the neighbours of a sample know more of its target than the model does"
    return [Setting(key=f"{least.entry}.units", old=least.units, new=2 * WIDE, why=why)]


RULE = Rule("underfits", underfits, CAUSES | {"does_not_learn", "overfits", "suspiciously_good", "predicts_one_class"})


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def dropping(share: float, reached: float = 0.5) -> Story:
        told = story(validation=[reached])
        looks = Looks(
            train=lambda: told.beside_trivial,
            penalties=lambda: [Penalty("dropout", "rate", share, 0.0, "layers.1.rate")],
        )
        return replace(story(validation=[0.9, reached]), looks=looks)

    return [
        (dropping(0.6), True),
        (dropping(0.59), False),
        (dropping(0.9, 0.49), False),
        (story(validation=[0.9]), False),
    ]
