"""Crops that leave a small part of pictures, told from those that leave out little, or nothing that changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from training.test_check import experiment_of
from training.verdict.test_seen_and_named import with_data

from dlcli.finding import Setting
from dlcli.training.evidence.larger_crop import LargerCrop, larger_crop, larger_side
from dlcli.training.verdict import Story
from dlcli.training.verdict.does_not_learn import does_not_learn
from dlcli.training.verdict.underfits import underfits
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

PICTURES = """
data:
  source: {npz: {path: p.npz, inputs: x, target: y}}
  augment: AUGMENT
  split: {validation: 0.2}
layers: [Flatten, Dense: {units: 2, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: adam
train: {epochs: 1}
"""


@pytest.mark.parametrize(
    ("left", "part", "varies", "flat", "seen"),
    [
        (0.3, 0.24, 0.5, True, True),
        (0.29, 0.24, 0.5, True, False),
        (0.3, 0.25, 0.5, True, False),
        (0.3, 0.24, 0.49, True, False),  # what is left out hardly changes
        (0.3, 0.24, 0.5, False, False),  # a mask is compared where the crop is
        (1.0, 0.06, 1.0, True, True),
    ],
)
def test_a_crop_to_a_small_part_is_told(
    tell: Callable[..., Story], tmp_path: Path, left: float, part: float, varies: float, flat: bool, seen: bool
) -> None:
    crop = LargerCrop(1, "RandomCrop", part, (8, 18), (18, 18), varies)
    told = tell([1.0, *[left] * 7], left=left, larger_crop=lambda: crop, flat_target=flat)
    told = with_data(told, tmp_path, "augment: [RandomContrast: 0.1, RandomCrop: {height: 8, width: 18}]")
    found = underfits(told)
    assert (found is not None) is seen
    assert (does_not_learn(told) is not None) is (left >= 0.95 and not seen)
    if found is not None:
        (advice,) = found.advice
        assert isinstance(advice, Setting)
        assert (advice.key, advice.old, advice.new) == ("data.augment.1.height", 8, 18)
        assert f"'RandomCrop' keeps {part:.0%} of a picture" in judgement_of_training(found).evidence
    assert underfits(with_data(replace(told), tmp_path, "augment: []")) is None


@pytest.mark.parametrize(
    ("written", "whole", "larger"), [(8, 20, 18), (19, 20, 19), (6, 24, 21), (2, 6, 5), (28, 32, 28)]
)
def test_a_larger_side_keeps_enough(written: int, whole: int, larger: int) -> None:
    assert larger_side(written, whole) == larger


@pytest.mark.parametrize(
    ("augment", "part"),
    [
        ("[RandomCrop: {height: 4, width: 5}]", 0.2),
        ("[RandomFlip: horizontal]", None),
        ("[RandomCrop: {height: 8, width: 8}, RandomCrop: {height: 4, width: 4}]", None),
    ],
)
@pytest.mark.parametrize("border", [0.0, 1.0])
def test_what_a_crop_leaves_out_is_looked_at(tmp_path: Path, augment: str, part: float | None, border: float) -> None:
    draw = np.random.default_rng(0).normal(0, 1, (60, 10, 10, 1)).astype("float32")
    scale = np.full((10, 10, 1), border, "float32")
    scale[3:7, 2:7] = 1
    np.savez(tmp_path / "p.npz", x=draw * scale, y=np.arange(60) % 2)
    found = larger_crop(experiment_of(tmp_path, PICTURES.replace("AUGMENT", augment)))
    assert (found is None) is (part is None)
    if found is not None and part is not None:
        assert (found.number, found.part, found.written, found.larger) == (0, pytest.approx(part), (4, 5), (9, 9))
        assert found.varies == pytest.approx(border, abs=0.1)
