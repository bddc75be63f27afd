"""What weights cost is told of each once, and is what Keras adds to the loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from training.test_check import experiment_of

from dlcli.training.evidence.penalties import penalties

TEXT = """
data: {{source: {{npz: a.npz}}, target: y}}
layers: [{layers}, {{Dense: 1}}]
loss: mse
optimizer: adam
train: {{epochs: 1}}
"""
HELD = "kernel_regularizer: {L2: 0.5}, recurrent_regularizer: {L1: 0.1}, bias_regularizer: {L2: 0.1}"


@pytest.mark.parametrize(
    ("layers", "named"),
    [
        ("{GRU: {units: 3, HELD}}", ["gru"]),
        ("{LSTM: {units: 3, HELD}}", ["lstm"]),
        ("{Bidirectional: {layer: {LSTM: {units: 3, HELD}}}}", ["forward_lstm", "backward_lstm"]),
        ("{RNN: {cell: {GRUCell: {units: 3, HELD}}}}", ["gru_cell"]),
        ("Flatten, {Dense: {units: 3, kernel_regularizer: {L1L2: {l1: 0.1, l2: 0.2}}}}", ["dense"]),
        ("Flatten, {Dense: 3}", []),
    ],
)
def test_each_weight_costs_once(layers: str, named: list[str], tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", x=draw.normal(size=(30, 5, 2)).astype(np.float32), y=draw.normal(size=30))
    experiment = experiment_of(tmp_path, TEXT.format(layers=layers.replace("HELD", HELD)))
    found = penalties(experiment)
    assert sum(each.cost for each in found) == pytest.approx(float(sum(experiment.model.losses)), rel=1e-5)
    assert {each.layer.rpartition("/")[2] for each in found} == {*named}
    assert len({(each.layer, each.what) for each in found}) == len(found)
