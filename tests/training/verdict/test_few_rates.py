"""A few rates on scaled inputs, where there is no time for the range test."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from training.test_check import experiment_of

from dlcli.finding import Setting
from dlcli.spec import KerasObject
from dlcli.training.evidence.few_rates import best_of_few, better_than_first
from dlcli.training.evidence.inputs_seen import InputSeen
from dlcli.training.evidence.rate import usual_rates
from dlcli.training.evidence.rate_range import coarseness
from dlcli.training.evidence.rate_trial import RateTrial
from dlcli.training.verdict import Story
from dlcli.training.verdict.inputs_far_from_scale import beyond_scale, inputs_far_from_scale

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
FAR = InputSeen("conv", "x", "x", 100.0, 90.0, 135.0, 0.0, 255.0, 90.0, False, 3)


@pytest.mark.parametrize(
    ("name", "arguments", "rates"),
    [
        ("SGD", {"learning_rate": 1e-5}, [1e-5, 0.01, 0.1]),
        ("SGD", {"learning_rate": 0.001}, [0.001, 0.01, 0.1]),
        ("SGD", {"learning_rate": 0.0011}, [0.0011]),
        ("Adam", {"learning_rate": 1e-4}, [1e-4, 0.001]),
        ("Adam", {"learning_rate": 1.1e-4}, [1.1e-4]),
        ("SGD", {}, []),
    ],
)
def test_rates_that_are_tried_are_far_above_the_one_that_is_written(
    name: str, arguments: dict[str, float], rates: list[float]
) -> None:
    assert usual_rates(KerasObject("optimizers", name, name, arguments)) == pytest.approx(rates)


@pytest.mark.parametrize(
    ("reached", "best"),
    [
        ([1.0, 0.9, 0.8], 0.1),
        ([1.0, 0.9, 1.1], 0.01),
        ([1.0, 1.19, math.inf], 0.01),
        ([1.0, 1.21, math.inf], 1e-5),
    ],
)
def test_the_best_rate_is_the_one_that_does_not_throw_the_loss_up(reached: list[float], best: float) -> None:
    assert better_than_first([1e-5, 0.01, 0.1], reached) == best


@pytest.mark.parametrize(
    ("optimizer", "scaled", "new"),
    [
        ("{SGD: 0.00001}", None, 0.01),  # nothing is measured
        ("{SGD: 0.001}", None, 0.01),
        ("{SGD: 0.0011}", None, None),
        ("{Adam: 0.0001}", None, 0.001),
        ("{Adam: 0.001}", None, None),
        ("SGD", None, None),
        ("{SGD: 0.00001}", 0.1, 0.1),
    ],
)
def test_pictures_are_not_rescaled_at_a_rate_for_bytes(
    tell: Tell, optimizer: str, scaled: float | None, new: float | None
) -> None:
    looks = {"left": 0.9, "inputs": lambda: [FAR], "pictures": True, "rate_scaled": lambda scale: scaled}
    rate = float(optimizer[6:-1].strip(": }")) if ":" in optimizer else 0.01
    found = inputs_far_from_scale(tell([0.9] * 3, rates=[rate] * 3, optimizer=optimizer, **looks))
    assert found is not None
    beside = [(each.key, each.new, each.joined) for each in found.advice[1:] if isinstance(each, Setting)]
    assert beside == ([] if new is None else [("optimizer.learning_rate", new, True)])


@pytest.mark.parametrize(("rate", "beyond"), [(1.1, True), (0.9, False)])
def test_a_rate_far_above_that_of_scaled_pictures_is_the_cause_itself(tell: Tell, rate: float, beyond: bool) -> None:
    told = tell([0.9] * 3, rates=[rate] * 3, left=0.9, pictures=True, rate_scaled=lambda scale: 0.01)
    assert beyond_scale(told, [FAR]) is beyond


def test_few_rates_are_tried_within_their_time(tmp_path: Path) -> None:
    rows = "\n".join(f"{number % 7 / 7},{number % 7}" for number in range(64))
    (tmp_path / "t.csv").write_text(f"a,y\n{rows}\n", encoding="utf-8")
    trial = RateTrial(
        experiment_of(
            tmp_path,
            "data: {source: t.csv, target: y, split: {validation: 0.25, test: 0}}\n"
            "layers: [Dense: 1]\nloss: mse\noptimizer: {SGD: 0.000001}\ntrain: {epochs: 1}\n",
        )
    )
    assert best_of_few(trial, [1e-6, 0.01, 0.1], 60.0) == 0.1
    assert best_of_few(trial, [1e-6, 0.01, 0.1], 0.0) is None
    assert coarseness(trial, 60.0) == 1
    assert coarseness(trial, 0.0) is None
