"""What a ninth batch of unseen trainings showed: targets that do not count, rare classes, pictures that lie elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config import load_config
from dlcli.finding import Setting
from dlcli.runs.state import StopReason
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.drift import level_and_contrast
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.scaling import TargetSeen
from dlcli.training.verdict import Story, verdict
from dlcli.training.verdict.imbalanced import imbalanced
from dlcli.training.verdict.little_weight import little_weights
from dlcli.training.verdict.rate_too_high import rate_too_high
from dlcli.training.verdict.rate_too_low import rate_too_low
from dlcli.training.verdict.stopped_too_early import stopped_too_early
from dlcli.training.verdict.target_far_from_scale import target_far_from_scale
from dlcli.training.verdict.underfits import underfits
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks
Tell = Callable[..., Story]

TWO = """
data: {source: {npz: a.npz}, targets: {state: y, flow: z}}
layers:
  - Dense: {units: 8, activation: relu, name: shared}
  - Dense: {units: 3, activation: softmax, from: shared, name: state}
  - Dense: {units: 1, from: shared, name: flow}
loss: {state: sparse_categorical_crossentropy, flow: mse}
loss_weights: {state: WEIGHT}
optimizer: adam
train: {epochs: 2}
"""


def of_two(folder: Path, *, weight: float, left: float, flow: float = 1.0) -> Story:
    """The story of two targets whose constant answers cost 1 and `flow`, with what is left of the first."""
    (folder / "c.yaml").write_text(TWO.replace("WEIGHT", f"{weight:g}"), encoding="utf-8")
    config, _ = load_config(str(folder / "c.yaml"))
    reached = {"loss": weight * left + 0.01, "state_loss": left, "flow_loss": 0.01}
    trivial = {"loss": weight + flow, "state_loss": 1.0, "flow_loss": flow}
    entry = {"learning_rate": 0.001, "train": reached, "validation": reached}
    baseline = {"method": "mean", "split": "validation", "metrics": trivial}
    metrics = {"train": reached, "validation": reached}
    return Story(config, [entry, entry], metrics, baseline, 2, StopReason.ALL_EPOCHS)


@pytest.mark.parametrize(
    ("weight", "left", "flow", "even"),
    [
        (0.0101, 0.3, 1.0, 1.0),
        (0.0102, 0.3, 1.0, None),  # just above a hundredth of what both cost
        (0.001, 0.3, 1.0, 1.0),
        (0.001, 0.29, 1.0, None),
        (0.3, 0.9, 1.0, None),
        (1.0, 0.9, 300.0, 300.0),  # the other target costs so much by its scale
    ],
)
def test_a_target_that_hardly_counts_underfits(
    weight: float, left: float, flow: float, even: float | None, tmp_path: Path
) -> None:
    found = underfits(of_two(tmp_path, weight=weight, left=left, flow=flow))
    if even is None:
        assert found is None or found.facts["why"] != "weight"
        return
    assert found is not None
    assert (found.facts["why"], found.where) == ("weight", "state")
    assert [(each.key, each.old, each.new) for each in found.advice if isinstance(each, Setting)] == [
        ("loss_weights.state", weight, even)
    ]


@pytest.mark.parametrize(
    ("weight", "left", "flow", "far", "seen"),
    [
        (1.0, 0.3, 99.1, {"flow": 30.0}, True),
        (1.0, 0.3, 98.9, {"flow": 30.0}, False),  # just above a hundredth of what both cost
        (1.0, 0.29, 900.0, {"flow": 30.0}, False),
        (0.0102, 0.9, 900.0, {"flow": 30.0}, True),
        (0.01, 0.9, 900.0, {"flow": 30.0}, False),  # it would not count beside one of unit scale either
        (1.0, 0.9, 900.0, {}, False),
    ],
)
def test_a_target_hardly_counts_by_the_scale_of_another(
    weight: float, left: float, flow: float, far: dict[str, float], seen: bool, tmp_path: Path
) -> None:
    scale = Setting(key="data.targets.flow", old="z", new={"column": "z", "scale": "standard"}, why="it is far from 1")
    target = TargetSeen(far, dict.fromkeys(far, 0.0), [scale]) if far else None
    looks = Looks(target=lambda: target, target_rather=lambda: target)
    told = replace(of_two(tmp_path, weight=weight, left=left, flow=flow), looks=looks)
    found = target_far_from_scale(told)
    assert (found is not None and found.facts.get("drowned") is not None) is seen
    if found is not None and seen:
        assert found.advice == [scale]
        assert "loss of 'state'" in str(judgement_of_training(found))
        assert "underfits" not in {each.code for each in verdict(told)}


def test_of_one_target_nothing_is_weighed(tell: Tell) -> None:
    assert [*little_weights(tell([0.9, 0.9]))] == []


@pytest.mark.parametrize(("rare", "falling", "seen"), [(25, True, True), (26, True, False), (26, False, True)])
def test_a_rare_class_is_told_however_the_loss_falls(tell: Tell, rare: int, falling: bool, seen: bool) -> None:
    classes = ClassesSeen("y", "validation", 100, ["a", "b"], [100 - rare, rare], [94, 6], [95 - rare, 1])
    losses = [0.9, 0.7, 0.5, 0.35] if falling else [0.9, 0.5, 0.5, 0.5]
    told = tell(losses, left=0.4, classes=lambda split: [classes])
    assert (imbalanced(told) is not None) is seen
    if seen and falling:
        assert [each.code for each in verdict(told)][:2] == ["imbalanced", "still_improving"]


EARLY = ", early_stopping: {monitor: val_loss, patience: %d}"


@pytest.mark.parametrize(
    ("train", "left", "patience", "epochs", "seen"),
    [
        ([0.99, 0.98], 0.95, 1, 9, True),
        ([0.99, 0.98], 0.95, 1, 8, False),  # few were planned
        ([0.99, 0.98], 0.89, 1, 15, False),  # something was learnt before it stopped
        ([0.98, 0.99], 0.95, 1, 15, False),
        ([0.99, 0.985, 0.98], 0.95, 1, 9, True),
        ([0.99, 0.987, 0.984, 0.98], 0.95, 1, 15, False),
        ([0.99, 0.985, 0.98], 0.95, 2, 15, False),
    ],
)
def test_a_rule_that_ends_it_before_anything_is_known_was_impatient(
    tell: Tell, train: list[float], left: float, patience: int, epochs: int, seen: bool
) -> None:
    validation = [0.94, *[left] * (len(train) - 1)]
    told = tell(validation, train=train, stop=StopReason.EARLY_STOPPING, more=EARLY % patience)
    told = replace(told, config=with_epochs(told, epochs))
    found = stopped_too_early(told)
    assert (found is not None and found.facts["why"] == "patience") is seen


def with_epochs(told: Story, epochs: int) -> Any:
    train = told.config.train.model_copy(update={"epochs": epochs})
    return told.config.model_copy(update={"train": train})


@pytest.mark.parametrize(
    ("optimizer", "new"),
    [
        ("{RMSprop: 1e-6}", 0.001),
        ("{SGD: 0.001}", 0.01),
        ("{SGD: 0.0011}", None),  # less than ten times
        ("{Adadelta: 0.0005}", None),  # Keras's own is not much longer
    ],
)
def test_where_no_rate_was_found_that_of_keras_is_advised(tell: Tell, optimizer: str, new: float | None) -> None:
    losses = [0.999, 0.998, 0.997, 0.996]
    told = tell(losses, left=0.99, optimizer=optimizer, moved=lambda: 0.001, rate_unknown=lambda: False)
    found = rate_too_low(told)
    assert found is not None
    first = found.advice[0] if found.advice else None
    if new is None:
        assert not isinstance(first, Setting)
    else:
        assert isinstance(first, Setting)
        assert (first.key, first.new) == ("optimizer.learning_rate", new)


@pytest.mark.parametrize("augment", [True, False])
def test_augmentation_is_left_out_where_samples_as_they_are_tell_more(tell: Tell, augment: bool) -> None:
    told = tell([0.93] * 8, left=0.92, neighbours=lambda: Neighbours(0.6, 0.0, 100, False))
    if augment:
        data = told.config.data.model_copy(update={"augment": [noise(told)]})
        told = replace(told, config=told.config.model_copy(update={"data": data}))
    found = underfits(told)
    assert found is not None
    assert [(each.key, each.new) for each in found.advice if isinstance(each, Setting)] == (
        [("data.augment", [])] if augment else []
    )


def noise(told: Story) -> Any:
    from dlcli.config.catalogue import keras_catalogue

    return keras_catalogue().read("layers", {"GaussianNoise": 5.0})


def test_the_level_and_the_contrast_of_a_picture_are_those_of_its_pixels() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (7, 600)).astype(np.uint8)
    found = level_and_contrast(pictures)
    assert np.allclose(found[:, 0], [np.mean(each) for each in pictures.astype(float)])
    assert np.allclose(found[:, 1], [np.std(each) for each in pictures.astype(float)])


@pytest.mark.parametrize(
    ("optimizer", "rate", "loss", "seen"),
    [
        ("{Adam: 0.2}", 0.2, 0.501, True),
        ("{Adam: 0.2}", 0.2, 0.499, False),
        ("{Adam: 0.19}", 0.19, 0.9, False),
        ("{SGD: 1.0}", 1.0, 0.501, True),
        ("{SGD: 0.9}", 0.9, 0.9, False),
    ],
)
def test_weights_that_are_thrown_far_out_make_wrong_answers_sure(
    tell: Tell, optimizer: str, rate: float, loss: float, seen: bool
) -> None:
    # A tenth of the mistakes of one answer for all is left, and more of the loss than that by 0.4.
    classes = ClassesSeen("y", "validation", 100, ["a", "b"], [50, 50], [50, 50], [47, 48])
    told = tell(
        [0.95, loss, loss + 0.01], train=[0.5, 0.01, 0.001], rates=[rate] * 3, left=0.001, optimizer=optimizer,
        classes=lambda split: [classes],
    )  # fmt: skip
    told = replace(told, metrics={**told.metrics, "validation": {"loss": loss}})
    found = rate_too_high(told)
    assert (found is not None and "sure" in found.facts["signs"]) is seen
    if seen and found is not None:
        assert "as sure where they are wrong" in judgement_of_training(found).evidence
        [setting, *_] = found.advice
        assert isinstance(setting, Setting)
        assert setting.new == pytest.approx(rate / 10)


@pytest.mark.parametrize(("left", "seen"), [(1.6, True), (1.4, False)])
def test_a_loss_that_has_not_come_down_to_the_constant_answer_is_slow(tell: Tell, left: float, seen: bool) -> None:
    losses = [left * 1.05**back for back in range(8, -1, -1)]  # 5 % an epoch is no slow fall by itself
    told = tell(losses, left=left, rate=lambda: 0.1)
    assert (rate_too_low(told) is not None) is seen


@pytest.mark.parametrize(
    ("train", "signs"),
    [
        ([9.0, 0.9, 0.8, 1.3, 0.7, 1.2, 0.8], {"wild", "jumps"}),
        ([9.0, 0.9, 0.8, 1.1, 0.7, 0.8, 0.7], None),  # one sign alone
        ([0.95, 0.9, 0.6, 1.3, 0.7, 1.2, 1.0], {"jumps", "lost"}),
    ],
)
def test_a_loss_that_is_thrown_about_twice_needs_no_range_test(
    tell: Tell, train: list[float], signs: set[str] | None
) -> None:
    told = tell(train, left=0.7, rate_unknown=lambda: True)
    found = rate_too_high(told)
    assert (None if found is None else {*found.facts["signs"]} & {"wild", "jumps", "lost"}) == signs
