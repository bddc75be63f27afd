"""The model is no better than giving every sample the same answer, and nothing says why."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Finding
from dlcli.training.compared import EVEN, Compared
from dlcli.training.verdict.advice import checked
from dlcli.training.verdict.longer import longer
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import MARGIN, better_by_metric, may_be_chance
from dlcli.training.verdict.stopped_too_early import stopped_too_early
from dlcli.training.verdict.story import Story


def no_better_than_trivial(story: Story) -> Finding | None:
    """Seen when the loss is hardly lower than that of the trivial baseline on the same split, and no metric is better."""
    seen, (trivial, method) = story.beside_trivial, least_constant(story)
    if may_be_chance(story) or seen is None or (seen.trivial <= seen.perfect and is_near(story, seen)):
        return None
    # What counts is how far the loss is above that of a perfect answer, which some losses put below zero.
    if seen.reached - seen.perfect < MARGIN * (trivial - seen.perfect) or better_by_metric(story):
        return None
    stopped = stopped_too_early(story)
    if stopped is not None and stopped.severity != "note":  # a rule has not let it come further
        return None
    facts = {
        "split": seen.split,
        "reached": seen.reached,
        "method": method,
        "trivial": trivial,
        "weighed": seen.weighed,
    }
    advice = longer(story, 0, why="") if story.planned else checked(story, why="can it learn one batch?")
    return Finding(code="no_better_than_trivial", severity="warning", facts=facts, advice=advice)


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
