"""Scores and numbers that stay at the end of the last activation for every sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Setting
from dlcli.training.evidence.silenced import Silenced, silenced
from dlcli.training.verdict import Story
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


@pytest.mark.parametrize(("left", "seen"), [(0.11, True), (0.09, False)])
def test_silent_answers_cannot_fit_where_something_is_left(tell: Tell, left: float, seen: bool) -> None:
    silent = Silenced("y", "dense", "relu", "layers.1", 12, 5, 0.0, True)
    found = cannot_fit(tell([0.9, 0.5, left], left=left, silenced=lambda: [silent]))
    assert (found is not None) is seen
    if found is not None:
        settings = [(each.key, each.old, each.new) for each in found.advice if isinstance(each, Setting)]
        assert settings == [("layers.1.activation", "relu", "linear")]
        words = "of 12 scores of 'y' 5 stay 0 for every sample, the end of relu of dense"
        assert judgement_of_training(found).evidence == words


def told_apart(folder: Path, last: str, loss: str, target: Any) -> Any:
    """An experiment of 30 rows whose last layer has the biases 1, -9 and 1, and hardly any weights."""
    np.savez(folder / "d.npz", x=np.random.default_rng(0).random((30, 4)).astype(np.float32), y=target)
    experiment = experiment_of(
        folder,
        "data: {source: {npz: {path: d.npz, inputs: x, target: y}}, split: {validation: 0, test: 0}}\n"
        f"layers: [{{Dense: {{units: 3{last}}}}}]\nloss: {loss}\noptimizer: adam\ntrain: {{epochs: 1}}\n",
    )
    experiment.model.layers[-1].bias.assign([1.0, -9.0, 1.0])
    return experiment


LOGITS = "{SparseCategoricalCrossentropy: {from_logits: true}}"
THREE = np.arange(30) % 3


@pytest.mark.parametrize(
    ("last", "loss", "target", "seen"),
    [
        (", activation: relu", LOGITS, THREE, 1),
        ("", LOGITS, THREE, 0),
        (", activation: softmax", "sparse_categorical_crossentropy", THREE, 0),
        (", activation: relu", LOGITS, np.where(np.arange(30) < 5, 1, np.arange(30) % 2 * 2), 1),
        (", activation: relu", LOGITS, np.where(np.arange(30) < 4, 1, np.arange(30) % 2 * 2), 0),
        (", activation: relu", "mse", np.ones((30, 3)) * np.arange(1, 31)[:, None], 1),
        (", activation: relu", "mse", np.ones((30, 3)) * (np.arange(30) >= 15)[:, None], 1),
        (", activation: relu", "mse", np.ones((30, 3)) * (np.arange(30) >= 16)[:, None], 0),
    ],
)
def test_answers_that_stay_at_an_end_are_found(tmp_path: Path, last: str, loss: str, target: Any, seen: int) -> None:
    found = silenced(told_apart(tmp_path, last, loss, target))
    assert sum(each.silent for each in found) == seen
    if found:
        assert (found[0].units, found[0].value, found[0].activation, found[0].entry) == (3, 0.0, "relu", "layers.0")
