"""The loss or the weights are no longer finite, or the loss has risen for good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.verdict.advice import tested_rate, together
from dlcli.training.verdict.exploding_gradients import bounded_step
from dlcli.training.verdict.inputs_far_from_scale import beyond_scale, far_inputs, scaled_both
from dlcli.training.verdict.rate_signs import heavy_momentum
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.story import Broke, Story
from dlcli.training.verdict.target_far_from_scale import no_scale_helps, scaled_target
from dlcli.training.verdict.written import usual_weights, written_argument

FAR_ABOVE = 10.0
"""So many times its first value is where a loss has not merely wobbled."""
FEWEST = 4
FAR = 10.0
"""So far from 0 inputs make every step large, whatever the learning rate."""
EXPLODED = 1e3
"""A gradient so many times as large as its weights was there before any step."""


def diverged(story: Story) -> Finding | None:
    """Seen where numbers ended, or where the loss rose for good; never while it falls, whatever its size."""
    facts: dict[str, Any]
    if story.broke is not None:
        broke = story.broke
        facts = {"what": broke.what, "value": broke.value, "epoch": broke.epoch, "weight": broke.weight}
    else:
        train = story.above("train")
        half = len(train) // 2
        rises = len(train) >= FEWEST and train[-1] > FAR_ABOVE * train[0] and min(train[half:]) > train[0]
        if not rises or train[-1] < 0.5 * max(train):
            return None
        losses = story.losses("train")
        facts = {"what": "rise", "value": losses[-1], "first": losses[0], "epoch": len(losses), "weight": None}
    cause, advice = cause_of(story)
    facts |= {"cause": cause, "learning_rate": story.rate}
    return Finding(code="diverged", severity="error", facts=facts, advice=advice)


def cause_of(story: Story) -> tuple[str, list[Advice]]:
    """What most likely threw it out, and what to do about that."""
    if story.broke is not None and story.broke.empty:
        return "padding", []
    negative = story.looks.below_logarithms() if story.broke is not None else ()
    if negative:
        why = "the loss takes a logarithm of what the layer puts out, which is then above 0"
        entries = [entry for _, entry in negative if entry is not None]
        return "logarithm", together(
            Setting(
                key=f"{each}.activation",
                old=written_argument(story.config, each, "activation"),
                new="softplus",
                why=why,
            )
            for each in entries
        )
    far = far_inputs(story.looks.inputs())
    if story.broke is not None and story.broke.first:
        return "start", scaled_both(story, far) if story.broke.far else usual_first(story)
    if far and far[0].size > FAR and not beyond_scale(story, far):
        return "inputs", scaled_both(story, far)
    target = story.looks.target()
    if target is not None and target.advice and not no_scale_helps(story):
        return "target", scaled_target(story)
    begun = story.looks.begun()
    usual = usual_first(story)
    repeated = any(each.about.endswith("recurrent_initializer") for each in usual)
    exploding = [each for each in begun.gradients if (each.ratio or 0.0) > EXPLODED] if begun is not None else []
    if exploding or repeated:  # what is repeated step by step grows with the steps
        return "first_weights", usual
    return "rate", heavy_momentum(story) or tested_rate(story, why="the range test on this model")


def usual_first(story: Story) -> list[Advice]:
    """The usual first weights where others are written; of a layer that repeats them step by step with a bound as well."""
    begun = story.looks.begun()
    entries = [each.entry for each in begun.gradients] if begun is not None else []
    why = "the first weights that are written make every layer or step larger than the one before"
    found = usual_weights(story.config, entries, kernel="glorot_uniform", why=why)
    repeats = any(each.about.endswith("recurrent_initializer") for each in found)
    return [*found, *(replace(each, joined=True) for each in bounded_step(story.config))] if repeats else found


RULE = Rule("diverged", diverged)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    rising = [1.0, 1.2, 4.0, 9.0, 10.1]
    return [
        (story(train=rising, validation=rising), True),
        (story(train=[1.0, 1.2, 4.0, 9.0, 9.9], validation=rising), False),
        (story(train=[9e6, 6e6, 3e6, 1e6, 9e5], validation=rising), False),
        (replace(story(validation=[0.5]), broke=None), False),
    ]


def broken_cases(story: Callable[..., Story]) -> list[Story]:
    """Stories of trainings that broke down, of a loss and of a weight."""
    told = story(validation=[0.5, 0.4])
    return [
        replace(told, broke=Broke("loss", float("nan"), 3)),
        replace(told, broke=Broke("weight", float("inf"), 3, "dense/kernel")),
    ]
