"""A layer of few units, all dead, through which all has to pass; what is dead behind it is a consequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from dlcli.finding import Setting
from dlcli.training.evidence.capacity import Capacity, Hidden
from dlcli.training.evidence.layers_seen import DeadSeen, LayersSeen
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.penalties import Penalty
from dlcli.training.verdict import Story, verdict
from dlcli.view.sentences import judgement_of_training

Tell = Callable[..., Story]
Layer = tuple[str, int, int]
WIDE, SHUT, BEHIND = ("wide", 48, 48), ("shared", 1, 1), ("behind", 16, 16)
ALIVE = ("wide", 48, 20)


def told(tell: Tell, *dead: Layer, around: bool = False, left: float = 1.0, before: bool = True, **looks: Any) -> Story:
    """A training that stood at so much of the trivial loss, with layers of so many units, so many of them dead."""
    seen = LayersSeen([], [DeadSeen(name, units, gone, None, True, True) for name, units, gone in dead])
    begun = seen if before else LayersSeen([], [])
    hidden = [
        Hidden(name, units, f"layers.{at}", False, around and name == "shared")
        for at, (name, units, _) in enumerate(dead)
    ]
    story = tell([left] * 10, left=left, begun=lambda: begun, capacity=lambda: Capacity(False, hidden, {}), **looks)
    return replace(story, looks=replace(story.looks, layers=lambda: seen))


def codes(story: Story) -> Sequence[str]:
    return [each.code for each in verdict(story)]


@pytest.mark.parametrize("before", [True, False])
def test_a_layer_of_few_units_that_are_dead_is_made_wide(before: bool, tell: Tell) -> None:
    found = verdict(told(tell, ALIVE, SHUT, BEHIND, before=before))[0]
    assert (found.code, found.where, found.facts["why"]) == ("cannot_fit", "shared", "narrow")
    assert [(each.key, each.new) for each in found.advice if isinstance(each, Setting)] == [("layers.1.units", 32)]
    evidence = str(judgement_of_training(found).evidence)
    assert evidence == "the only unit of shared is 0 for every sample: nothing passes to what stands behind"


def test_so_are_three_units_and_no_more(tell: Tell) -> None:
    found = verdict(told(tell, ALIVE, ("shared", 3, 3), BEHIND))[0]
    assert str(judgement_of_training(found).evidence).startswith("all 3 units of shared are 0 for every sample")
    assert codes(told(tell, ALIVE, ("shared", 4, 4), BEHIND))[0] == "dead_units"
    assert codes(told(tell, ALIVE, ("shared", 3, 2)))[0] not in {"dead_units", "cannot_fit"}


def test_what_is_dead_in_front_of_it_comes_first(tell: Tell) -> None:
    found = verdict(told(tell, WIDE, SHUT, BEHIND))[0]
    assert (found.code, found.where, found.facts["layers"]) == ("dead_units", "wide", ["wide", "shared"])


def test_a_way_around_it_passes_all(tell: Tell) -> None:
    found = verdict(told(tell, ALIVE, SHUT, BEHIND, around=True))[0]
    assert (found.code, found.facts["layers"]) == ("dead_units", ["shared", "behind"])


@pytest.mark.parametrize(("left", "seen"), [(0.9, True), (0.89, False)])
def test_who_has_learnt_something_got_it_through(left: float, seen: bool, tell: Tell) -> None:
    assert ("cannot_fit" in codes(told(tell, ALIVE, SHUT, left=left))) is seen


@pytest.mark.parametrize(("before", "seen"), [(True, True), (False, False)])
def test_units_that_died_of_what_says_nothing_are_not_the_cause(before: bool, seen: bool, tell: Tell) -> None:
    known = Neighbours(0.01, 0.0, 100, False)
    story = told(tell, ALIVE, SHUT, before=before, neighbours=lambda: known, small_network=lambda: known)
    assert ("cannot_fit" in codes(story)) is seen


def test_what_leaves_out_most_killed_them(tell: Tell) -> None:
    dropped = Penalty("dropout", "rate", 0.95, 0.0, "layers.0.rate")
    story = told(tell, ALIVE, SHUT, before=False, penalties=lambda: [dropped])
    assert "cannot_fit" not in codes(story)
