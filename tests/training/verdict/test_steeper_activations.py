"""Other activations in the place of many that are flat on both sides come with a rate that the changed model bears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from training.test_check import experiment_of
from training.verdict.trainings import blobs

from dlcli.finding import Setting
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.layers_seen import LayersSeen
from dlcli.training.verdict import Story
from dlcli.training.verdict.vanishing_gradients import vanishing_gradients

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
DEEP = ", ".join(["Dense: {units: 4, activation: sigmoid}"] * 3)
SLOW, QUICK = "{SGD: {learning_rate: 0.05, momentum: 0.9}}", "{Adam: 0.05}"


@pytest.mark.parametrize(
    ("optimizer", "tested", "rate"),
    [
        (SLOW, 0.002, 0.002),
        (SLOW, 0.049, 0.049),
        (SLOW, 0.05, None),
        (SLOW, None, 0.005),
        (QUICK, 0.002, 0.002),
        (QUICK, None, None),
    ],
)
def test_a_rate_is_joined_where_the_changed_model_bears_less(
    tell: Tell, optimizer: str, tested: float | None, rate: float | None
) -> None:
    gradients = [
        LayerGradient(f"dense_{at}", "Dense", None, 10.0 ** (-3 * (3 - at)), 1.0, False, at < 3, f"layers.{at}")
        for at in range(4)
    ]
    asked: list[tuple[str, ...]] = []

    def steeper(names: tuple[str, ...]) -> float | None:
        asked.append(names)
        return tested

    told = tell([0.99] * 12, layers=f"[{DEEP}, Dense: 1]", optimizer=optimizer, left=0.99, rates=[0.05] * 12)
    looks = replace(told.looks, begun=lambda: LayersSeen(gradients, []), rate_steeper=steeper)
    found = vanishing_gradients(replace(told, looks=looks))
    assert found is not None
    settings = [each for each in found.advice if isinstance(each, Setting)]
    assert asked == [("dense_0", "dense_1", "dense_2")]
    assert settings[0].key == "layers"
    rates = [(each.new, each.joined) for each in settings if each.key == "optimizer.learning_rate"]
    assert rates == ([] if rate is None else [(rate, True)])
    assert any(each.key == "train.early_stopping" for each in settings) is (rate is not None)


def test_other_activations_are_tried_and_taken_back(tmp_path: Path) -> None:
    from dlcli.training.evidence.begun import first_values
    from dlcli.training.evidence.rates_tried import RatesTried

    blobs(tmp_path / "t.npz")
    deep = ", ".join(["Dense: {units: 16, activation: sigmoid}"] * 10)
    text = f"""
data:
  source: {{npz: {{path: {tmp_path / "t.npz"}, inputs: x, target: y}}}}
  split: {{validation: 0.25, test: 0}}
layers: [{deep}, Dense: {{units: 3, activation: softmax}}]
loss: sparse_categorical_crossentropy
optimizer: {SLOW}
train: {{epochs: 1}}
"""
    experiment = experiment_of(tmp_path, text)
    hidden = experiment.model.layers[1:-1] if len(experiment.model.layers) > 11 else experiment.model.layers[:-1]
    before = [each.numpy() for each in experiment.model.variables]
    rates = RatesTried(experiment, first_values(experiment.model))
    tested = rates.steeper(tuple(layer.name for layer in hidden), 60.0)
    assert tested is not None
    assert 1e-4 < tested < 0.05
    assert rates.steeper(tuple(layer.name for layer in hidden), 0.0) is None  # no time
    for each, value in zip(experiment.model.variables, before, strict=True):
        np.testing.assert_array_equal(each.numpy(), value)
    assert {layer.activation.__name__ for layer in hidden} == {"sigmoid"}
