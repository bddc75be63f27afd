"""The model is no better than giving every sample the same answer, and nothing says why."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Advice, Finding
from dlcli.runs.state import StopReason
from dlcli.training.compared import EVEN, Compared
from dlcli.training.verdict.advice import asked
from dlcli.training.verdict.batches import smaller_batch
from dlcli.training.verdict.curve import epochs_to_gain, rounded, steady
from dlcli.training.verdict.longer import longer
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import (
    FEWEST,
    MARGIN,
    MOST_STEPS,
    better_by_metric,
    may_be_chance,
    says_what_is_frequent,
)
from dlcli.training.verdict.still_improving import still_improving
from dlcli.training.verdict.stopped_too_early import is_cut_short
from dlcli.training.verdict.story import Story

SAYING, FIRST = 3, 10
"""Epochs that say something, and those of a first training."""


def no_better_than_trivial(story: Story) -> Finding | None:
    """Seen when the loss is hardly lower than that of the trivial baseline on the same split, and no metric is better."""
    seen, (trivial, method) = story.beside_trivial, least_constant(story)
    if may_be_chance(story) or seen is None or (seen.trivial <= seen.perfect and is_near(story, seen)):
        return None
    # What counts is how far the loss is above that of a perfect answer, which some losses put below zero.
    worse = seen.reached - seen.perfect >= MARGIN * (trivial - seen.perfect) and not better_by_metric(story)
    if not worse and not says_what_is_frequent(story):
        return None
    if is_cut_short(story) or has_hardly_begun(story):  # something has not let it come further
        return None
    facts = {
        "split": seen.split,
        "reached": seen.reached,
        "method": method,
        "trivial": trivial,
        "weighed": seen.weighed,
    }
    said = story.looks.classes(story.judged) if not worse else ()
    facts["accuracy"] = said[0].accuracy if said else None
    return Finding(code="no_better_than_trivial", severity="warning", facts=facts, advice=further(story))


def has_hardly_begun(story: Story) -> bool:
    """Whether epochs were so few steps that the loss is still on its way from the first of them."""
    steps = story.history[-1].get("step", MOST_STEPS) if story.history else MOST_STEPS
    return bool(steps < MOST_STEPS) and bool(smaller_batch(story)) and still_improving(story) is not None


def further(story: Story) -> list[Advice]:
    """To go on where phases are left, or the rate is known to be no other and the loss falls in nearly every epoch to the last;
    else what tells why nothing is learnt."""
    if story.planned:
        return longer(story, 0, why="")
    above, rate = story.above(story.judged), story.looks.rate()
    if len(above) < SAYING and story.stop is StopReason.ALL_EPOCHS:
        return longer(story, FIRST, why="so few epochs say nothing yet")
    falling = len(above) >= FEWEST and min(above) == above[-1] and steady(above)
    if rate is not None and falling and story.stop is StopReason.ALL_EPOCHS:
        more = rounded(len(above) + epochs_to_gain(above))
        return longer(story, max(more, story.config.train.epochs + 1), why="the loss falls in nearly every epoch")
    return asked(story)


def least_constant(story: Story) -> tuple[float, str]:
    """What the constant answer costs, and what it is called: that of the training split, or none at all where that is better."""
    seen = story.beside_trivial
    if seen is None:
        return 0.0, ""
    # Classes that the training split does not hold make the shares of the others a worse answer than none at all.
    if seen.even is not None and seen.even < MARGIN * seen.trivial:
        return seen.even, EVEN
    return seen.trivial, seen.method or story.baseline["method"]


NEAR = 0.01


def is_near(story: Story, seen: Compared) -> bool:
    """Whether nearly all of the first epoch's loss is gone, where the constant answer is perfect: nothing can be better."""
    return seen.reached - seen.perfect <= NEAR * max(story.losses(seen.split)[0] - seen.perfect, 0)


RULE = Rule(
    "no_better_than_trivial",
    no_better_than_trivial,
    CAUSES | {"overfits", "predicts_one_class", "does_not_learn", "underfits"},
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    return [
        (story(validation=[0.9, 0.6, 0.5901], baseline=0.6), True),
        (story(validation=[0.9, 0.6, 0.5879], baseline=0.6), False),
        (story(validation=[0.9, 0.6, 0.5901], baseline=None), False),
        (story(validation=[1.0, 0.5, 0.0099], baseline=0.0), False),
    ]
