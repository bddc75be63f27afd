"""Scores of classes that a last activation keeps together: no answer is sure, and the loss has a floor."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Setting
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.evidence.reach import Reach, reaches
from dlcli.training.verdict import Story
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks
Tell = Callable[..., Story]


def written(folder: Path, *, activation: str, classes: int = 4, loss: str = "", units: int | None = None) -> str:
    draw = np.random.default_rng(0)
    labels = np.arange(120) % classes
    np.savez(folder / "a.npz", x=draw.normal(size=(120, 3)).astype(np.float32), y=labels)
    loss = loss or "{SparseCategoricalCrossentropy: {from_logits: true}}"
    return f"""
data: {{source: a.npz}}
layers: [Dense: {{units: {units or classes}, activation: {activation}, name: scores}}]
loss: {loss}
optimizer: adam
train: {{epochs: 1}}
"""


BINARY = "{BinaryCrossentropy: {from_logits: true}}"


@pytest.mark.parametrize(
    ("activation", "classes", "loss", "floor"),
    [
        ("tanh", 4, "", math.log(1 + 3 * math.exp(-2))),
        ("tanh", 11, "", math.log(1 + 10 * math.exp(-2))),
        ("softsign", 4, "", math.log(1 + 3 * math.exp(-2))),
        ("tanh", 2, BINARY, math.log(1 + math.exp(-1))),
        ("relu", 2, BINARY, math.log(2) / 2),  # half of the samples say no, and no score says it
        ("relu6", 4, "", math.log(1 + 3 * math.exp(-6))),
        ("relu", 4, "", None),
        ("linear", 4, "", None),
        ("softmax", 4, "sparse_categorical_crossentropy", None),  # probabilities are no scores
        ("tanh", 2, "hinge", None),
    ],
)
def test_the_floor_is_the_loss_of_the_surest_right_scores(
    activation: str, classes: int, loss: str, floor: float | None, tmp_path: Path
) -> None:
    units = 1 if loss in {BINARY, "hinge"} else None
    text = written(tmp_path, activation=activation, classes=classes, loss=loss, units=units)
    found = [each for each in reaches(experiment_of(tmp_path, text)) if each.floor is not None]
    if floor is None or floor < 0.01 * math.log(classes):
        assert found == []
        return
    [reach] = found
    assert (reach.activation, reach.entry) == (activation, "layers.0")
    assert reach.floor == pytest.approx(floor, rel=0.02 if "softsign" in activation else 1e-4)


@pytest.mark.parametrize(("cost", "left", "seen"), [(0.051, 0.101, True), (0.049, 0.11, False), (0.051, 0.09, False)])
def test_it_is_told_where_the_floor_is_far_above_nothing(tell: Tell, cost: float, left: float, seen: bool) -> None:
    reach = Reach("y", "scores", "tanh", -1.0, 1.0, 0.0, 1.0, cost, "layers.0", cost, floor=0.25)
    told = tell(
        [left, left, left, left], left=left, reaches=lambda: [reach], neighbours=lambda: Neighbours(left, 0, 9, True)
    )
    found = cannot_fit(told)
    assert (found is not None) is seen
    if found is not None:
        assert "even the surest right ones of 'y' cost 0.2500" in judgement_of_training(found).evidence
        assert [(each.key, each.new) for each in found.advice if isinstance(each, Setting)] == [
            ("layers.0.activation", "linear")
        ]
