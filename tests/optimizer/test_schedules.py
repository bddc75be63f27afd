"""A schedule that is at a rate of zero before the training ends is told at its line, and does not stop anybody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.optimizer.schedules import early_end

Run = Callable[..., Any]
CONFIG = """\
data: {source: iris}
layers: [Dense: {units: 3, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer:
  SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 2 epochs}}}
train: {epochs: 5}
"""
MESSAGE = "CosineDecay is at a learning rate of 0 after epoch 2, but the training has 5"
HINT = "write decay_steps: 5 epochs, or alpha: 0.01 to keep a part of the rate"


def test_it_is_a_note_at_its_line(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    done = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path)
    assert done.code == 0
    [file] = done.value["files"]
    [note] = file["notes"]
    assert file["problems"] == []
    assert (note["line"], note["message"], note["suggestion"]) == (5, MESSAGE, HINT)
    said = run_dlcli("validate", "c.yaml", cwd=tmp_path).out
    assert said.startswith(f"note: {MESSAGE}\n")
    assert said.endswith("c.yaml: ok\n")


@pytest.mark.parametrize("steps", ["2 epochs", "8"])
def test_training_says_so_too_when_it_knows_how_many_steps_an_epoch_has(
    steps: str, tmp_path: Path, run_dlcli: Run
) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG.replace("2 epochs", steps), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", cwd=tmp_path)
    assert done.code == 0
    assert f"note: c.yaml:5: {MESSAGE}; {HINT}" in done.err


@pytest.mark.parametrize(
    ("schedule", "ends"),
    [
        ({"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": "4 epochs"}}, True),
        ({"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": "10 epochs"}}, False),
        ({"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": "4 epochs", "alpha": 0.1}}, False),
        (
            {
                "CosineDecay": {
                    "initial_learning_rate": 1e-6,
                    "warmup_target": 0.1,
                    "warmup_steps": "6 epochs",
                    "decay_steps": "4 epochs",
                }
            },
            False,
        ),
        ({"PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": "4 epochs"}}, False),
        (
            {"PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": "4 epochs", "end_learning_rate": 0.0}},
            True,
        ),
        ({"ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": "1 epochs", "decay_rate": 0.5}}, False),
        (0.1, False),
    ],
)
def test_only_a_rate_of_zero_for_whole_epochs_is_told(schedule: Any, ends: bool) -> None:
    optimizer = keras_catalogue().read("optimizers", {"Adam": {"learning_rate": schedule}})
    assert (early_end(optimizer, epochs=10) is not None) == ends


@pytest.mark.parametrize(
    ("decay", "steps_per_epoch", "told"),
    [(32, 8, True), (33, 8, False), (32, None, False), ("4 epochs", None, True), ("5 epochs", None, False)],
)
def test_a_rate_of_zero_is_told_from_one_whole_epoch_on(decay: object, steps_per_epoch: int | None, told: bool) -> None:
    schedule = {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": decay}}
    optimizer = keras_catalogue().read("optimizers", {"SGD": {"learning_rate": schedule}})
    mistake = early_end(optimizer, epochs=5, steps_per_epoch=steps_per_epoch)
    assert (mistake is not None) is told
