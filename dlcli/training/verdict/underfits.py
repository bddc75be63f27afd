"""Training itself stays well above what the task allows, and is flat: too little room, or too much that holds it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.penalties import Penalty
from dlcli.training.verdict.advice import together
from dlcli.training.verdict.augmented_away import augmented_away, cropped_away
from dlcli.training.verdict.cannot_fit import MORE, WIDE
from dlcli.training.verdict.holding import SLIGHT, decays, held_back
from dlcli.training.verdict.little_weight import held_by_weight
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import (
    counts_classes_alike,
    frozen_from_the_first,
    has_settled,
    is_flat,
    known_of_inputs,
    left_in_training,
    mistakes_left,
    neighbours_left,
)
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.unread import hardly_read
from dlcli.training.verdict.written import written_at

KEPT = 0.2
"""A usual share that is left out."""
FILTERS = 4
"""Filters from which on a convolution is not taken for what leaves too little room."""
LITTLE, FROZEN = 0.1, 0.3
"""So much less is left where neighbours know what layers as they were drawn do not pass on, and so much where nobody is asked."""


def underfits(story: Story) -> Finding | None:
    """Seen where a target hardly counts, where regularization costs as much as the data, where training is worse than validation
    by noise, or where neighbours of samples know far more than a flat model does."""
    weighed = held_by_weight(story)
    if weighed is not None:
        return weighed
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
    if (unread := hardly_read(story)) is not None:
        return unread
    held = held_back(story)
    if held:
        facts = {"why": "held", "left": share, "by": [*dict.fromkeys(each.layer for each in held)]}
        facts |= {"cost": sum(each.cost for each in held), "share": max(each.share for each in held)}
        facts |= {"answers": any(each.at_end for each in held)}
        return Finding(code="underfits", severity="warning", facts=facts, advice=released(story, held))
    frozen = frozen_as_drawn(story)
    if frozen is not None:
        return frozen
    augmented = cropped_away(story) or augmented_away(story)
    if augmented is not None:
        return augmented
    room = too_little_room(story, share)
    if room is None:
        return None
    split, own, known = room
    facts = {"why": "room", "split": split, "left": own, "known": known, "by": "nearest"}
    return Finding(code="underfits", severity="warning", facts=facts, advice=roomier(story) or unchanged(story))


def frozen_as_drawn(story: Story) -> Finding | None:
    """Seen where layers do not learn that are as they were drawn, and neighbours of samples, or a network, know more."""
    share, own, frozen = left_in_training(story), mistakes_left(story), frozen_from_the_first(story)
    advice = melted(frozen)
    if not advice or own is None or share is None or share < LITTLE:
        return None
    known = known_of_inputs(story)
    if share < FROZEN and (known is None or known > own - LITTLE):
        return None
    facts = {"why": "frozen", "left": own, "known": known, "by": [*frozen], "cost": 0.0, "share": 0.0}
    return Finding(code="underfits", severity="warning", facts=facts, advice=advice)


def melted(frozen: Mapping[str, str | None]) -> list[Advice]:
    """Layers that learn, where they are written as frozen."""
    why = "its weights are as they were drawn, and stay so"
    return together(
        Setting(key=f"{entry}.trainable", old=False, new=True, why=why)
        for entry in frozen.values()
        if entry is not None
    )


def too_little_room(story: Story, share: float) -> tuple[str, float, float] | None:
    """The split in which neighbours of samples know far more, how many mistakes the model leaves there, and how many they do.

    Training tells it of any model, validation of one that has few units: there it may know by heart what it takes for more.
    """
    own, known = mistakes_left(story), neighbours_left(story)
    if own is not None and known is not None and own >= MORE <= share and is_flat(story) and known <= own - MORE:
        return "train", own, known
    if story.judged != "validation" or not has_settled(story) or not roomier(story):
        return None
    own, elsewhere = mistakes_left(story, "validation"), story.looks.neighbours_elsewhere()
    if own is None or own < MORE or elsewhere is None:
        return None
    known = elsewhere.left(balanced=counts_classes_alike(story))
    return ("validation", own, known) if known <= own - MORE else None


def released(story: Story, held: list[Penalty]) -> list[Advice]:
    """Less noise, and weights that cost nothing."""
    settings = [
        Setting(key=each.key, old=each.share, new=0.0 if each.at_end else KEPT, why=left_out(each))
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


def left_out(noise: Penalty) -> str:
    """What dropout leaves out."""
    if noise.at_end:
        return "what is left out there are answers, and nothing behind makes up for them"
    return f"{noise.share:.0%} of what passes is left out"


def roomier(story: Story) -> list[Advice]:
    """More units or filters in the hidden layer that has fewest, where it has few."""
    capacity = story.looks.capacity()
    hidden = capacity.hidden if capacity is not None else []
    few = [
        each for each in hidden if each.entry is not None and each.units < (WIDE if each.key == "units" else FILTERS)
    ]
    least = min(few, key=lambda each: each.units, default=None)
    if least is None:
        return []
    why = "the neighbours of a sample know more of its target than the model does"
    return [Setting(key=f"{least.entry}.{least.key}", old=least.units, new=2 * WIDE, why=why)]


def unchanged(story: Story) -> list[Advice]:
    """The samples without augmentation, where there is some: what it moves too far is no more what it was."""
    written = story.config.plain()["data"]["augment"]
    if not written:
        return []
    why = "neighbours know the samples as they are; what they are changed into may be no more what it was"
    return [Setting(key="data.augment", old=written, new=[], why=why)]


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
        (dropping(0.79, 0.49), False),
        (story(validation=[0.9]), False),
    ]
