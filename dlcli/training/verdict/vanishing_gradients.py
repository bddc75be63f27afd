"""Gradients vanish on the way down, or never arrive."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dlcli.config import Config
from dlcli.finding import Advice, Finding, Setting
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.inputs_seen import InputSeen
from dlcli.training.evidence.layers_seen import LayersSeen
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.rate import rate_key, shortest, steps_by_rate
from dlcli.training.evidence.steeper import FITTING, STEEPER
from dlcli.training.verdict.advice import best_of_many
from dlcli.training.verdict.inputs_far_from_scale import far_inputs
from dlcli.training.verdict.little_weight import little_weights
from dlcli.training.verdict.rule import BROKEN_START, Rule
from dlcli.training.verdict.standing import (
    HARDLY,
    beside_trivial_in_training,
    frozen_from_the_first,
    left_in_training,
    struggles,
)
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.unread import padding_share
from dlcli.training.verdict.written import usual_weights, written_argument

VANISHED, LITTLE = 1e-4, 0.01
"""The share of the largest ratio of gradient to weights below which a layer hardly learns, where its own is little as well."""
DEEP, THINNED = 10, 0.02
"""From so many layers of relu behind each other on they thin what passes by half each, where a gradient is such a share of the
largest."""
FEWEST, STILL = 8, 0.97
"""So many epochs tell that a loss stood still for half of them, at such a share of the trivial one."""
TENTH = 10
"""The part of a rate that is left where no test tells a better one."""
SLOW, QUARTER, REST = 0.5, 4, 0.05
"""Such a share of the trivial loss was left after a quarter of all epochs where a model has hardly got under way, and so much is
left at the end where that is asked."""
MANY = 3
"""From so many activations on that are flat on both sides it is they that swallow the gradient."""


def vanishing_gradients(story: Story) -> Finding | None:
    """Seen where a layer's gradient before the first step is nothing, or orders of magnitude below that of the others."""
    begun = story.looks.begun()
    slow = got_under_way_slowly(story)
    if begun is None or not (struggles(story, above=0.5) or stood_still(story) or slow) or any(little_weights(story)):
        return None
    if padding_share(story) and (left_in_training(story) or 0.0) >= HARDLY:
        return None  # on the way back through padding any gradient is lost
    # What the size of the inputs does to a gradient, it does to the layer that takes them.
    taking = {each.layer for each in far_inputs(story.looks.inputs())}
    gradients = [each for each in begun.gradients if each.layer not in taking]
    thinned = smallest(gradients, share=THINNED) if is_thinned(story, gradients) else None
    seen = smallest(gradients) or thinned
    if seen is None:
        return None
    layer, ratio, largest = seen
    facts = {"layer": layer.layer, "ratio": ratio, "largest": largest}
    advice = kept_large(story.config, gradients) if thinned is not None else []
    advice = advice or arriving(story.config, begun.gradients, layer, beside=lambda names: bearable_steps(story, names))
    capacity = story.looks.capacity()
    if not advice and ((capacity is not None and capacity.narrow) or any(frozen_from_the_first(story).values())):
        return None  # what little passes, or is frozen, says it better
    if not advice and not (struggles(story, above=0.5) or stood_still(story)):
        return None
    return Finding(code="vanishing_gradients", severity="warning", where=layer.layer, facts=facts, advice=advice)


