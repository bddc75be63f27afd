"""Gradients that dwarf the weights that they belong to, before any step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from dlcli.config import Config
from dlcli.finding import Advice, Finding, Setting
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.layers_seen import LayersSeen
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.cannot_fit import told_of_zeros, unreachable
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.standing import beside_trivial_in_training, left, struggles
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.written import usual_weights

CLIPS = frozenset({"clipnorm", "global_clipnorm", "clipvalue"})
"""The arguments of an optimizer that cut gradients."""
MUCH = 0.5
"""Where half of the trivial loss and more is gone, what is left has other reasons."""
THROWN = 1.5
"""So many times the trivial loss is left on validation where answers are thrown about, however well the training samples go."""
LITTLE = 0.1
"""So much of the trivial loss is left of a model that has spent its epochs on coming back."""
FAR = 2.0
"""So many times the trivial loss a first epoch was far from any answer, with first weights that are written."""
BEGUN = 10.0
"""So many times the trivial loss a model begins at whose first weights throw its answers away before any step."""
EXPLODED = 1e3
"""A gradient so many times as large as the weights that it belongs to."""


def exploding_gradients(story: Story) -> Finding | None:
    """Seen where a layer's gradient before the first step is not finite, or dwarfs its weights, and little is learnt."""
    begun = story.looks.begun()
    bad = [each for each in begun.gradients if explodes(each)] if begun is not None else []
    if unreachable(story) is not None or told_of_zeros(story) is not None:
        return None  # what cannot be reached pulls as hard as it is far
    if begun is None or not bad:
        return far_from_start(story) if struggles(story, above=LITTLE) or (left(story) or 0.0) > THROWN else None
    if not (struggles(story, above=MUCH) or (left(story) or 0.0) > THROWN):
        return None
    facts = {"why": "gradient", "layer": bad[0].layer, "norm": bad[0].norm, "weights": bad[0].weights}
    advice = smaller_weights(story, begun.gradients)
    return Finding(code="exploding_gradients", severity="warning", where=bad[0].layer, facts=facts, advice=advice)


def far_from_start(story: Story) -> Finding | None:
    """Seen where the first weights that are written put answers far away, so that epochs are spent on coming back."""
    seen, train = beside_trivial_in_training(story), story.above("train")
    weights, samples = story.config.train.class_weight, story.config.train.sample_weight
    weighed = weights not in (None, "balanced") or samples is not None  # balanced ones count one on the whole
    cost = sum(each.cost for each in story.looks.penalties())
    if seen is None or weighed or not train or train[0] <= FAR * (seen.trivial - story.perfect + cost):
        return None
    why = "the first weights that are written put the first answers far from all targets"
    entries = [f"layers.{number}" for number in range(len(story.config.written_layers()))]
    found = [
        each
        for each in usual_weights(story.config, entries, kernel="glorot_uniform", why=why)
        if not isinstance(each, Setting) or str(each.old).lower() != "zeros"
    ]
    if not found:
        return None
    facts = {"why": "answers", "first": story.losses("train")[0], "trivial": seen.trivial}
    return Finding(code="exploding_gradients", severity="warning", facts=facts, advice=found)


def begins_far(story: Story) -> bool:
    """Whether first weights that are written threw gradients or answers away before any step was made: no rate did that."""
    found, begun, seen = exploding_gradients(story), story.looks.begun(), beside_trivial_in_training(story)
    if found is None or begun is None or not any("initializer" in each.about for each in found.advice):
        return False
    if found.facts["why"] == "gradient":
        return True
    loss = begun.loss
    return seen is not None and loss is not None and not loss <= BEGUN * (seen.trivial - story.perfect)


def explodes(each: LayerGradient) -> bool:
    """Whether a gradient is not finite or dwarfs its weights."""
    return each.norm is not None and (not math.isfinite(each.norm) or (each.ratio or 0.0) > EXPLODED)


def smaller_weights(story: Story, gradients: list[LayerGradient]) -> list[Advice]:
    """The usual first weights where others are written, else a bound for the length of a step."""
    why = "the first weights that are written make every layer larger than the one before"
    found = usual_weights(story.config, [each.entry for each in gradients], kernel="glorot_uniform", why=why)
    return found or [*bounded_step(story.config)]


def bounded_step(config: Config) -> list[Setting]:
    """A bound for the length of a step, where none is set."""
    if CLIPS & {*config.optimizer.arguments}:
        return []
    return [Setting(key="optimizer.clipnorm", old=None, new=1.0, why="a step then has a bounded length")]


RULE = Rule(
    "exploding_gradients",
    exploding_gradients,
    frozenset({"diverged", "inputs_far_from_scale", "target_far_from_scale", "one_class_only"}),
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def arrived(norm: float) -> Story:
        layers = LayersSeen([LayerGradient("dense", "Dense", None, norm, 1.0, False)], [])
        return replace(story(validation=[0.95, 0.9]), looks=Looks(begun=lambda: layers))

    return [(arrived(1001.0), True), (arrived(999.0), False)]
