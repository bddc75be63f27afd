"""A model beside a small network that was trained on the same samples: whether far more can be known of validation."""

from __future__ import annotations

import math
from typing import Any

from dlcli.training.verdict.standing import lasting, left, mistakes_left, weighs
from dlcli.training.verdict.story import Story

TIMES, INSIDE, MATERIAL = 3.0, 2.0, 0.05
"""A model is far behind that leaves so many times as much on validation as the network, and so many times as much in training
itself, where that is so much of the trivial loss, or of the mistakes of one answer."""
AS_GOOD = 1.5
"""A model that leaves so many times as much as the network is about as good."""
NOTHING, MUCH = 0.9, 0.25
"""Beside one that leaves so much of both, and has learnt nothing, the network need only take away so much."""
SURE = 3.0
"""So many deviations of the mistakes of as many samples fewer ones are fewer."""


def far_behind(story: Story) -> tuple[float, float] | None:
    """How much a model leaves on validation, and how much a small network; None where that is not far less.

    A training that comes near to what the network leaves has learnt its samples: what is left then is another matter.
    """
    seen = story.beside_trivial
    if seen is None or seen.split != "validation" or weighs(story):
        return None
    classes = [each for each in story.looks.classes("validation") if each.majority < 1]
    own = mistakes_left(story, "validation") if classes else left(story)
    inside = mistakes_left(story)
    if own is None or inside is None or own < MATERIAL or inside < MATERIAL / 2:
        return None
    network = story.looks.network_elsewhere()
    if network is None:
        return None
    known, material = network.left(), MATERIAL
    if classes:
        wrong, share = 1 - classes[0].accuracy, 1 - classes[0].majority
        material = max(material, SURE * math.sqrt(wrong * (1 - wrong) / network.samples) / share)
    behind = own >= TIMES * known and own - known >= material and inside >= INSIDE * known
    behind = behind or (min(own, inside) >= NOTHING and own - known >= max(material, MUCH))
    return (own, known) if behind else None


def beside_network(story: Story) -> dict[str, Any] | None:
    """The same as facts of a finding."""
    behind = far_behind(story)
    return None if behind is None else {"left": behind[0], "known": behind[1], "by": "network"}


def stays_behind(story: Story) -> bool:
    """Whether a model is far behind, and as many epochs again, each of which took away the share that the last ones did, would
    not make it about as good."""
    seen, behind = story.beside_trivial, far_behind(story)
    if seen is None or behind is None:
        return False
    own, known = behind
    return own * lasting(story, seen) ** len(story.history) > AS_GOOD * known