def stood_still(story: Story) -> bool:
    """Whether the loss stayed at the trivial level for half of all epochs, and there were some."""
    train, seen = story.above("train"), beside_trivial_in_training(story)
    if seen is None or len(train) < FEWEST:
        return False
    return min(train[: len(train) // 2]) >= STILL * (seen.trivial - seen.perfect)


def got_under_way_slowly(story: Story) -> bool:
    """Whether much of the trivial loss was left after a quarter of all epochs, and some still is."""
    train, seen = story.above("train"), beside_trivial_in_training(story)
    if seen is None or len(train) < FEWEST or not struggles(story, above=REST):
        return False
    return min(train[: len(train) // QUARTER]) >= SLOW * (seen.trivial - seen.perfect)


def is_thinned(story: Story, gradients: Sequence[LayerGradient]) -> bool:
    """Whether many layers that are 0 on one side stand behind each other with first weights that are for others, and the loss
    never left the trivial level."""
    share = left_in_training(story)
    return share is not None and share >= HARDLY and stood_still(story) and bool(kept_large(story.config, gradients))


def kept_large(config: Config, gradients: Sequence[LayerGradient]) -> list[Advice]:
    """First weights that make up for what relu leaves out, where many layers have it with those of Keras; else nothing."""
    places = {
        each.entry
        for each in gradients
        if each.entry is not None
        and written_argument(config, each.entry, "activation") == "relu"
        and written_argument(config, each.entry, "kernel_initializer") is None
    }
    written = config.written_layers()
    behind = [number for number in range(len(written)) if f"layers.{number}" in places]
    if len(behind) < DEEP:
        return []
    new = [each if number not in behind else fitted_to_relu(each) for number, each in enumerate(written)]
    why = (
        "relu leaves out half of what passes, which these first weights make up for; without that nothing is left of it"
    )
    return [Setting(key="layers", old=written, new=new, why=why)]


def fitted_to_relu(entry: Any) -> Any:
    """An entry with the first weights that belong to relu."""
    [(word, arguments)] = entry.items()
    return {word: {**arguments, "kernel_initializer": "he_normal"}}


def smallest(
    gradients: Sequence[LayerGradient], *, share: float = VANISHED
) -> tuple[LayerGradient, float, float] | None:
    """The layer whose gradient is least beside its weights, if it is next to nothing beside that of the others."""
    # Weights that are all 0 have a gradient, or none, that no ratio tells.
    sizes = {each: each.norm or 0.0 for each in gradients if each.learns and each.weights == 0}
    sizes |= {each: each.ratio or 0.0 for each in gradients if each.learns and each.weights}
    if len(sizes) < 2 or not all(map(math.isfinite, sizes.values())):
        return None
    largest, layer = max(sizes.values()), min(sizes, key=lambda each: sizes[each])
    return None if sizes[layer] >= min(share * largest, LITTLE) else (layer, sizes[layer], largest)


def arriving(
    config: Config,
    gradients: Sequence[LayerGradient],
    layer: LayerGradient,
    *,
    beside: Callable[[Sequence[str]], list[Advice]],
) -> list[Advice]:
    """First weights that differ where they are written as 0; else other activations where many are flat on both sides, and what
    is set `beside` these in such layers."""
    zeros = [
        each
        for each in gradients
        if each.entry is not None and str(written_argument(config, each.entry, "kernel_initializer")).lower() == "zeros"
    ]
    if zeros:
        why = "weights that are all 0 let no gradient through, and keep units equal"
        settings = dict.fromkeys(f"{each.entry}.kernel_initializer" for each in zeros)
        return [Setting(key=key, old="zeros", new="glorot_uniform", why=why) for key in settings]
    entries = [each.entry for each in gradients]
    usual = usual_weights(
        config, entries, kernel="he_normal", why="the first weights that are written let nothing through"
    )
    if usual:
        return usual
    behind = [*gradients][[*gradients].index(layer) :]
    flat = [each for each in behind if each.saturates and each.entry is not None]
    places = list(dict.fromkeys(each.entry for each in flat))
    if len(flat) < MANY or not places:
        return []
    other = other_activations(config, [each for each in places if each is not None])
    return [*other, *beside([each.layer for each in flat])] if other else []


def other_activations(config: Config, places: Sequence[str]) -> list[Advice]:
    """An activation that is not flat in the entries at these places."""
    why = "each activation that is flat on both sides passes on less; this one keeps mean and deviation"
    written = config.written_layers()
    if len(places) == 1:
        return [Setting(key=f"{places[0]}.activation", old=None, new=STEEPER, why=why)]
    new = [steeper(each) if f"layers.{number}" in places else each for number, each in enumerate(written)]
    return [Setting(key="layers", old=written, new=new, why=why)] if new != written else []


def steeper(entry: Any) -> Any:
    """An entry with an activation that keeps the size of what passes, and the first weights that belong to it."""
    if not isinstance(entry, dict) or len(entry) != 1:
        return entry
    [(word, arguments)] = entry.items()
    if not isinstance(arguments, dict) or "activation" not in arguments:
        return entry
    return {word: {**arguments, "activation": STEEPER, "kernel_initializer": FITTING}}


def bearable(config: Config, rate: float | None, tested: float | None) -> list[Advice]:
    """A rate that is borne where what vanished before arrives whole: the tested one, where that is lower.

    Where none was found by a test it is a tenth, of an optimizer whose steps are as long as gradients are large.
    """
    if rate is None or (tested is None and steps_by_rate(config.optimizer.name)):
        return []
    new = float(f"{rate / TENTH:.1g}") if tested is None else tested
    if new >= rate:
        return []
    why = "with the other activations gradients arrive whole, and steps are longer by as much"
    return [Setting(key=rate_key(config.optimizer), old=shortest(rate), new=new, why=why, joined=True)]


def bearable_steps(story: Story, layers: Sequence[str]) -> list[Advice]:
    """Such a rate beside other activations in these layers, and early stopping beside another rate."""
    rate = bearable(story.config, story.rate, story.looks.rate_steeper(tuple(layers)))
    return [*rate, *best_of_many(story)] if rate else []


RULE = Rule(
    "vanishing_gradients",
    vanishing_gradients,
    BROKEN_START - {"inputs_far_from_scale"} | {"one_class_only", "dead_units", "statistics_lag"},
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def arrived(*norms: float, reached: float = 0.9, far: str | None = None) -> Story:
        layers = LayersSeen(
            [LayerGradient(f"dense_{at}", "Dense", None, each, 1.0, False) for at, each in enumerate(norms)], []
        )
        train = story(validation=[reached]).beside_trivial
        taken = [] if far is None else [InputSeen(far, "x", "year", 9.0, 1.0, 9.0, 0.0, 18.0, 1.0, True)]
        looks = Looks(begun=lambda: layers, train=lambda: train, inputs=lambda: taken)
        return replace(story(validation=[0.95, reached]), looks=looks)

    return [
        (arrived(1.0, 0.00009, 1.0, far="dense_0"), True),
        (arrived(0.00009, 1.0, 1.0, far="dense_0"), False),
        (arrived(0.00011, 1.0), False),
        (arrived(1.0, 0.011, 1000.0), False),
        (arrived(0.00009, 1.0, reached=0.49), False),
    ]
