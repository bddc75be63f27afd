"""The model cannot put out the targets, or cannot be what the data asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.evidence.capacity import Capacity
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.reach import Reach
from dlcli.training.verdict.advice import together
from dlcli.training.verdict.network_beside import beside_network
from dlcli.training.verdict.rule import BROKEN_START, NO_GRADIENT, Rule
from dlcli.training.verdict.short_sighted import short_sighted
from dlcli.training.verdict.shut import shut
from dlcli.training.verdict.standing import (
    beside_trivial_in_training,
    counts_classes_alike,
    has_settled,
    left_in_training,
    mistakes_left,
    neighbours_left,
    struggles,
    weighs,
)
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.written import takes_by_name

BEYOND = 0.05
"""So many of the targets beyond what the last activation can reach are no outliers."""
MORE = 0.25
"""So much more of the trivial loss the neighbours of a sample take away than the model does."""
SOME = 0.1
"""The same for a model that squeezes all through a few units, which is no matter of training."""
LEAST, HALF = 0.15, 0.5
"""So much of the trivial loss is left where it is asked why; a network that leaves half of it and a tenth less knows more."""
OTHER, MANY = 20.0, 1000
"""So many times higher a rate is another one, unless so many steps were made at the one that is written."""
CLEAR, COSTS = 0.1, 0.05
"""Below the first share of the trivial loss nothing is to be explained; ends that cost the second are seen whatever neighbours
of samples know."""
ZEROS = 0.01
"""From such a share of targets of 0 on a loss that divides by them tells of no others."""
SLIGHT, OF_LEFT = 0.02, 0.4
"""So much of the trivial loss is left where ends that alone cost such a share of what is left are seen all the same."""
WIDE = 32
"""Units that are enough for a first try."""
FEW, UNSETTLED, NEARBY = 2, 10, 4.0
"""Through so few units or filters even what has not come to rest after so many epochs passes too slowly, unless a rate so many
times higher is safe."""


def cannot_fit(story: Story) -> Finding | None:
    """Seen by the range of the last activation, by answers at its end, or where neighbours know what a linear or narrow model
    cannot learn."""
    zeros = told_of_zeros(story)
    if zeros is not None:
        return zeros
    reach = unreachable(story)
    if reach is not None:
        facts = facts_of(reach)
        advice = unbent(reach)
        return Finding(code="cannot_fit", severity="warning", where=reach.layer, facts=facts, advice=advice)
    return silent_answers(story) or short_sighted(story) or too_simple(story)


def silent_answers(story: Story) -> Finding | None:
    """Seen where an answer stands at the end of the last activation for every sample, and the training suffers from it."""
    silent = next(iter(story.looks.silenced()), None)
    if silent is None or not poor(story):
        return None
    facts: dict[str, Any] = {
        "why": "silent",
        "target": silent.target,
        "layer": silent.layer,
        "activation": silent.activation,
    }
    facts |= {"units": silent.units, "silent": silent.silent, "value": silent.value, "classes": silent.classes}
    why = "an answer at the end of an activation passes no gradient, and stays there"
    setting = Setting(key=f"{silent.entry}.activation", old=silent.activation, new="linear", why=why)
    advice = [] if silent.entry is None else [setting]
    return Finding(code="cannot_fit", severity="warning", where=silent.layer, facts=facts, advice=advice)


def told_of_zeros(story: Story) -> Finding | None:
    """Seen where a loss divides by targets of which some are 0, so that these few are all that it tells of."""
    for target, loss, share, key in story.looks.divided_by_zero():
        if share >= ZEROS:
            why = "it divides by nothing, so that all samples count"
            advice = [Setting(key=key, old=loss, new="mae", why=why)]
            facts = {"why": "zeros", "target": target, "loss": loss, "share": share}
            return Finding(code="cannot_fit", severity="warning", where=target, facts=facts, advice=advice)
    return None


def unreachable(story: Story) -> Reach | None:
    """The last activation that cannot reach the targets, where the training suffers from it."""
    for reach in story.looks.reaches():
        suffers = reach.beyond > BEYOND and (struggles(story, above=CLEAR) or (reach.cost > COSTS and poor(story)))
        if suffers or (reach.beyond > BEYOND and is_what_is_left(story, reach)):
            return reach
    return None


def is_what_is_left(story: Story, reach: Reach) -> bool:
    """Whether something is left of the training loss, and much of that is what the ends alone cost."""
    seen, share = beside_trivial_in_training(story), left_in_training(story)
    if seen is None or share is None or share < SLIGHT or weighs(story):
        return False
    return reach.least_loss >= OF_LEFT * (seen.reached - seen.perfect)


def poor(story: Story) -> bool:
    """Whether more is left of the training loss than nothing, however much neighbours leave."""
    share = left_in_training(story)
    return share is None or share > CLEAR


def facts_of(reach: Reach) -> dict[str, Any]:
    """What can be put out beside the targets."""
    return {
        "why": "range" if reach.floor is None else "scores",
        "floor": reach.floor,
        "target": reach.target,
        "layer": reach.layer,
        "activation": reach.activation,
        "ends": [reach.low, reach.high],
        "targets": [reach.least, reach.most],
        "beyond": reach.beyond,
        "scaled": reach.scaled,
    }


def unbent(reach: Reach) -> list[Advice]:
    """The last layer without an activation."""
    if reach.entry is None:
        return []
    why = "a number may then be as large or small as the targets are"
    why = why if reach.floor is None else "scores may then be as far apart as an answer is sure"
    return [Setting(key=f"{reach.entry}.activation", old=reach.activation, new="linear", why=why)]


def too_simple(story: Story) -> Finding | None:
    """Seen where more epochs bring nothing, much of the loss is left, and the nearest neighbours of samples know much more; or
    where less is left, and a small network leaves far less of validation."""
    capacity = story.looks.capacity()
    if capacity is None or not (capacity.linear or capacity.narrow):
        return None
    if any(each.layer in capacity.frozen for each in capacity.narrow):  # that they learn is the first thing to do
        return None
    dead = shut(story) if capacity.narrow else None
    if dead is not None:
        facts: dict[str, Any] = {"why": "narrow", "dead": True}
        facts |= {"layer": dead.layer, "units": dead.units, "what": dead.key}
        return Finding(
            code="cannot_fit", severity="warning", where=dead.layer, facts=facts, advice=richer(story, capacity)
        )
    if not (has_settled(story) or hardly_passes(story, capacity)):
        return None
    beside = known_beside(story, capacity) or behind_network(story)
    if beside is None:
        return None
    rate = story.looks.rate()
    steps = story.history[-1].get("step", 0)
    if rate is not None and rate >= OTHER * story.rate and steps < MANY:  # it has not been let to learn
        return None
    facts = {"why": "linear" if capacity.linear else "narrow", **beside}
    if not capacity.linear:
        first = capacity.narrow[0]
        facts |= {"layer": first.layer, "units": first.units, "what": first.key}
    return Finding(code="cannot_fit", severity="warning", facts=facts, advice=richer(story, capacity))


def known_beside(story: Story, capacity: Capacity) -> dict[str, Any] | None:
    """What is left of the mistakes in training, where that is much, and what those leave who know much more."""
    own = mistakes_left(story)
    if own is None or own < LEAST:
        return None
    known, by = neighbours_left(story), "nearest"
    if known is None or known > own - MORE or own < MORE:
        network = story.looks.small_network()
        known, by = (None if network is None else network.left(balanced=counts_classes_alike(story))), "network"
    if known is None or known > own - MORE:
        again = last_value_left(story)
        known, by = (known, by) if again is None else (again, "last_value")
    # A picture of many places passes through few filters more than through few units.
    # Hidden layers without an activation are never meant so.
    squeezed = any(each.key == "units" for each in capacity.narrow) or (capacity.linear and bool(capacity.hidden))
    enough = SOME if squeezed or (known is not None and known <= HALF * own) else MORE
    return None if known is None or known > own - enough else {"left": own, "known": known, "by": by}


def behind_network(story: Story) -> dict[str, Any] | None:
    """What is left on validation, and what a small network leaves, of a model that has come to rest far behind it."""
    apart = story.looks.pictures or story.looks.ids  # whose places, or neighbours, no layer of units tells
    return beside_network(story) if has_settled(story) and not apart else None


def last_value_left(story: Story) -> float | None:
    """How much of the trivial loss saying the last value of a forecast again leaves; None where nothing is forecast."""
    last_value, seen = story.baseline.get("last_value"), story.beside_trivial
    if last_value is None or seen is None or seen.trivial <= seen.perfect:
        return None
    return float((last_value["loss"] - seen.perfect) / (seen.trivial - seen.perfect))


def hardly_passes(story: Story, capacity: Capacity) -> bool:
    """Whether all passes through one or two units or filters, and half of the loss, or twice what saying the last value again
    leaves, is left after epochs that would do."""
    few = [each for each in capacity.narrow if each.units <= FEW]
    share, again = left_in_training(story), last_value_left(story)
    much = HALF if again is None else max(again / HALF, LEAST)
    if not few or len(story.history) < UNSETTLED or share is None or share < much:
        return False
    rate = story.looks.rate()
    return rate is None or rate < NEARBY * story.rate


def richer(story: Story, capacity: Capacity) -> list[Advice]:
    """An activation where hidden layers have none, more units where there are few, or else a hidden layer."""
    few = [each for each in capacity.narrow if each.entry is not None]
    if few:
        return together(
            Setting(
                key=f"{each.entry}.{each.key}",
                old=each.units,
                new=WIDE,
                why=f"through so few {each.key} passes too little",
            )
            for each in few
        )
    why = "layers without an activation between them are together one linear layer"
    straight = [each for each in capacity.hidden if each.linear and each.entry is not None]
    if straight:
        return [Setting(key=f"{each.entry}.activation", old=None, new="relu", why=why) for each in straight]
    entries = story.config.written_layers()
    if not entries or takes_by_name(entries[-1]):
        return []
    layer = {"Dense": {"units": 2 * WIDE, "activation": "relu"}}
    why = "a hidden layer can bend what a linear model cannot"
    return [Setting(key="layers", old=entries, new=[*entries[:-1], layer, entries[-1]], why=why)]


RULE = Rule("cannot_fit", cannot_fit, BROKEN_START | NO_GRADIENT | {"one_class_only", "statistics_lag"})


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def reaching(beyond: float) -> Story:
        reach = Reach("y", "dense", "sigmoid", 0.0, 1.0, -3.0, 3.0, beyond, "layers.0")
        return replace(story(validation=[0.9, 0.9]), looks=Looks(reaches=lambda: [reach]))

    def linear(known: float, *, losses: list[float] = [0.9, 0.9, 0.9, 0.9, 0.9]) -> Story:  # noqa: B006
        train = story(validation=[0.9]).beside_trivial
        looks = Looks(
            capacity=lambda: Capacity(True, [], {}),
            neighbours=lambda: Neighbours(known, 0.0, 100, False),
            train=lambda: train,
        )
        return replace(story(validation=losses), looks=looks)

    return [
        (reaching(0.051), True),
        (reaching(0.049), False),
        (linear(0.34), False),
        (linear(0.9, losses=[0.99, 0.98, 0.97, 0.95, 0.9]), False),
        (story(validation=[0.9]), False),
    ]
