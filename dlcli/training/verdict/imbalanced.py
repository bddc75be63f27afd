"""A good accuracy hides a class that is hardly ever found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dlcli.finding import Finding
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.predicts_one_class import balanced
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import looked_at
from dlcli.training.verdict.still_improving import is_falling
from dlcli.training.verdict.stopped_too_early import is_cut_short
from dlcli.training.verdict.story import Story

HIDDEN, SELDOM, GOOD = 0.1, 0.3, 0.7
"""A recall up to the first is near 0, one up to the second seldom enough; an accuracy from the third on looks good."""
NOTHING = 0.7
"""A model that makes so much of the mistakes of one answer for all has hardly learnt to tell its classes apart."""
RARE = 0.5
"""The share of an even one up to which a class is so rare that a loss learns it last, if ever."""
FEWEST, MOST_CLASSES = 5, 10


def imbalanced(story: Story) -> Finding | None:
    """Seen by the recall of each class; where many classes stand beside each other some are always rare."""
    if is_cut_short(story):  # what it would have found is not known
        return None
    for seen in story.looks.classes(story.judged):
        if seen.accuracy < GOOD or len(seen.classes) > MOST_CLASSES:
            continue
        counts = dict(zip(seen.classes, seen.truth, strict=True))
        # Where an accuracy is hardly above that of one answer for all, so is what is known of the others.
        hardly = 1 - seen.accuracy >= NOTHING * (1 - seen.majority)
        most = SELDOM if hardly else HIDDEN
        missed = {name: recall for name, recall in seen.recalls.items() if recall <= most and counts[name] >= FEWEST}
        if is_falling(story):  # more epochs may find what is no rarer than others
            even = sum(seen.truth) / len(counts)
            missed = {name: each for name, each in missed.items() if counts[name] <= RARE * even}
        if not missed:
            continue
        name = min(missed, key=missed.__getitem__)
        facts = {
            "target": seen.target,
            "split": seen.split,
            "class": name,
            "recall": missed[name],
            "samples": counts[name],
            "counted": seen.counted,
            "accuracy": seen.accuracy,
            "majority": seen.majority,
            "looked_at": looked_at(story, seen),
        }
        advice = balanced(story, seen)
        return Finding(code="imbalanced", severity="warning", where=seen.target, facts=facts, advice=advice)
    return None


RULE = Rule("imbalanced", imbalanced, CAUSES | {"suspiciously_good", "does_not_learn", "predicts_one_class"})


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def found(right: int) -> Story:
        seen = ClassesSeen("y", "validation", 100, ["a", "b"], [80, 20], [100 - right, right], [80, right])
        return replace(story(validation=[0.9, 0.5]), looks=Looks(classes=lambda split: [seen]))

    return [(found(6), True), (found(7), False), (story(validation=[0.5]), False)]
