"""Batches of nearly all samples; layers that stay as drawn behind one class; a forecast through one unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dlcli.finding import Setting
from dlcli.training.evidence.capacity import Capacity, Hidden
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.predicts_one_class import predicts_one_class
from dlcli.training.verdict.still_improving import still_improving
from dlcli.view.sentences import judgement_of_training

Tell = Callable[..., Story]
FALLING = [0.99, 0.96, 0.93, 0.9, 0.87, 0.84]


@pytest.mark.parametrize(
    ("size", "samples", "why"),
    [
        (1000, 1000, "an epoch is one step, of 1,000 samples"),
        (500, 1000, "an epoch is 2 steps, of 1,000 samples"),
        (499, 1000, None),
        (97, 97, "an epoch is one step, of 97 samples"),
        (96, 96, None),  # the usual batch would make three steps
        (33, 66, None),
    ],
)
def test_a_batch_of_half_of_all_samples_is_made_smaller(tell: Tell, size: int, samples: int, why: str | None) -> None:
    told = tell(FALLING, more=f", batch_size: {size}", samples={"train": samples, "validation": 100})
    found = still_improving(told)
    assert found is not None
    settings = [each for each in found.advice if isinstance(each, Setting) and each.key == "train.batch_size"]
    assert [(each.new, each.why) for each in settings] == ([] if why is None else [(32, why)])


@pytest.mark.parametrize(("step", "size", "first"), [(49, 1000, True), (50, 1000, False), (49, 400, False)])
def test_hardly_any_steps_are_told_before_what_came_of_them(tell: Tell, step: int, size: int, first: bool) -> None:
    near = [1.3, 1.2, 1.12, 1.06, 1.02, 0.99]
    told = tell(near, more=f", batch_size: {size}", samples={"train": 1000, "validation": 100})
    told = replace(told, history=[{**each, "step": step} for each in told.history])
    codes = [each.code for each in verdict(told)]
    assert codes == (["still_improving"] if first else ["no_better_than_trivial", "still_improving"])


def one_class(split: str) -> list[ClassesSeen]:
    return [ClassesSeen("y", split, 100, ["a", "b"], [80, 20], [100, 0], [80, 0])]


@pytest.mark.parametrize("frozen", [False, True])
def test_layers_that_stay_as_drawn_explain_one_class(tell: Tell, frozen: bool) -> None:
    capacity = Capacity(False, [], {"dense": "layers.0"} if frozen else {})
    told = tell([0.95, 0.94, 0.94], left=0.94, classes=one_class, capacity=lambda: capacity)
    assert (predicts_one_class(told) is None) is frozen
    assert verdict(told)[0].code == ("underfits" if frozen else "predicts_one_class")


@pytest.mark.parametrize(
    ("units", "share", "last", "seen"),
    [
        (1, 0.38, 0.03, True),
        (3, 0.38, 0.03, False),
        (1, 0.38, 0.2, False),  # twice of it is more than is left
        (1, 0.14, 0.03, False),
        (1, 0.38, None, False),
    ],
)
def test_a_forecast_through_one_unit_is_beside_its_last_value(
    tell: Tell, units: int, share: float, last: float | None, seen: bool
) -> None:
    losses = [0.9 - 0.05 * epoch for epoch in range(10)]
    capacity = Capacity(False, [Hidden("gru", units, "layers.0", False)], {})
    told = tell(losses, left=share, capacity=lambda: capacity, neighbours=lambda: Neighbours(0.1, 0.0, 100, False))
    if last is not None:
        told = replace(told, baseline={**told.baseline, "last_value": {"loss": last}})
    found = cannot_fit(told)
    assert (found is not None) is seen
    if found is not None:
        assert judgement_of_training(found).evidence.endswith("where saying the last value again leaves 3%")
