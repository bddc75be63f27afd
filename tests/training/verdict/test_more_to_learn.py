"""Trainings far behind a network of the kind of their inputs: pictures, sequences, ids; and what keeps them there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of
from training.verdict.test_seen_and_named import with_data

from dlcli.finding import Setting
from dlcli.training.evidence import reference
from dlcli.training.evidence.larger_crop import LargerCrop
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.penalties import Penalty
from dlcli.training.evidence.reference import network_elsewhere
from dlcli.training.evidence.taken_by_kind import fewer_places
from dlcli.training.evidence.unaugmented import Unaugmented
from dlcli.training.verdict import Story, verdict
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
SLOWLY = [0.9, 0.7, 0.65, 0.62, 0.6, 0.58, 0.56, 0.54, 0.52, 0.5]
"""A curve that falls by 4 % an epoch."""


def leaves(left: float) -> Callable[[], Neighbours]:
    return lambda: Neighbours(1 - left, 0.0, 100, False)


@pytest.mark.parametrize(
    ("losses", "known", "code"),
    [
        (SLOWLY, 0.1, "too_early_to_say"),
        (SLOWLY, 0.17, "still_improving"),  # not far behind
        ([0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.4, 0.3, 0.22], 0.05, "still_improving"),  # it will be there soon
        ([0.9, *[0.5] * 24], 0.1, "too_early_to_say"),
        ([0.9, *[0.5] * 24], 0.17, "plateau"),
    ],
)
@pytest.mark.parametrize("pictures", [False, True])
def test_the_calm_ends_are_told_where_no_more_can_be_learnt(
    tell: Tell, losses: list[float], known: float, code: str, pictures: bool
) -> None:
    told = tell(losses, left=losses[-1], network_elsewhere=leaves(known), pictures=pictures)
    [found] = verdict(told)
    assert found.code == code
    if code == "too_early_to_say":
        assert judgement_of_training(found).finding.startswith("more can be learnt")
        assert not found.advice


def test_no_network_is_asked_by_few_epochs_or_where_training_knows_its_samples(tell: Tell) -> None:
    def never() -> Neighbours:
        raise AssertionError

    for told in (
        tell([0.9, 0.5], left=0.5, network_elsewhere=leaves(0.01)),
        tell([*SLOWLY[:-1], 0.11], left=0.02, network_elsewhere=never),
    ):
        assert all(each.facts.get("missing") != "network" for each in verdict(told))


@pytest.mark.parametrize(
    ("outside", "inside", "known", "seen"),
    [
        (0.16, 0.02, 0.05, True),
        (0.14, 0.02, 0.05, False),  # not three times as much as the network leaves
        (0.16, 0.06, 0.05, False),  # nor as in training
        (0.1, 0.02, 0.01, False),  # the gap is no tenth
    ],
)
def test_what_is_learnt_by_heart_is_told_where_a_network_holds_more(
    tell: Tell, outside: float, inside: float, known: float, seen: bool
) -> None:
    told = tell([0.9, 0.4, 0.2, outside], left=inside, network_elsewhere=leaves(known))
    found = verdict(told)[0]
    assert (found.code == "overfits") is seen
    if seen:
        assert found.facts["left"] == pytest.approx([inside, outside])


@pytest.mark.parametrize(("share", "first"), [(0.61, "underfits"), (0.59, "does_not_learn")])
def test_noise_that_lets_little_through_is_no_label_that_says_nothing(tell: Tell, share: float, first: str) -> None:
    dropout = Penalty("dropout", "rate", share, 0.0, "layers.0.rate")
    told = tell(
        [1.01, 1.0, 1.0, 1.0, 1.0],
        train=[1.0, 0.9, 0.8, 0.75, 0.7],
        left=0.7,
        neighbours=leaves(0.99),
        penalties=lambda: [dropout],
        samples={"train": 300, "validation": 100},
    )
    assert verdict(told)[0].code == first


def augmented(
    tell: Tell, folder: Path, *, changed: float, layers: str = "RandomFlip: horizontal", **looks: Any
) -> Story:
    tried = Unaugmented(0.5, 0.49, 50, 1.0)
    told = tell(
        SLOWLY, left=0.5, pictures=True, network_elsewhere=leaves(0.1), network_of_augmented=leaves(changed),
        unaugmented=lambda rate: tried, **looks,
    )  # fmt: skip
    return with_data(told, folder, f"augment: [{layers}]")


@pytest.mark.parametrize(("changed", "seen"), [(0.31, True), (0.29, False)])
def test_augmentation_is_told_that_takes_from_a_network_what_it_learns(
    tell: Tell, tmp_path: Path, changed: float, seen: bool
) -> None:
    [found] = verdict(augmented(tell, tmp_path, changed=changed))
    assert found.code == ("underfits" if seen else "too_early_to_say")
    if seen:
        [advice] = found.advice
        assert isinstance(advice, Setting)
        assert (advice.key, advice.new) == ("data.augment", [])
        assert f"of these a small network learns to leave {changed:.0%}" in judgement_of_training(found).evidence


@pytest.mark.parametrize(("changed", "varies", "seen"), [(0.4, 0.9, True), (0.2, 0.9, False), (0.4, 0.4, False)])
def test_a_crop_of_any_size_is_told_that_takes_it(
    tell: Tell, tmp_path: Path, changed: float, varies: float, seen: bool
) -> None:
    crop = LargerCrop(0, "RandomCrop", 0.3, (15, 15), (25, 25), varies)
    layers = "RandomCrop: {height: 15, width: 15}"
    told = augmented(tell, tmp_path, changed=changed, layers=layers, larger_crop=lambda: crop)
    found = verdict(told)[0]
    assert (found.facts.get("why") == "cropped") is seen


CONFIG = """
data:
  source: {{npz: {{path: d.npz, inputs: x, target: y}}}}
  augment: {augment}
  split: {{validation: 0.4, test: 0}}
