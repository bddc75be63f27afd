"""The model is no better than giving every sample the same answer."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.spec import KerasObject
from dlcli.training.compared import EVEN, Compared
from dlcli.training.verdict.longer import longer
from dlcli.training.verdict.story import Story

MARGIN = 0.98
HIGHEST_RATE = 1.0
"""No higher rate is proposed: with it most optimizers leave every minimum."""
LARGE_TARGET = 1e4
"""A trivial loss from which on the numbers of the target are far from unit scale."""


def no_better_than_baseline(story: Story) -> Finding | None:
    """Seen when the loss is hardly lower than that of the trivial baseline on the same split."""
    seen, (trivial, method) = story.beside_trivial, least_constant(story)
    if seen is None or (seen.trivial <= seen.perfect and is_near(story, seen)):
        return None
    # What counts is how far the loss is above that of a perfect answer, which some losses put below zero.
    if seen.reached - seen.perfect < MARGIN * (trivial - seen.perfect):
        return None
    far = story.target()
    advice = [*story.scaling(), *(seek(story, trivial) if far is None else far.advice)]
    facts = {
        "split": seen.split,
        "reached": seen.reached,
        "method": method,
        "trivial": trivial,
        "weighed": seen.weighed,
        **({} if far is None else {"far_targets": far.facts["targets"]}),
    }
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


def seek(story: Story, trivial: float) -> list[Setting]:
    """A higher rate and more epochs, where either can help."""
    advice = []
    losses, rate = story.losses("train"), story.history[0]["learning_rate"]
    if story.turned is None and losses[-1] < losses[0] and rate < HIGHEST_RATE:
        # An optimizer moves a weight by about its rate a step; a target in the thousands is many such steps away.
        faster = min(HIGHEST_RATE, rate * (100 if trivial > LARGE_TARGET else 10))
        why = "the loss falls, but slowly"
        advice.append(Setting(key=rate_key(story.config.optimizer), old=shortest(rate), new=shortest(faster), why=why))
    if story.turned is None and story.stop is StopReason.ALL_EPOCHS:
        # A model that learns its samples by heart needs neither more epochs nor a higher rate, and one that a rule has stopped
        # would not run them.
        advice += longer(story, story.config.train.epochs * 5, why="it may only have begun to learn")
    return advice


NEAR = 0.01


def is_near(story: Story, seen: Compared) -> bool:
    """Whether nearly all of the first epoch's loss is gone, where the constant answer is perfect: nothing can be better."""
    return seen.reached - seen.perfect <= NEAR * max(story.losses(seen.split)[0] - seen.perfect, 0)


def rate_key(optimizer: KerasObject) -> str:
    """The key that sets the rate: the optimizer's own, or that with which its schedule begins."""
    rate = optimizer.arguments.get("learning_rate")
    scheduled = isinstance(rate, KerasObject) and "initial_learning_rate" in rate.arguments
    return "optimizer.learning_rate.initial_learning_rate" if scheduled else "optimizer.learning_rate"


def shortest(rate: float) -> float:
    """A learning rate as a person would write it: float32 has seven digits."""
    return float(f"{rate:.6g}")


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    return [
        (story(validation=[0.9, 0.6, 0.5901], baseline=0.6), True),
        (story(validation=[0.9, 0.6, 0.5879], baseline=0.6), False),
        (story(validation=[0.9, 0.6, 0.5901], baseline=None), False),
        (story(validation=[1.0, 0.5, 0.0099], baseline=0.0), False),
    ]
