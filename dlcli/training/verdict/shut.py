"""A layer of few units that passes nothing on, since all of them are dead."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.training.evidence.capacity import NARROW, Hidden
from dlcli.training.evidence.layers_seen import DeadSeen
from dlcli.training.verdict.augmented_away import augmented_away
from dlcli.training.verdict.holding import DROPPED, are_pulled_in, decays
from dlcli.training.verdict.standing import left_in_training
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.told_by_inputs import labels_say_nothing
from dlcli.training.verdict.unread import hardly_read

NOTHING = 0.9
"""Above this share of the trivial loss units that died on the way are why nothing is learnt."""
MOST = 0.8
"""The share of a layer from which on too little is left to pass anything on."""


def in_front(dead: Sequence[DeadSeen], around: frozenset[str]) -> list[DeadSeen]:
    """The dead layers up to the first one of few units that has no way around it: what is dead behind it is so because nothing
    passes."""
    return [*dead[: next((at + 1 for at, each in enumerate(dead) if is_shut(each, around)), len(dead))]]


def is_shut(seen: DeadSeen, around: frozenset[str]) -> bool:
    """Whether all few units of a layer are dead, and nothing that the model takes comes by another way."""
    return seen.units <= NARROW and seen.dead == seen.units and seen.layer not in around


def ways_around(story: Story) -> frozenset[str]:
    """The layers that something the model takes passes by."""
    capacity = story.looks.capacity()
    return frozenset() if capacity is None else frozenset(each.layer for each in capacity.hidden if each.passed_by)


def shut(story: Story) -> Hidden | None:
    """The layer of few units, or filters, that passes nothing on, since all of them are dead, where that is why hardly anything
    was learnt: none in front is dead, and nothing else explains that they died."""
    now, capacity = story.looks.layers(), story.looks.capacity()
    if now is None or capacity is None or decays(story) or are_pulled_in(story):
        return None
    if (left_in_training(story) or 0.0) < NOTHING or augmented_away(story) is not None:
        return None
    first = next((each for each in now.dead if each.hidden and each.share >= MOST), None)
    narrow = next((each for each in capacity.narrow if first is not None and each.layer == first.layer), None)
    if first is None or narrow is None or first.dead < first.units:
        return None
    begun = story.looks.begun()
    from_start = begun is not None and any(each.layer == first.layer and each.share >= MOST for each in begun.dead)
    others = drops_most(story) or hardly_read(story) is not None or labels_say_nothing(story)
    return narrow if from_start or not others else None


def drops_most(story: Story) -> bool:
    """Whether a layer leaves out so much of what passes that hardly anything is learnt from."""
    return any(each.share >= DROPPED for each in story.looks.penalties())
