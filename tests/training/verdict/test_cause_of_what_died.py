"""Units that died on the way because there was nothing to learn, beside those whose death kept a model from learning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dlcli.training.evidence.capacity import Capacity
from dlcli.training.evidence.layers_seen import DeadSeen, LayersSeen
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.verdict import Story, verdict

Tell = Callable[..., Story]


def numbers(known: float) -> Neighbours:
    """What is told of numbers."""
    return Neighbours(known, 0.0, 100, False)


def classes(known: float) -> Neighbours:
    """What is told of two classes of a hundred samples, that come as often."""
    return Neighbours(known, 0.5, 100, True, (known, known))


@pytest.mark.parametrize(
    ("near", "network", "validation", "related", "before", "first"),
    [
        (numbers(0.05), numbers(0.05), 1.1, 1.0, 0, "does_not_learn"),
        (numbers(0.06), numbers(0.05), 1.1, 1.0, 0, "dead_units"),
        (numbers(0.05), numbers(0.06), 1.1, 1.0, 0, "dead_units"),
        (classes(0.59), None, 1.1, 1.0, 0, "dead_units"),  # what tells so much is none of chance
        (classes(0.57), classes(0.59), 1.1, 1.0, 0, "does_not_learn"),  # of so few as much comes by chance
        (classes(0.57), classes(0.61), 1.1, 1.0, 0, "dead_units"),
        (None, None, 1.1, 1.0, 0, "dead_units"),
        (numbers(0.05), numbers(0.05), 0.97, 1.0, 0, "dead_units"),  # something was learnt before they died
        (numbers(0.05), numbers(0.05), 1.1, 0.0009, 0, "dead_units"),
        (numbers(0.05), numbers(0.05), 1.1, 1.0, 24, "dead_units"),  # dead before the first step
    ],
)
def test_units_that_died_of_labels_that_say_nothing_are_not_the_cause(
    near: Neighbours | None,
    network: Neighbours | None,
    validation: float,
    related: float,
    before: int,
    first: str,
    tell: Tell,
) -> None:
    now, begun = (LayersSeen([], [DeadSeen("dense", 30, dead, None, True, True)]) for dead in (28, before))
    told = tell(
        [1.2, validation, *[1.1] * 8],
        train=[1.05, *[1.0] * 9],
        left=1.0,
        begun=lambda: begun,
        neighbours=lambda: near,
        small_network=lambda: network,
        related=lambda: related,
    )
    told = replace(told, looks=replace(told.looks, layers=lambda: now))
    assert verdict(told)[0].code == first


@pytest.mark.parametrize(("left", "first"), [(0.84, "dead_units"), (0.85, "does_not_learn")])
def test_what_a_network_knows_elsewhere_says_that_labels_tell(left: float, first: str, tell: Tell) -> None:
    now, begun = (LayersSeen([], [DeadSeen("dense", 30, dead, None, True, True)]) for dead in (28, 0))
    told = tell(
        [1.2, *[1.1] * 9],
        train=[1.05, *[1.0] * 9],
        left=1.0,
        begun=lambda: begun,
        neighbours=lambda: numbers(0.05),
        network_elsewhere=lambda: numbers(1 - left),
    )
    told = replace(told, looks=replace(told.looks, layers=lambda: now))
    assert verdict(told)[0].code == first


@pytest.mark.parametrize(("entry", "seen"), [("layers.0", False), (None, True)])
def test_units_that_are_dead_behind_frozen_layers_are_not_the_cause(entry: str | None, seen: bool, tell: Tell) -> None:
    dead = LayersSeen([], [DeadSeen("dense", 30, 30, None, True, True)])
    told = tell(
        [1.0] * 8,
        left=1.0,
        begun=lambda: dead,
        capacity=lambda: Capacity(False, [], {"embedding": entry}),
    )
    told = replace(told, looks=replace(told.looks, layers=lambda: dead))
    assert (verdict(told)[0].code == "dead_units") is seen
