"""A target that streams is looked at as it is read: a wrong row behind the first samples is told as one in memory is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

Run = Callable[..., Any]
ROWS, ODD = 900, 500
"""The odd row stands behind the first 256 samples of the training split."""
STEPS = [{"AveragePooling1D": {"pool_size": 6, "strides": 1}}, {"Dense": 4}]
SOFTPLUS = ["Flatten", {"Dense": {"units": 1, "activation": "softplus"}}]
SHARES = ["Flatten", {"Dense": {"units": 3, "activation": "softmax"}}]
LABELS = np.tile([[1, 2, 3], [2, 3, 0], [3, 0, 0]], (ROWS // 3, 1))
SIGNS = np.tile([-1.0, 1.0], ROWS // 2).astype(np.float32)
PARTS = np.tile([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]], (ROWS // 2, 1)).astype(np.float32)
NUMBERS = np.linspace(0, 1, ROWS).astype(np.float32)
CASES: dict[str, tuple[Any, Any, list[Any], Any, str]] = {
    "more steps than there are": (LABELS, [1, 1, 1], STEPS, "CTC", "the labels of 'y' in row 501 need 5 steps"),
    "a label that no unit stands for": (LABELS, [1, 5, 2], STEPS, "CTC", "Dense has 4 units, but there are 6 classes"),
    "a number below 0": (NUMBERS, -1, SOFTPLUS, "poisson", "poisson reads targets of 0 or more, and this one is -1 in row 501"),
    "shares of another sum": (
        PARTS,
        [0.2, 0.3, 0.9],
        SHARES,
        "categorical_crossentropy",
        "categorical_crossentropy reads a 1 among zeros, or shares of 1, and row 501 is [0.2, 0.3, 0.9]",
    ),
    "no beside minus one": (
        SIGNS[:, None] * np.ones((1, 2), np.float32),
        [0, 1],
        ["Flatten", {"Dense": {"units": 2, "activation": "tanh"}}],
        "hinge",
        "hinge reads labels of -1 and 1 here, and row 501 holds 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("odd", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_a_wrong_row_is_told_wherever_it_stands(
    name: str, odd: bool, stream: bool, tmp_path: Path, run_dlcli: Run
) -> None:
    values, wrong, layers, loss, message = CASES[name]
    target = values.copy()
    if odd:
        target[ODD] = wrong
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.random.default_rng(0).random((ROWS, 8, 64)).astype(np.float32)
        file["y"] = target
    data = {
        "source": {"hdf5": {"path": "a.h5", "inputs": "x", "target": "y"}},
        "split": {"by": "time"},
        "stream": stream,
    }
    tree = {"data": data, "layers": layers, "loss": loss, "optimizer": "Adam", "train": {"epochs": 1}}
    (tmp_path / "c.yaml").write_text(json.dumps(tree))
    done = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path)
    if not odd:
        assert done.code == 0, done.err
        return
    assert done.error["message"].startswith(message)
    assert done.code == (3 if loss == "CTC" else 4)
    assert "c.yaml:1:" in done.err
