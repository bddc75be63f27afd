"""So few validation samples that what they say may be chance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from dlcli.finding import Finding
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.imbalanced import FEWEST as FEWEST_OF_CLASS
from dlcli.training.verdict.imbalanced import MOST_CLASSES
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import HARDLY, MARGIN, better_by_metric, left
from dlcli.training.verdict.story import Story

WIDE = 0.27
"""An interval of the accuracy as wide as this says little."""
FEWEST, FEWEST_NUMBERS = 10, 30
"""Fewer samples are judged by chance; of fewer that have a number each the loss may be half more or less."""
SURE = 2.0
"""So many deviations of its noise a small gain over the constant answer is one."""


def validation_too_small(story: Story) -> Finding | None:
    """Seen by the interval of the accuracy, which is wide or reaches down to the constant answer; by the count for numbers; or
    by a gain over the constant answer that is so small that of so few samples it may be chance."""
    samples = story.looks.samples.get("validation")
    if samples is None or not story.losses("validation"):
        return None
    for seen in story.looks.classes("validation"):
        if seen.counted != "samples":  # the places of a sample are no independent ones, and it is no yes or no itself
            continue
        low, high = seen.interval
        unsure = seen.accuracy > seen.majority >= low and samples < 100
        if high - low > WIDE or unsure:
            facts = {
                "samples": samples,
                "accuracy": seen.accuracy,
                "low": low,
                "high": high,
                "majority": seen.majority,
                "target": seen.target,
            }
            return Finding(code="validation_too_small", severity="warning", facts=facts)
    numbers = story.looks.flat_target and not story.looks.counts
    if samples < (FEWEST_NUMBERS if numbers else FEWEST):
        return Finding(code="validation_too_small", severity="warning", facts={"samples": samples, "accuracy": None})
    if (gain := may_be_none(story, samples)) is not None:
        return gain
    return next(filter(None, (rare_class(seen, samples) for seen in story.looks.classes("validation"))), None)


def may_be_none(story: Story, samples: int) -> Finding | None:
    """Seen where what is gone of the trivial loss is within what samples differ by.

    Of a model that says what it knows, the logarithm of how much likelier it makes a sample than the constant answer does
    varies by twice its mean.
    """
    share, seen = left(story), story.beside_trivial
    classes = story.looks.classes("validation")  # whose interval says it where much is gone
    if share is None or seen is None or seen.weighed or share >= MARGIN or (classes and share < HARDLY):
        return None
    if share <= 0 or better_by_metric(story):
        return None
    likelier = seen.trivial - seen.reached if classes else -math.log(share) / 2
    if math.sqrt(likelier * samples / 2) >= SURE:
        return None
    facts = {"samples": samples, "accuracy": None, "reached": seen.reached, "trivial": seen.trivial}
    return Finding(code="validation_too_small", severity="warning", facts=facts)


def rare_class(seen: ClassesSeen, samples: int) -> Finding | None:
    """Seen where no sample of a class is found, of so few that this says little; of more it is a finding of its own."""
    if len(seen.classes) > MOST_CLASSES:
        return None
    for name, truth, right in zip(seen.classes, seen.truth, seen.right, strict=True):
        if 0 < truth < FEWEST_OF_CLASS and not right:
            facts = {"samples": samples, "accuracy": seen.accuracy, "target": seen.target}
            facts |= {"class": name, "class_samples": truth, "counted": seen.counted}
            return Finding(code="validation_too_small", severity="warning", where=seen.target, facts=facts)
    return None


RULE = Rule("validation_too_small", validation_too_small, CAUSES | {"does_not_learn", "no_better_than_trivial"})


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def right(count: int, samples: int, majority: int) -> Story:
        rest = samples - majority
        truth, said = [majority, rest], [count, samples - count]
        seen = ClassesSeen("y", "validation", samples, ["a", "b"], truth, said, [count, 0])
        return replace(
            story(validation=[0.9, 0.5]), looks=Looks(classes=lambda split: [seen], samples={"validation": samples})
        )

    def gaining(reached: float, samples: int) -> Story:
        return replace(story(validation=[0.99, reached]), looks=Looks(samples={"validation": samples}))

    return [
        (right(6, 9, 5), True),
        (right(36, 40, 20), False),
        (right(80, 90, 50), False),
        (right(95, 100, 95), False),
        (story(validation=[0.5]), False),
        (gaining(0.95, 312), False),
        (gaining(0.6, 32), False),
        (gaining(0.98, 30), False),
    ]
