"""Labels that belong to their samples, gaps that moving statistics hide, and a few values far beyond all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcli.data.findings.far_values import few_beyond
from dlcli.finding import Finding, Setting
from dlcli.training.evidence.capacity import Capacity, Hidden
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.related import chance_of
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.does_not_learn import does_not_learn
from dlcli.training.verdict.inputs_far_from_scale import inputs_far_from_scale
from dlcli.training.verdict.overfits import overfits
from dlcli.training.verdict.target_far_from_scale import target_far_from_scale
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
HEAVY: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "incomes": lambda draw, count: draw.lognormal(10, 2, count),
    "waits": lambda draw, count: draw.exponential(1, count) ** 3,
    "rare counts": lambda draw, count: draw.poisson(0.01, count),
    "counts": lambda draw, count: draw.negative_binomial(0.1, 0.01, count),
    "sums that few have": lambda draw, count: draw.lognormal(6, 1.5, count) * (draw.random(count) < 0.2),
    "shares": lambda draw, count: draw.pareto(1.5, count),
}


@pytest.mark.parametrize(("chance", "learns"), [(0.9e-3, True), (1.1e-3, False)])
def test_labels_that_an_input_alone_tells_of_are_not_doubted(tell: Tell, chance: float, learns: bool) -> None:
    told = tell(
        [1.05, 1.1, 1.2, 1.3, 1.5],
        train=[0.9, 0.5, 0.3, 0.1, 0.01],
        left=0.01,
        related=lambda: chance,
        neighbours=lambda: Neighbours(0.1, 0.0, 100, True),
        capacity=lambda: Capacity(False, [Hidden("dense", 256, "layers.0", False)], {}),
        samples={"train": 100, "validation": 100},
    )
    found = overfits(told)
    assert (found is not None) is learns
    assert (does_not_learn(told) is None) is learns
    if found is not None:
        settings = [(each.key, each.new) for each in found.advice if isinstance(each, Setting)]
        assert settings[-1] == ("layers.0.units", 16)


def test_a_relation_is_beyond_what_the_best_of_many_is_by_chance() -> None:
    draw = np.random.default_rng(0)
    chances = [chance_of(draw.normal(size=(200, 50)), draw.random((200, 1)) < 0.3) for _ in range(100)]
    assert min(chances) > 1e-3
    rows = draw.normal(size=(200, 50))
    assert chance_of(rows, rows[:, :1] + 2 * draw.normal(size=(200, 1))) < 1e-3


@pytest.mark.parametrize(("moving", "step", "seen"), [(True, 0.4, True), (True, 0.5, False), (False, 0.4, False)])
def test_a_gap_that_moving_statistics_hide_is_seen(tell: Tell, moving: bool, step: float, seen: bool) -> None:
    told = tell([0.95, 0.9, 0.85, 0.8], train=[0.9, 0.7, 0.6, step], left=0.75, moving=moving)
    assert (overfits(told) is not None) is seen


@pytest.mark.parametrize(("least", "seen"), [(0.99, True), (1.01, False)])
def test_what_was_never_better_than_one_answer_in_training_overfits_nothing(
    tell: Tell, least: float, seen: bool
) -> None:
    told = tell([1.2, 0.9, 1.5, 2.0, 3.0], train=[1.1, 1.05, 1.04, 1.03, least], left=least)
    assert (overfits(told) is not None) is seen


def test_a_forecast_that_still_falls_is_first_of_all_still_improving(tell: Tell) -> None:
    told = tell([0.9, 0.6, 0.5, 0.4, 0.3], left=0.3)
    codes = [each.code for each in verdict(replace(told, baseline={**told.baseline, "last_value": {"loss": 0.2}}))]
    assert codes[:2] == ["still_improving", "no_better_than_last_value"]


@pytest.mark.parametrize(("left", "seen"), [(0.31, True), (0.29, False)])
@pytest.mark.parametrize(("role", "rule"), [("input", inputs_far_from_scale), ("target", target_far_from_scale)])
def test_values_far_beyond_all_others_are_named(
    tell: Tell, role: str, rule: Callable[[Story], Finding | None], left: float, seen: bool
) -> None:
    facts = {"columns": {"c": {"role": role, "row": 7, "value": 9999.0, "count": 3, "low": 0.0, "high": 5.0}}}
    data = [Finding(code="far_values", severity="warning", facts=facts)]
    found = rule(tell([0.9, left, left], left=left, data=data))
    assert (found is not None) is seen
    if found is not None:
        told = str(judgement_of_training(found).evidence)
        assert told == "'c' is 9999 in row 7 and far off in 2 more, where all others lie between 0 and 5.000"


@pytest.mark.parametrize(
    ("role", "count", "samples", "left", "seen"),
    [
        ("target", 30, 3000, 0.31, True),
        ("target", 30, 3000, 0.29, False),
        ("target", 15, 3000, 0.6, True),  # a tenth of what the target varies by at least
        ("target", 14, 3000, 0.6, False),
        ("input", 30, 3000, 0.6, False),
        ("target", 30, 0, 0.6, False),
    ],
)
def test_neighbours_know_no_values_beyond_all_others_of_a_target(
    tell: Tell, role: str, count: int, samples: int, left: float, seen: bool
) -> None:
    """A training that came to rest where neighbours leave as much."""
    column = {"role": role, "row": 7, "value": -9999.0, "count": count, "low": 100.0, "high": 4300.0}
    data = [Finding(code="far_values", severity="warning", facts={"columns": {"c": column}})]
    told = tell(
        [1.0, *[left] * 9],
        left=left,
        data=data,
        samples={"train": samples},
        neighbours=lambda: Neighbours(1 - left, 0.0, 100, False),
    )
    found = {"input": inputs_far_from_scale, "target": target_far_from_scale}[role](told)
    assert (found is not None) is seen


@pytest.mark.parametrize("kind", [*HEAVY])
@pytest.mark.parametrize("count", [100, 1000])
def test_long_tails_are_no_slips(kind: str, count: int) -> None:
    draw = np.random.default_rng(1)
    told = sum(few_beyond(np.asarray(HEAVY[kind](draw, count), float)) is not None for _ in range(300))
    assert told <= 1


@pytest.mark.parametrize(("few", "seen"), [(2, True), (3, False)])
def test_a_few_are_one_of_a_hundred(few: int, seen: bool) -> None:
    values = np.r_[np.random.default_rng(0).normal(size=250 - few), 1e6 + np.arange(few)]
    found = few_beyond(values)
    assert (found is not None) is seen
    assert found is None or [*found[0]] == [*range(250 - few, 250)]
