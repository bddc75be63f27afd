"""Losses that tell of a part of the targets alone: of the largest numbers, or of those that are 0."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.finding import Setting
from dlcli.training.evidence.layers_seen import LayersSeen
from dlcli.training.evidence.reach import divided_by_zero
from dlcli.training.scaling import TargetSeen, target_seen
from dlcli.training.verdict import Story
from dlcli.training.verdict.cannot_fit import cannot_fit
from dlcli.training.verdict.exploding_gradients import exploding_gradients
from dlcli.training.verdict.target_far_from_scale import target_far_from_scale
from dlcli.view.sentences import judgement_of_training

pytestmark = pytest.mark.looks

Tell = Callable[..., Story]


def table(folder: Path, *, target: str, loss: str, large: float = 1.0, zeros: int = 0) -> str:
    draw = np.random.default_rng(0)
    x, units = draw.normal(size=(100, 2)), draw.choice([-1.0, 1.0], size=(100, 2)) * [1.0, large]
    units[:zeros] = 0
    rows = "\n".join(",".join(f"{each:.6f}" for each in (*a, *b)) for a, b in zip(x, units, strict=True))
    (folder / "t.csv").write_text(f"a,b,u,v\n{rows}\n", encoding="utf-8")
    outputs = target.count(",") + 1
    return f"""
data: {{source: {folder / "t.csv"}, inputs: [a, b], target: {target}, split: {{by: time, validation: 0, test: 0}}}}
layers: [Dense: {outputs}]
loss: {loss}
optimizer: SGD
train: {{epochs: 1}}
"""


@pytest.mark.parametrize(("large", "seen"), [(32.0, True), (29.0, False)])
def test_numbers_far_larger_than_others_of_a_target_are_seen(tmp_path: Path, large: float, seen: bool) -> None:
    found = target_seen(experiment_of(tmp_path, table(tmp_path, target="[u, v]", loss="mse", large=large)))
    assert (found is not None and "target" in found.least) is seen


@pytest.mark.parametrize(("left", "seen"), [(1.1e-4, True), (0.9e-4, False)])
def test_the_smallest_numbers_of_a_target_may_be_all_that_is_left(tell: Tell, left: float, seen: bool) -> None:
    scale = Setting(key="data.target", old=["u", "v"], new={"column": ["u", "v"], "scale": "standard"}, why="far")
    target = TargetSeen({"target": 31.7}, {"target": 0.0}, [scale], {"target": 1.0})
    found = target_far_from_scale(tell([0.9, left, left], left=left, target=lambda: target))
    assert (found is not None) is seen
    if found is not None:
        assert "beside numbers that deviate by 1.000" in str(judgement_of_training(found).evidence)


@pytest.mark.parametrize(
    ("loss", "zeros", "seen"), [("mape", 5, True), ("mape", 0, False), ("mae", 5, False), ("msle", 5, False)]
)
def test_a_loss_that_divides_by_targets_of_nothing_is_seen(tmp_path: Path, loss: str, zeros: int, seen: bool) -> None:
    text = table(tmp_path, target="u", loss=loss, zeros=zeros)
    if loss == "msle":
        rows = (tmp_path / "t.csv").read_text(encoding="utf-8").replace("-", "")
        (tmp_path / "t.csv").write_text(rows, encoding="utf-8")
    found = divided_by_zero(experiment_of(tmp_path, text))
    assert found == ([("u", loss, 0.05, "loss")] if seen else [])


@pytest.mark.parametrize(("share", "seen"), [(0.01, True), (0.009, False)])
def test_zeros_that_a_loss_divides_by_are_told_before_gradients(tell: Tell, share: float, seen: bool) -> None:
    told = tell([0.9, 0.9, 0.9], left=0.9, divided_by_zero=lambda: [("y", "mape", share, "loss")])
    found = cannot_fit(told)
    assert (found is not None) is seen
    if found is not None:
        assert [(each.key, each.new) for each in found.advice if isinstance(each, Setting)] == [("loss", "mae")]
        assert "which is 0 in 1% of the samples" in str(judgement_of_training(found).evidence)
        begun = tell([9.0, 0.9], left=0.9, begun=lambda: LayersSeen([], []), divided_by_zero=told.looks.divided_by_zero)
        assert exploding_gradients(begun) is None
