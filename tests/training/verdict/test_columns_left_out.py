"""Columns that lie elsewhere in validation are left out where a small network says more without them, and only there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.training.evidence.columns_left_out import columns_left_out, features_kept
from dlcli.training.evidence.drift import Drift
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.verdict import Story
from dlcli.training.verdict.splits_differ import splits_differ

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]
MOVED: dict[str, Any] = {
    "validation": [0.9, 0.7, 0.8],
    "train": [0.5, 0.2, 0.1],
    "left": 0.1,
    "drifts": lambda: [Drift("day", "input", 1.5, 0.0, True)],
    "columns": ["day", "wind"],
}
"""A training whose column `day` lies elsewhere in validation."""


@pytest.mark.parametrize(
    ("without", "advised"),
    [(0.28, True), (0.27, False), (0.1, False), (None, False)],
    ids=["less", "like", "more", "?"],
)
def test_a_column_is_left_out_where_a_tenth_of_the_mistakes_goes_with_it(
    tell: Tell, without: float | None, advised: bool
) -> None:
    def left_out(names: tuple[str, ...]) -> tuple[Neighbours, Neighbours] | None:
        assert names == ("day",)
        return None if without is None else (Neighbours(0.2, 0.0, 100, False), Neighbours(without, 0.0, 100, False))

    found = splits_differ(tell(**MOVED, left_out=left_out))
    assert found is not None
    assert ([each.about for each in found.advice] == ["data.inputs"]) is advised


def test_the_losses_are_those_of_the_kept_epoch(tell: Tell) -> None:
    found = splits_differ(replace(tell(**MOVED), kept=2))
    assert found is not None
    assert (found.facts["train"], found.facts["validation"]) == (0.2, 0.7)


TEXT = """\
data:
  source: rows.csv
  target: y
  category: [kind]
  split: {{by: time, validation: 0.25, test: 0}}
  prepare: [Normalization]
layers:
- Dense: {{units: 8, activation: relu}}
- Dense: {last}
loss: {loss}
optimizer: Adam
train: {{epochs: 1}}
"""


@pytest.mark.parametrize("classes", [False, True], ids=["numbers", "classes"])
@pytest.mark.parametrize("tells", [False, True], ids=["says nothing", "says all"])
def test_what_a_small_network_says_without_a_column(tmp_path: Path, tells: bool, classes: bool) -> None:
    """A column that lies higher in validation: the target is made of it, or goes with it in training alone."""
    draws, rows = np.random.default_rng(0), 600
    later = np.arange(rows) >= 450
    day = draws.uniform(np.where(later, 0.5, 0.0), np.where(later, 2.0, 1.2))
    wind, kind = draws.normal(size=rows), draws.choice(["a", "b", "c"], rows)
    y = 0.2 * wind + 4 * (day - 0.75) if tells else wind + np.where(later, 0, 4 * (day - 0.6))
    named = np.where(y > 0, "yes", "no") if classes else y
    table = "\n".join(f"{a:.4f},{b:.4f},{c},{d}" for a, b, c, d in zip(day, wind, kind, named, strict=True))
    (tmp_path / "rows.csv").write_text(f"day,wind,kind,y\n{table}\n", encoding="utf-8")
    loss = "sparse_categorical_crossentropy" if classes else "mse"
    last = "{units: 2, activation: softmax}" if classes else "1"
    experiment = experiment_of(tmp_path, TEXT.format(last=last, loss=loss))
    assert features_kept(experiment, ["wind"]).sum() == features_kept(experiment, []).sum() - 1
    assert features_kept(experiment, ["kind"]).sum() == 2
    seen = columns_left_out(experiment, ["day"])
    assert seen is not None
    whole, part = (1 - each.known for each in seen)
    assert (part < 0.9 * whole) is not tells, (whole, part)