layers: [{layers}, Dense: {{units: 2, activation: softmax}}]
loss: sparse_categorical_crossentropy
optimizer: adam
train: {{epochs: 1}}
"""


def asked(folder: Path, x: Any, y: Any, *, layers: str = "Flatten", augment: str = "[]") -> Any:
    np.savez(folder / "d.npz", x=x, y=y)
    return experiment_of(folder, CONFIG.format(layers=layers, augment=augment))


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer depends on how fast a machine is."""
    monkeypatch.setattr(reference, "SECONDS", 60.0)


def pictures(count: int) -> tuple[Any, Any]:
    """Pictures in which a spot stands on the left or on the right."""
    draw = np.random.default_rng(0)
    x, y = draw.normal(0, 0.1, (count, 8, 8, 1)), draw.integers(0, 2, count)
    for one, (side, row, column) in enumerate(zip(y, *draw.integers(0, 3, (2, count)), strict=True)):
        x[one, row, column + 4 * side, 0] += 1
    return x.astype("float32"), y


def test_a_network_tells_places_of_pictures_and_none_once_they_are_flipped(tmp_path: Path) -> None:
    x, y = pictures(160)
    experiment = asked(tmp_path, x, y, augment="[RandomFlip: horizontal]")
    plain, changed = (network_elsewhere(experiment, 60, augmented=each) for each in (False, True))
    assert plain is not None
    assert changed is not None
    assert plain.left() < 0.1
    assert changed.left() > 0.6


def test_a_network_tells_the_order_of_steps_wherever_they_stand(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(0, 0.2, (400, 24, 1)), draw.integers(0, 2, 400)
    for one, at in enumerate(draw.integers(0, 22, 400)):
        x[one, at : at + 2, 0] += [2, -2] if y[one] else [-2, 2]
    found = network_elsewhere(asked(tmp_path, x.astype("float32"), y), 60)
    assert found is not None
    assert found.left() < 0.1


def test_a_network_tells_pairs_of_ids_where_words_alone_say_nothing(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x, y = draw.integers(5, 30, (500, 6)), draw.integers(0, 2, 500)
    turned = draw.integers(0, 2, 500)
    x[:, 2], x[:, 3] = 1 + turned, 3 + (y ^ turned)
    found = network_elsewhere(asked(tmp_path, x, y, layers="Embedding: {input_dim: 30, output_dim: 2}, Flatten"), 60)
    assert found is not None
    assert found.left() < 0.1


def test_large_pictures_are_brought_to_means_of_their_places() -> None:
    x = np.arange(2 * 70 * 8, dtype="float32").reshape(2, 70, 8, 1)
    small = fewer_places(x)
    assert small.shape == (2, 32, 8, 1)
    assert small[0, 0, 0, 0] == x[0, :2, 0, 0].mean()
    assert small[1, 31, 3, 0] == x[1, 67:, 3, 0].mean()
