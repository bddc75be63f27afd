"""One target of several that is not learnt is named, beside another that is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dlcli.config import load_config
from dlcli.runs.state import StopReason
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict import Story
from dlcli.training.verdict.does_not_learn import does_not_learn
from dlcli.training.verdict.underfits import underfits
from dlcli.view.sentences import judgement_of_training

TEXT = """\
data: {source: t.csv, inputs: [a], targets: {place: b, reach: c}}
layers:
- Dense: {units: 4, activation: relu, name: trunk}
- Dense: {units: 1, from: trunk, name: place}
- Dense: {units: 1, from: trunk, name: reach}
loss: {place: mse, reach: mse}
optimizer: Adam
train: {epochs: 8}
"""


def two(folder: Path, place: float, reach: list[float], *, step: int = 100, weight: float = 1.0) -> Story:
    """A training whose targets both cost 1 by their constant answers."""
    (folder / "t.csv").write_text("a,b,c\n1,2,3\n2,3,4\n", encoding="utf-8")
    (folder / "c.yaml").write_text(f"{TEXT}loss_weights: {{reach: {weight}}}\n", encoding="utf-8")
    config, _ = load_config(str(folder / "c.yaml"))
    history: list[dict[str, Any]] = [
        {"learning_rate": 0.001, "step": step, **dict.fromkeys(("train", "validation"), losses_of(place, each))}
        for each in reach
    ]
    baseline = {"method": "mean", "split": "validation", "metrics": losses_of(1.0, 1.0)}
    ends = {split: losses_of(place, reach[-1]) for split in ("train", "validation")}
    return Story(config, history, ends, baseline, len(reach), StopReason.ALL_EPOCHS, looks=Looks())


def losses_of(place: float, reach: float) -> dict[str, float]:
    return {"loss": place + reach, "place_loss": place, "reach_loss": reach}


@pytest.mark.parametrize(
    ("place", "reach", "step", "seen"),
    [
        (0.7, [1.0] * 5, 100, True),
        (0.71, [1.0] * 5, 100, False),  # the other one is hardly learnt either
        (0.1, [1.0, 1.0, 1.0, 1.0, 0.981], 100, True),
        (0.1, [1.0, 1.0, 1.0, 1.0, 0.979], 100, False),
        (0.1, [1.4, 1.3, 1.2, 1.1, 1.0], 100, False),  # it still falls
        (0.1, [1.0] * 4, 100, False),
        (0.1, [1.0] * 5, 49, False),
    ],
)
def test_a_target_that_is_no_better_than_its_own_constant(
    place: float, reach: list[float], step: int, seen: bool, tmp_path: Path
) -> None:
    told = two(tmp_path, place, reach, step=step)
    found = does_not_learn(told)
    assert (found is not None) is seen
    if found is not None:
        assert found.where == "reach"
        evidence = judgement_of_training(found).evidence
        assert evidence.endswith(f"'place' is learnt, with {place:.0%} of its own left")
        assert found.advice == []  # nothing is known of a file
        (named,) = does_not_learn(replace(told, file="c.yaml")).advice  # type: ignore[union-attr]
        assert "do the values of 'reach' belong to the samples?" in named.why


def test_a_target_that_hardly_counts_is_told_as_that(tmp_path: Path) -> None:
    """Of little weight its layers hardly learn."""
    told = two(tmp_path, 0.1, [1.0] * 5, weight=0.005)
    assert does_not_learn(told) is None
    found = underfits(told)
    assert found is not None
    assert found.facts["why"] == "weight"
