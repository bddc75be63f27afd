"""A target far from unit scale, where the training suffers from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting, only_name
from dlcli.training.evidence.looks import Looks
from dlcli.training.scaling import TargetSeen
from dlcli.training.verdict.advice import fitting_rate
from dlcli.training.verdict.cannot_fit import OTHER, unreachable
from dlcli.training.verdict.far_values import thrown_by_values
from dlcli.training.verdict.little_weight import little_weights
from dlcli.training.verdict.network_beside import beside_network
from dlcli.training.verdict.rate_too_high import FAR_BELOW
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.standing import beside_trivial_in_training, has_settled, left_in_training, struggles
from dlcli.training.verdict.story import Story

FEWEST, PART = 3, 4
"""So many epochs above the trivial loss, and one of so many of all, are lost on the way to the target."""

TESTED = "the range test with targets of that scale"
SOME = 0.1
"""So much of the smallest numbers of a target may be left without a word."""
MUCH = 0.5
"""A loss that came down to the trivial one early, and by half since, has what is left from elsewhere."""


def target_far_from_scale(story: Story) -> Finding | None:
    """Seen where a target of numbers is so large or small, or so far from 0, that no rate fits it and the weights."""
    thrown = thrown_by_values(story, "target", "target_far_from_scale")
    if thrown is not None:
        return thrown
    among_others = outweighs(story)
    if among_others is not None:
        return among_others
    target = story.looks.target()
    if target is None or not (struggles(story, above=MUCH) or crept(story) or drowned(story, target)):
        return behind_in_units(story)
    if no_scale_helps(story):
        return None
    return far_from_scale(target, scaled_target(story))


def far_from_scale(target: TargetSeen, advice: list[Advice]) -> Finding:
    """The targets, with what brings them to unit scale."""
    facts: dict[str, Any] = {"targets": target.deviations, "means": target.means, "least": target.least}
    where = only_name([*target.deviations])
    return Finding(code="target_far_from_scale", severity="warning", where=where, facts=facts, advice=advice)


def scaled_target(story: Story) -> list[Advice]:
    """The settings that bring targets to unit scale, and the rate that fits them then, where it is another."""
    target = story.looks.target()
    if target is None or not target.advice:
        return []
    return [*target.advice, *fitting_rate(story, story.looks.rate_in_units(), why=TESTED)]


def outweighs(story: Story) -> Finding | None:
    """Seen where one target of several hardly counts, and is hardly learnt, because of the scale of another, or of its own."""
    target, seen = story.looks.target_rather(), next((each for each in little_weights(story) if each.by_scale), None)
    if target is None or seen is None or not target.advice or unreachable(story) is not None:
        return None
    rate = story.looks.rate_in_rather()
    if rate is not None and story.rate >= FAR_BELOW * rate:
        return None
    found = far_from_scale(target, [*target.advice, *fitting_rate(story, rate, why=TESTED)])
    return replace(
        found, facts={**found.facts, "drowned": {"target": seen.target, "counts": seen.share, "left": seen.left}}
    )


def behind_in_units(story: Story) -> Finding | None:
    """Seen where a target is rather far from unit scale, and a training that has come to rest, or spent much of its time on the
    way, is far behind a small network, which learns it in units of its own, as any training of one that is very far; not where
    the rate is as far from one for these."""
    target = story.looks.target_rather()
    if target is None or not target.advice:
        return None
    if not (has_settled(story) or crept(story) or story.looks.target() is not None):
        return None
    beside = None if unreachable(story) is not None else beside_network(story)
    if beside is None:
        return None
    rate = story.looks.rate_in_rather()
    if rate is not None and not rate / OTHER < story.rate < FAR_BELOW * rate:
        return None
    found = far_from_scale(target, [*target.advice, *fitting_rate(story, rate, why=TESTED)])
    return replace(found, facts={**found.facts, "beside": beside})


def drowned(story: Story, target: TargetSeen) -> bool:
    """Whether what is left of the loss, which is that of the largest numbers of a target, may be all of the smallest."""
    share = left_in_training(story)
    ratios = [target.deviations[name] / least for name, least in target.least.items()]
    return share is not None and any(share * ratio**2 > SOME for ratio in ratios)


def crept(story: Story) -> bool:
    """Whether a quarter of all epochs, and some, did not come down to the trivial loss: the way to where the target lies."""
    train, seen = story.above("train"), beside_trivial_in_training(story)
    if seen is None:
        return False
    far = next((at for at, loss in enumerate(train) if loss < seen.trivial - seen.perfect), len(train))
    return far >= max(FEWEST, len(train) / PART)


def no_scale_helps(story: Story) -> bool:
    """Whether the last activation cannot reach targets of any scale, or the rate is too high for those of unit scale as well."""
    if unreachable(story) is not None:
        return True
    proposed = story.looks.rate_in_units()
    return proposed is not None and story.rate >= FAR_BELOW * proposed


RULE = Rule("target_far_from_scale", target_far_from_scale, frozenset({"diverged", "one_class_only"}))


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    scale = Setting(key="data.target", old="y", new={"column": "y", "scale": "standard"}, why="it is far from 1")
    far = TargetSeen({"y": 1e6}, {"y": 0.0}, [scale])

    def told(reached: float, seen: TargetSeen | None) -> Story:
        train = story(validation=[reached]).beside_trivial
        return replace(story(validation=[0.95, reached]), looks=Looks(target=lambda: seen, train=lambda: train))

    return [(told(0.51, far), True), (told(0.49, far), False), (told(0.51, None), False)]
