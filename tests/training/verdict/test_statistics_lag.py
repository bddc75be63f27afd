"""Moving statistics that lag behind what is learnt: seen just above its limits, on real models, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of
from training.verdict.trainings import blobs

from dlcli.finding import Setting
from dlcli.runs.state import StopReason
from dlcli.training.evidence.statistics_seen import MovingLayer, StatisticsSeen, statistics_seen
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.healthy import healthy
from dlcli.training.verdict.statistics_lag import followed_by, statistics_lag
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


def lagging(tell: Tell, *, settled: float = 0.2, inside: float = 0.2, momentum: float = 0.99, steps: int = 29) -> Story:
    """A training whose model answers as badly as one for all, and otherwise with fresh statistics."""
    found = StatisticsSeen(
        [MovingLayer("one", "layers.1", momentum), MovingLayer("two", "layers.3", 0.5)],
        {"train": 0.97, "validation": 0.97},
        {"train": inside, "validation": settled},
    )
    told = tell([0.97, 1.2, 1.3, 1.4, 1.5], train=[0.6, 0.3, 0.1, 0.05, 0.01], left=0.97)
    history = [{**each, "step": steps * (at + 1)} for at, each in enumerate(told.history)]
    looks = replace(told.looks, moving=True, statistics=lambda: found)
    return replace(told, history=history, looks=looks, kept=1, metrics={"validation": {"loss": 0.97}})


@pytest.mark.parametrize(
    ("inside", "settled", "seen"), [(0.87, 0.87, True), (0.88, 0.87, False), (0.87, 0.88, False), (0.97, 0.2, False)]
)
def test_statistics_lag_where_fresh_ones_help_training_and_validation(
    tell: Tell, inside: float, settled: float, seen: bool
) -> None:
    found = statistics_lag(lagging(tell, inside=inside, settled=settled))
    assert (found is not None) is seen


def test_it_explains_what_answers_with_them_come_to(tell: Tell) -> None:
    (found,) = verdict(lagging(tell))
    assert found.code == "statistics_lag"
    assert [(each.key, each.old, each.new) for each in found.advice if isinstance(each, Setting)] == [
        ("layers.1.momentum", 0.99, 0.9)
    ]
    assert judgement_of_training(found).evidence == (
        "the validation loss is 0.9700, and 0.2000 with fresh statistics: 'one', 'two' keep 0.99 of the old ones at each of "
        "29 steps an epoch"
    )


@pytest.mark.parametrize(("steps", "momentum"), [(1, 0.1), (5, 0.5), (18, 0.8), (28, 0.8), (29, 0.9), (1000, 0.9)])
def test_statistics_follow_within_an_epoch_of_steps(steps: int, momentum: float) -> None:
    assert followed_by(steps) == momentum


def test_more_epochs_are_left_where_the_momentum_is_low_already(tell: Tell) -> None:
    for momentum, key in ((0.91, "layers.1.momentum"), (0.9, "train.epochs")):
        found = statistics_lag(lagging(tell, momentum=momentum))
        assert found is not None
        assert [each.key for each in found.advice if isinstance(each, Setting)] == [key]
    found = statistics_lag(replace(lagging(tell, momentum=0.9), stop=StopReason.EARLY_STOPPING))
    assert found is not None
    assert found.advice == []


@pytest.mark.parametrize(("last", "code"), [(0.89, "healthy"), (0.91, "too_early_to_say")])
def test_a_loss_near_that_of_one_answer_is_not_healthy(tell: Tell, last: float, code: str) -> None:
    assert healthy(tell([0.99, 0.98, 0.97, last], train=[0.9, 0.5, 0.3, 0.1])).code == code


def text_of(folder: Path, layers: str) -> str:
    return f"""
data:
  source: {{npz: {{path: {folder / "t.npz"}, inputs: x, target: y}}}}
  split: {{validation: 0.25, test: 0}}
