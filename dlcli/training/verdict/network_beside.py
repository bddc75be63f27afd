"""A model beside a small network that was trained on the same samples: whether far more can be known of validation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dlcli.training.verdict.standing import lasting, left, mistakes_left, weighs
from dlcli.training.verdict.story import Story

TIMES, INSIDE, MATERIAL = 3.0, 2.0, 0.05
"""A model is far behind that leaves so many times as much on validation as the network, and so many times as much in training
itself, where that is so much of the trivial loss, or of the mistakes of one answer."""
AS_GOOD = 1.5
"""A model that leaves so many times as much as the network is about as good."""
NOTHING, MUCH = 0.9, 0.25
"""Beside a model that leaves so much of both, and has learnt nothing, the network need only take away so much."""
SURE = 3.0
"""So many deviations of the mistakes of as many samples fewer ones are fewer."""


@dataclass(frozen=True)
class Beside:
    """How much a model leaves on validation and in training itself, how much a small network leaves on validation, and what of it
    counts."""

    own: float
    inside: float
    known: float
    material: float


def network_and_model(story: Story, *, learnt: bool = False) -> Beside | None:
    """A model and a small network; None where hardly anything is left, in training too unless that may be `learnt`, or a network
    knows nothing."""
    seen = story.beside_trivial
    if seen is None or seen.split != "validation" or weighs(story):
        return None
    classes = [each for each in story.looks.classes("validation") if each.majority < 1]
    own, inside = mistakes_left(story, "validation") if classes else left(story), mistakes_left(story)
    if own is None or inside is None or own < MATERIAL or (inside < MATERIAL / 2 and not learnt):
        return None
    network = story.looks.network_elsewhere()
    if network is None or network.classes is not bool(classes):
        return None
    material = MATERIAL
    if classes:
        wrong, share = 1 - classes[0].accuracy, 1 - classes[0].majority
        material = max(material, SURE * math.sqrt(wrong * (1 - wrong) / network.samples) / share)
    return Beside(own, inside, network.left(), material)


def far_behind(story: Story) -> tuple[float, float] | None:
    """How much a model leaves on validation, and how much a small network; None where that is not far less.

    A training that comes near to what the network leaves has learnt its samples: what is left then is another matter.
    """
    seen = network_and_model(story)
    if seen is None or seen.own < TIMES * seen.known or seen.inside < INSIDE * seen.known:
        return None
    return (seen.own, seen.known) if seen.own - seen.known >= seen.material else None


def behind_at_all(story: Story) -> tuple[float, float] | None:
    """The same also of a model that has learnt nothing, where the network takes away some."""
    seen = network_and_model(story)
    if seen is None or min(seen.own, seen.inside) < NOTHING or seen.own - seen.known < max(seen.material, MUCH):
        return far_behind(story)
    return seen.own, seen.known


def holds_less(story: Story) -> bool:
    """Whether a model that has learnt its samples leaves far more of validation than the network."""
    seen = network_and_model(story, learnt=True)
    if seen is None or seen.own < TIMES * max(seen.known, seen.inside):
        return False
    return seen.own - seen.known >= seen.material


def beside_network(story: Story) -> dict[str, Any] | None:
    """How far behind a model is, as facts of a finding."""
    behind = far_behind(story)
    return None if behind is None else as_facts(behind)


def as_facts(behind: tuple[float, float]) -> dict[str, Any]:
    """What a model and a network leave, as facts of a finding."""
    return {"left": behind[0], "known": behind[1], "by": "network"}


def stays_behind(story: Story) -> bool:
    """Whether a model is far behind, and as many epochs again would not make it about as good."""
    behind = far_behind(story)
    return behind is not None and is_out_of_reach(story, behind)


def is_out_of_reach(story: Story, behind: tuple[float, float]) -> bool:
    """Whether as many epochs again, each of which took away the share that the last ones did, would not make a model about as
    good as the network it is behind."""
    seen, (own, known) = story.beside_trivial, behind
    return seen is not None and own * lasting(story, seen) ** len(story.history) > AS_GOOD * known
