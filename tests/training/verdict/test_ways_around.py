"""A layer of few units squeezes what passes only where all has to pass it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.training.evidence.capacity import capacity

TEXT = """
data: {{source: {{npz: a.npz}}, target: y}}
layers:
{layers}
loss: mse
optimizer: adam
train: {{epochs: 1}}
"""
ALONE = "- Dense: {units: 2, name: few}\n- Dense: 1\n"
BESIDE = "- Dense: {units: 1, name: few}\n- Dense: {units: 1, from: features, name: straight}\n- Add: {from: [few, straight]}\n"
BEFORE_TWO = (
    "- Dense: {units: 2, name: few}\n- Dense: {units: 4, name: one}\n- Dense: {units: 4, from: few, name: two}\n"
    "- Add: {from: [one, two]}\n- Dense: 1\n"
)
RESIDUAL = "- Dense: {units: 8, name: wide}\n- residual: [{Dense: {units: 2, name: few}}, {Dense: 8}]\n- Dense: 1\n"
INSIDE = "- submodel: [{Dense: {units: 2, name: few}}, {Dense: 4}]\n- Dense: 1\n"


@pytest.mark.parametrize(
    ("layers", "narrow"),
    [(ALONE, ["few"]), (BESIDE, []), (BEFORE_TWO, ["few"]), (RESIDUAL, []), (INSIDE, ["few"])],
    ids=["alone", "beside", "before two ways", "residual", "inside"],
)
def test_a_layer_is_narrow_where_there_is_no_way_around_it(layers: str, narrow: list[str], tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", features=draw.normal(size=(30, 4)).astype(np.float32), y=draw.normal(size=30))
    found = capacity(experiment_of(tmp_path, TEXT.format(layers=layers)))
    assert [each.layer.rpartition("/")[2] for each in found.narrow] == narrow
