"""Classes that validation calls something else than training does: each is nearly always answered as one other."""

from __future__ import annotations

from typing import Any

from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.verdict.standing import BEYOND
from dlcli.training.verdict.story import Story

LEARNT = 0.5
"""The share of training samples that are answered rightly from which on answers are those of a model that knows its classes."""
AS_GOOD = 0.6
"""With other names for its classes validation is answered rightly so many times as often as training, or oftener."""
RARELY = 0.5
"""And with the names as they are so many times as often as with the others, or more rarely."""
APART = 0.8
"""So many of the classes of validation are answered as a class of their own."""
FEWEST = 30
"""Fewer samples of validation say nothing of it."""


def relabelled(story: Story) -> dict[str, Any] | None:
    """Seen where answers would be right on validation if its classes were others, as they are in training: how often they are
    right as they are, how often then, and how often in training; with a class and what it is answered as."""
    inside = {each.target: each for each in story.looks.ended("train")}
    for outside in story.looks.ended("validation"):
        known = inside.get(outside.target)
        if known is not None and is_relabelled(known, outside):
            number, (said, often) = max(enumerate(outside.mostly), key=lambda each: each[1][1])
            return {
                "target": outside.target,
                "inside": known.accuracy,
                "outside": outside.accuracy,
                "renamed": renamed(outside),
                "class": outside.classes[number],
                "said": outside.classes[said],
                "often": often / max(outside.truth[number], 1),
            }
    return None


def renamed(seen: ClassesSeen) -> float:
    """The share of right answers if each class were what is mostly said of it."""
    return sum(often for _, often in seen.mostly) / max(sum(seen.truth), 1)


def is_relabelled(inside: ClassesSeen, outside: ClassesSeen) -> bool:
    """Whether answers that are right in training say another class of each one on validation, by more than chance would."""
    held = [said for (said, often), truth in zip(outside.mostly, outside.truth, strict=False) if truth and often]
    if len(held) < 2 or outside.samples < FEWEST or inside.accuracy < max(LEARNT, inside.majority):
        return False
    right, chance = renamed(outside), outside.majority
    noise = BEYOND * (chance * (1 - chance) / outside.samples) ** 0.5
    apart = len(set(held)) >= APART * len(held)
    return (
        apart and right >= AS_GOOD * inside.accuracy and right > chance + noise and outside.accuracy <= RARELY * right
    )
