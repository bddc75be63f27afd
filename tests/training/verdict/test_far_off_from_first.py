"""Validation that lies elsewhere, told at the last epoch, or in the first one, or not at all by few samples of a class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from dlcli.training.compared import Compared
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.drift import Drift
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.verdict import Story
from dlcli.training.verdict.splits_differ import splits_differ
from dlcli.training.verdict.validation_too_small import validation_too_small
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


@pytest.mark.parametrize(
    ("validation", "shift", "role", "seen"),
    [
        ([0.99, 1.2, 1.4, 1.4, 1.5], 1.0, "input", True),
        ([0.99, 1.2, 1.4, 1.4, 1.5], 0.99, "input", False),
        ([0.99, 1.2, 1.4, 1.4, 1.5], 1.0, "target", False),
        ([0.99, 1.2, 1.4, 1.4], 1.0, "input", False),  # too few epochs after the best one
        ([1.1, 1.0, 0.99, 1.4, 1.5], 1.0, "input", False),  # it learnt something that holds
        ([0.99, 1.2, 1.4, 1.4, 0.98], 1.0, "input", False),
    ],
)
def test_what_moved_is_told_at_the_last_epoch_where_hardly_any_is_kept(
    tell: Tell, validation: Sequence[float], shift: float, role: str, seen: bool
) -> None:
    """The weights of the first epoch are kept, which leave as much in training."""
    moved = [Drift("x", role, shift, 0.0, False)]
    train = [0.99, 0.9, 0.8, 0.7, 0.6][: len(validation)]
    told = tell(validation, train=train, left=0.98, drifts=lambda: moved)
    told = replace(told, kept=told.best_epoch)
    told = replace(told, metrics={**told.metrics, "validation": {"loss": min(validation)}})
    found = splits_differ(told)
    assert (found is not None) is seen
    if found is not None:
        assert (found.facts["epoch"], found.facts["validation"]) == (5, 1.5)


@pytest.mark.parametrize(
    ("validation", "first", "seen"),
    [
        ([1.31, 1.5], 0.9, True),
        ([1.29, 1.5], 0.9, False),
        ([1.6, 1.29], 0.9, False),  # it came nearer
        ([1.31, 1.5], 0.91, False),  # it may know its samples by heart before it is better than one answer
        ([1.31], 0.9, False),
    ],
)
def test_what_is_learnt_in_a_first_epoch_does_not_hold_elsewhere(
    tell: Tell, validation: Sequence[float], first: float, seen: bool
) -> None:
    told = tell(validation, train=[first, 0.2][: len(validation)], left=0.2)
    found = splits_differ(told)
    assert (found is not None) is seen
    if found is not None:
        words = (
            "in the first epoch already, where one answer for all costs 1.000: what training teaches does not hold here"
        )
        assert words in str(judgement_of_training(found).evidence)
    assert splits_differ(replace(told, before=3)) is None
    few = replace(told, looks=replace(told.looks, samples={"validation": 14}))
    assert splits_differ(few) is None


@pytest.mark.parametrize(("rare", "seen"), [(10, True), (9, False)])
def test_neighbours_say_nothing_of_a_few_samples_of_a_class(tell: Tell, rare: int, seen: bool) -> None:
    said = ClassesSeen("y", "validation", 100 + rare, ["a", "b"], [100, rare], [100, rare], [90, 0])
    told = tell(
        [0.9, 0.5],
        train=[0.5, 0.1],
        left=0.1,
        classes=lambda split: [said] if split == "validation" else [],
        neighbours=lambda: Neighbours(0.9, 0.8, 500, True, (0.9, 0.8)),
        neighbours_elsewhere=lambda: Neighbours(0.9, 0.9, 110, True, (1.0, 0.0)),
    )
    told = replace(told, compared=Compared("validation", 0.5, 1.0))
    assert (splits_differ(told) is not None) is seen


@pytest.mark.parametrize(
    ("samples", "flat", "classes", "seen"),
    [(29, True, False, True), (30, True, False, False), (19, False, False, False), (19, True, True, False)],
)
def test_a_loss_of_few_numbers_may_be_far_off(tell: Tell, samples: int, flat: bool, classes: bool, seen: bool) -> None:
    counts = {"y": {"validation": {"a": samples}}} if classes else {}
    told = tell([0.5, 0.01], samples={"validation": samples}, flat_target=flat, counts=counts)
    found = validation_too_small(told)
    assert (found is not None) is seen
    if found is not None:
        assert judgement_of_training(found).evidence == f"{samples} validation samples"
