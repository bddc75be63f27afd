"""Inputs far from unit scale, as the first layer that learns takes them, where the training suffers from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dlcli.config import Config
from dlcli.config.setting_path import setting_path
from dlcli.finding import Advice, Finding, Setting, only_name
from dlcli.spec import KerasObject, plain
from dlcli.training.evidence.inputs_seen import InputSeen
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.rate import written_rate
from dlcli.training.verdict.advice import fitting_rate, usual_rate
from dlcli.training.verdict.far_values import thrown_by_values
from dlcli.training.verdict.network_beside import beside_network, far_behind
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.standing import (
    beside_trivial_in_training,
    counts_classes_alike,
    has_settled,
    left_in_training,
    mistakes_left,
    struggles,
)
from dlcli.training.verdict.story import Story

LARGE, SMALL = 5.0, 0.01
"""A root mean square above the first, or a largest deviation below the second, is far from 1."""
RATHER, UNEVEN = 3.0, 30.0
"""A root mean square, and so many times the least deviation of a feature the largest, from which on inputs are looked at where a
network that takes scaled ones knows far more."""
BEYOND = 10.0
"""So many times the rate that would fit scaled inputs is too high for these too."""
MORE = 0.1
"""So much more of the trivial loss is taken away by a network that takes scaled inputs."""
WILD, THROWN, MUCH = 3.0, 0.15, 0.3
"""So many times the trivial loss of a first epoch that was thrown away, the share that is left of it then, and one that is
much at the end."""
BYTE = 255.0
"""The largest number of a byte, which most pictures are made of."""
EACH = "each feature then has mean 0 and deviation 1"
"""Why numbers are normalized."""
FEW_GREYS, ROUNDED, HALF = 16, 1e-3, 0.5
"""Up to so large a number pictures are no bytes; what is so little above 1 is rounded, and from the last on it is near 1."""


def inputs_far_from_scale(story: Story) -> Finding | None:
    """Seen where a layer that learns takes numbers far from unit scale, and much of the training loss is left."""
    thrown = thrown_by_values(story, "input", "inputs_far_from_scale")
    if thrown is not None:
        return thrown
    far = far_inputs(story.looks.inputs())
    suffers = bool(far) and (struggles(story) or was_wild(story) or scaled_know_more(story))
    far = far if suffers else behind_scaled(story)
    if not far or beyond_scale(story, far):
        return None
    facts: dict[str, Any] = {
        "inputs": [
            {
                "input": each.name,
                "layer": each.layer,
                "features": 1 if each.column else each.features,
                "mean": each.mean,
                "deviation": each.deviation,
                "size": each.size,
                "uneven": each.uneven if each.uneven > UNEVEN and not suffers else None,
            }
            for each in far
        ],
        "beside": None if suffers else beside_network(story),
    }
    names = list(dict.fromkeys(each.name for each in far))
    advice = scaled_both(story, far)
    return Finding(code="inputs_far_from_scale", severity="warning", where=only_name(names), facts=facts, advice=advice)


def was_wild(story: Story) -> bool:
    """Whether the first epoch was thrown far above the trivial loss, of which much is still left."""
    seen, share = beside_trivial_in_training(story), left_in_training(story)
    return (
        seen is not None
        and share is not None
        and share > THROWN
        and story.above("train")[0] > WILD * (seen.trivial - seen.perfect)
    )


def scaled_know_more(story: Story) -> bool:
    """Whether much is left that a small network, which takes each feature by its deviation, knows."""
    own = mistakes_left(story)
    network = story.looks.small_network() if own is not None and own > MUCH else None
    return own is not None and network is not None and network.left(balanced=counts_classes_alike(story)) <= own - MORE


def behind_scaled(story: Story) -> list[InputSeen]:
    """What layers take that is far from scale, or, once a training has settled, rather far or uneven, of a model that is far
    behind a small network, which takes each feature by its deviation."""
    inputs = story.looks.inputs()
    rather = [each for each in inputs if each.size > RATHER or each.uneven > UNEVEN] if has_settled(story) else []
    far = rather or far_inputs(inputs)
    if not far or story.looks.pictures or far_behind(story) is None:
        return []
    return sorted(far, key=lambda each: -abs(math.log10(max(each.size, 1e-12))))


def beyond_scale(story: Story, far: Sequence[InputSeen]) -> bool:
    """Whether the rate is too high for inputs of any scale: a rate that fits falls as the square of their size.

    Of pictures the rate that fits them scaled is measured first, as there may be time for one alone.
    """
    advice = scaled_inputs(story.config, far, pictures=True) if story.looks.pictures else []
    scaled = rate_of_scaled(story, advice)
    proposed = story.looks.rate()
    if proposed is None and scaled is not None:
        return story.rate > BEYOND**2 * scaled
    return proposed is not None and story.rate > BEYOND * max(1.0, far[0].size) ** 2 * proposed


def far_inputs(inputs: Sequence[InputSeen]) -> list[InputSeen]:
    """What layers that learn take far from unit scale, the farthest first."""
    far = [each for each in inputs if each.size > LARGE or 0 < each.spread < SMALL]
    return sorted((each for each in far if each.size > 0), key=lambda each: -abs(math.log10(each.size)))


def scaled_both(story: Story, far: Sequence[InputSeen]) -> list[Advice]:
    """The preparation of the inputs, and with it the scale of a target that is far as well: one alone may make it worse."""
    advice = scaled_inputs(story.config, far, pictures=story.looks.pictures)
    target = story.looks.target() if advice else None
    beside = [replace(each, joined=True) for each in (target.advice if target is not None else ())]
    return [*advice, *rate_beside(story, advice), *beside]


def rate_beside(story: Story, advice: Sequence[Setting]) -> list[Advice]:
    """The rate that fits inputs once they are of unit scale, where it is another: one that was right for numbers to 255, or in
    the thousands, makes steps too short then."""
    rate = rate_of_scaled(story, advice)
    if rate is None and advice and story.looks.pictures:
        usual = usual_rate(story, so_far="steps are too short for numbers between 0 and 1")
        return [replace(each, joined=True) if isinstance(each, Setting) else each for each in usual]
    return fitting_rate(story, rate, why="the range test with inputs of that scale")


def rate_of_scaled(story: Story, advice: Sequence[Setting]) -> float | None:
    """The rate that fits inputs with an advice about them; None where none is written, or known."""
    if not advice or written_rate(story.config.optimizer) is None:
        return None
    return story.looks.rate_scaled(times_as_large(advice))


def scaled_inputs(config: Config, far: Sequence[InputSeen], *, pictures: bool) -> list[Setting]:
    """The preparation that fits the kind of input; none where one stands there already."""
    if (factor := factor_among_layers(config)) is not None:
        return other_among_layers(far, factor, pictures=pictures)
    named = config.data.inputs if isinstance(config.data.inputs, dict) and not config.data.prepare else {}
    bare = [name for name in dict.fromkeys(each.input for each in far) if name in named and not named[name].prepare]
    if config.data.prepares and bare:
        return [
            Setting(key=setting_path(("data", "inputs", name, "prepare")), old=[], new=["Normalization"], why=EACH)
            for name in bare
        ]
    if config.data.prepares and far:
        return other_factor(config, far) if pictures else without_factor(config, far)
    if not far:
        return []
    least, largest = min(each.least for each in far), max(each.largest for each in far)
    if pictures and least >= 0:
        new: list[Any] = [{"Rescaling": {"scale": fitting_factor(largest)}}]
        return [Setting(key="data.prepare", old=[], new=new, why="brings the numbers of pictures between 0 and 1")]
    return [Setting(key="data.prepare", old=[], new=["Normalization"], why=EACH)]


def fitting_factor(largest: float) -> float:
    """The factor that brings numbers from 0 to the largest one between 0 and 1."""
    return float(f"{1 / (BYTE if FEW_GREYS < largest <= BYTE else largest):.4g}")


def factor_among_layers(config: Config) -> float | None:
    """The factor of a first layer that rescales all that a model takes."""
    first = config.layers if config.written_layers() else []
    return None if not first or config.data.prepares else factor_of(getattr(first[0], "keras", None))


def other_among_layers(far: Sequence[InputSeen], factor: float, *, pictures: bool) -> list[Setting]:
    """Another factor there, which brings pictures between 0 and 1, and leaves other numbers as they are; these are brought to
    unit scale each where that does not do."""
    if not far:
        return []
    key = "layers.0.scale"
    if pictures and min(each.least for each in far) >= 0:
        new = fitting_factor(max(each.largest for each in far) / factor)
        return [Setting(key=key, old=factor, new=new, why="brings the numbers of pictures between 0 and 1")]
    here = Setting(key=key, old=factor, new=1.0, why="the numbers of the data are as large as they have to be")
    if not far_inputs(unscaled(far, factor)):
        return [here]
    why = "what has unit scale is not to be rescaled again"
    return [
        Setting(key="data.prepare", old=[], new=["Normalization"], why=EACH),
        replace(here, why=why, joined=True),
    ]


def without_factor(config: Config, far: Sequence[InputSeen]) -> list[Setting]:
    """Nothing in place of a factor that brings what is no picture far from unit scale, or what brings each feature there."""
    factors = factors_of(config)
    if not factors:
        return []
    key, old = "data.prepare", plain(config.data.prepare)
    if far_inputs(unscaled(far, math.prod(factors))):
        return [Setting(key=key, old=old, new=["Normalization"], why=EACH)]
    return [Setting(key=key, old=old, new=[], why="the numbers of the data are as large as they have to be")]


def unscaled(far: Sequence[InputSeen], factor: float) -> list[InputSeen]:
    """What a layer takes, before it was rescaled."""
    return [replace(each, size=each.size / factor, spread=each.spread / factor) for each in far]


def other_factor(config: Config, far: Sequence[InputSeen]) -> list[Setting]:
    """Another factor for pictures that are rescaled alone, by one that does not fit; no layer for those between 0 and 1."""
    steps, factors = config.data.prepare, factors_of(config)
    if not factors or min(each.least for each in far) < 0:
        return []
    largest = max(each.largest for each in far) / math.prod(factors)
    for kept in range(len(steps)):
        if HALF <= largest * math.prod(factors[:kept]) <= 1 + ROUNDED:
            why = f"the numbers of pictures are between 0 and 1 {'with so much of it' if kept else 'without it'}"
            return [Setting(key="data.prepare", old=plain(steps), new=plain(steps[:kept]), why=why)]
    if len(steps) > 1:
        return []
    why = "brings the numbers of pictures between 0 and 1"
    return [Setting(key="data.prepare.0.scale", old=factors[0], new=fitting_factor(largest), why=why)]


def factors_of(config: Config) -> list[float]:
    """The factors by which all inputs are rescaled one after the other; none where something else prepares them."""
    found = [factor_of(step) for step in config.data.prepare]
    return [] if None in found else [each for each in found if each is not None]


def factor_of(step: Any) -> float | None:
    """The factor of a layer that does nothing else than to rescale; None of another one."""
    if not isinstance(step, KerasObject) or step.name != "Rescaling":
        return None
    factor, offset = step.arguments.get("scale"), step.arguments.get("offset", 0.0)
    return float(factor) if isinstance(factor, int | float) and factor > 0 and offset == 0 else None


def times_as_large(advice: Sequence[Setting]) -> float | None:
    """So many times as large as they are inputs are with an advice about them; None of each feature in units of its own."""
    first = advice[0]
    if first.key.endswith(".scale"):
        return float(first.new / first.old)
    if "Normalization" in first.new:
        return None
    if first.old:  # layers that rescale are left out
        return 1 / math.prod(float(each["Rescaling"]["scale"]) for each in first.old[len(first.new) :])
    return float(first.new[0]["Rescaling"]["scale"])


RULE = Rule("inputs_far_from_scale", inputs_far_from_scale, frozenset({"diverged", "one_class_only"}))


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def taking(size: float, spread: float = 1.0, reached: float = 0.9) -> Story:
        seen = InputSeen("dense", "x", "year", size, spread, size, 0.0, 2 * size, spread, True)
        train = story(validation=[reached]).beside_trivial
        return replace(story(validation=[0.95, reached]), looks=Looks(inputs=lambda: [seen], train=lambda: train))

    return [
        (taking(5.1), True),
        (taking(4.9), False),
        (taking(5.1, reached=0.29), False),
        (taking(1.0, spread=0.011), False),
    ]
