"""What holds a model back that could learn more: a decay of weights, what they cost, and noise."""

from __future__ import annotations

from dlcli.training.evidence.penalties import Penalty
from dlcli.training.verdict.standing import beside_trivial_in_training, left, left_in_training, mistakes_left
from dlcli.training.verdict.story import Story

SLIGHT, HEAVY, SHRINKS = 0.004, 1.0, 0.01
"""The usual decay of weights, one from which on nothing else need be tried, and the share of a weight that a step takes away
which leaves nothing of what others gave."""
MORE = 0.25
"""So much of the trivial loss is left where it is asked what holds a model back."""
DROPPED = 0.6
"""A share that is left out of which little passes."""
SMALL = 0.9
"""Weights that cost less than such a share of the trivial loss have been pulled in."""
POOR = 0.5
"""So much of the trivial loss is left of a model that was held back."""
STRONG, KEEPS = 0.8, 0.1
"""From such a share that is left out on, less need be left of the loss for it to be what holds a model back."""
ANSWERS = 0.1
"""The same of answers themselves, which nothing behind can make up for."""
SOME, MANY = 0.05, 5.0
"""So much of the trivial loss is left where weights that cost so many times as much as the data keep training itself there."""
HEAVY_COST, SHARE = 0.05, 0.15
"""What weights usually cost times many, and what is left where it is that which holds a model back."""
BINDS = 0.02
"""So much is left, of the loss and of mistakes, where weights that cost many times as much as usual cost more than that: they are
kept from growing by what that costs."""
COSTS = 0.3
"""So much of the data's own loss weights cost where they are what is minimized."""


def decays(story: Story) -> bool:
    """Whether the decay of weights at each step keeps the model from fitting: with a slight one it comes to far less."""
    decay = story.config.optimizer.arguments.get("weight_decay")
    share = left_in_training(story) or 0.0
    if not isinstance(decay, int | float) or decay <= SLIGHT or share < KEEPS:
        return False
    if story.rate * decay >= SHRINKS or share < MORE:
        return story.rate * decay >= SHRINKS
    seen = story.looks.loosened(story.rate, "weight_decay", SLIGHT)
    return decay >= HEAVY if seen is None else seen.is_better(story.perfect)


def held_back(story: Story) -> list[Penalty]:
    """What keeps the model from fitting, where much is left: weights that cost too much, or noise that lets little through."""
    share = left_in_training(story)
    if share is None or share < SOME:
        return bound(story)
    penalties = story.looks.penalties()
    answers = [each for each in penalties if each.at_end and each.share >= ANSWERS]
    if answers:
        return answers
    strong = [each for each in penalties if each.share >= STRONG]
    if strong and share >= KEEPS:
        return strong
    weights, seen = [each for each in penalties if not each.share], beside_trivial_in_training(story)
    own = 0.0 if seen is None else seen.reached - seen.perfect
    cost = sum(each.cost for each in weights)
    heavy = [each for each in weights if each.strength >= HEAVY_COST]
    if heavy and share >= SHARE and share > (left(story) or 0.0) - SOME:
        return heavy
    if seen is None or share < MORE:
        return weights if cost > MANY * own > 0 and share > (left(story) or 0.0) - SOME else bound(story)
    if share < POOR:
        return weights if cost > own else []
    if weights and (cost > COSTS * own or has_shrunk(story)):
        return weights
    return [each for each in penalties if each.share >= DROPPED]


def bound(story: Story) -> list[Penalty]:
    """Weights that cost far more than usual, and more than the data, though little is left: what is minimized is their cost."""
    share, seen, wrong = left_in_training(story), beside_trivial_in_training(story), mistakes_left(story)
    heavy = [each for each in story.looks.penalties() if not each.share and each.strength >= HEAVY_COST]
    if seen is None or share is None or min(share, share if wrong is None else wrong) < BINDS:
        return []
    if share <= (left(story) or 0.0) - SOME:
        return []
    return heavy if sum(each.cost for each in heavy) > seen.reached - seen.perfect else []


def has_shrunk(story: Story) -> bool:
    """Whether what fell was what weights cost: more than one answer for all costs at first."""
    seen, train = beside_trivial_in_training(story), story.losses("train")
    return seen is not None and bool(train) and train[0] - train[-1] > seen.trivial - seen.perfect


def are_pulled_in(story: Story) -> bool:
    """Whether what weights cost has left hardly any of them: then it is not steps that killed units."""
    held, seen = [each for each in held_back(story) if not each.share], beside_trivial_in_training(story)
    small = seen is not None and sum(each.cost for each in held) < SMALL * (seen.trivial - seen.perfect)
    return bool(held) and small and has_shrunk(story)