layers: [{layers}, Dense: {{units: 3, activation: softmax}}]
loss: sparse_categorical_crossentropy
optimizer: {{Adam: 0.01}}
train: {{epochs: 3, batch_size: 32}}
"""


def learnt(folder: Path, layers: str, *, apart: float = 0.0, epochs: int = 3) -> tuple[Any, StatisticsSeen | None]:
    """An experiment after some epochs, with validation samples that lie elsewhere by so much, and what is seen of it."""
    from dlcli.training.engine.measure import Measure

    blobs(folder / "t.npz")
    experiment = experiment_of(folder, text_of(folder, layers))
    train = experiment.splits["train"]
    batches = [train.take(slice(at, at + 32)) for at in range(0, len(train), 32)]
    for _ in range(epochs):
        for inputs, targets in batches:
            experiment.model.train_on_batch(inputs, *targets.values())
    validation = experiment.splits["validation"]
    validation.inputs = {name: np.asarray(each) + apart for name, each in validation.inputs.items()}
    return experiment, statistics_seen(experiment, Measure(experiment.model))


def test_fresh_statistics_are_tried_on_a_model_and_taken_back(tmp_path: Path) -> None:
    slow = "BatchNormalization: {momentum: 0.999}, Dense: {units: 16, activation: relu}"
    layers = f"{slow}, {slow}, {slow}, Dropout: 0.5, BatchNormalization"
    experiment, found = learnt(tmp_path, layers)
    assert found is not None
    assert [(each.entry, each.momentum) for each in found.layers] == [
        *((f"layers.{at}", 0.999) for at in (0, 2, 4)),
        ("layers.7", 0.99),
    ]
    assert found.settled["validation"] < found.moving["validation"] - 0.1
    assert found.settled["train"] < found.moving["train"] - 0.1
    before = [each.numpy() for each in experiment.model.variables]
    from dlcli.training.engine.measure import Measure

    assert statistics_seen(experiment, Measure(experiment.model)) == found  # no noise, and nothing of it stays
    for each, value in zip(experiment.model.variables, before, strict=True):
        np.testing.assert_array_equal(each.numpy(), value)
    assert [layer.momentum for layer in experiment.model.layers if hasattr(layer, "momentum")] == [0.999] * 3 + [0.99]


def test_statistics_that_follow_cost_nothing_wherever_validation_lies(tmp_path: Path) -> None:
    _, found = learnt(tmp_path, "BatchNormalization: {momentum: 0.5}, Dense: {units: 16, activation: relu}", apart=9.0)
    assert found is not None
    assert found.moving["validation"] > 3 * found.moving["train"]
    for split in ("train", "validation"):
        assert found.settled[split] > 0.8 * found.moving[split], split


def test_layers_without_moving_statistics_are_not_tried(tmp_path: Path) -> None:
    assert learnt(tmp_path, "SpectralNormalization: {layer: {Dense: 4}}, LayerNormalization", epochs=0)[1] is None


@pytest.mark.parametrize(("left", "settled", "seen"), [(0.97, 0.2, True), (0.89, 0.2, False), (0.97, 0.99, False)])
def test_the_last_epoch_is_looked_at_where_one_is_kept_that_learnt_nothing(
    tell: Tell, left: float, settled: float, seen: bool
) -> None:
    told = lagging(tell, settled=left, inside=left)
    end = StatisticsSeen(
        [MovingLayer("one", "layers.1", 0.99)],
        {"train": 1.5, "validation": 1.5},
        {"train": settled, "validation": settled},
    )
    told = replace(told, metrics={"validation": {"loss": left}})
    found = statistics_lag(replace(told, looks=replace(told.looks, statistics_at_end=lambda: end)))
    assert (found is not None) is seen
    if found is not None:
        words = "the validation loss is 1.500 at the end, and 0.2000 with fresh statistics"
        assert str(judgement_of_training(found).evidence).startswith(words)
