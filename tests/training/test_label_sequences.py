"""What CTC aligns: a unit for each class and nothing, a step for each label and between two that are the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

LABELS = [[1, 2, 3], [1, 1, 2], [3, 0, 0]]
"""Of which the second needs four steps."""


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize(
    ("units", "steps", "told"),
    [
        (4, 4, None),
        (3, 4, "Dense has 3 units, but there are 4 classes"),
        (
            4,
            3,
            "in row 2 need 4 steps, one a label and one more between two that are the same, but Dense puts out 3",
        ),
        (4, 2, "in row 1 need 3 steps"),
    ],
)
def test_what_cannot_be_aligned_is_refused(
    units: int, steps: int, told: str | None, text: bool, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    y = np.array(LABELS * 20)
    words = np.array(["".join(" abc"[each] for each in row if each) for row in LABELS * 20])
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).random((60, 8, 2)), y=words if text else y)
    vector = {"split": "character", "standardize": None, "output_sequence_length": 3}
    tree = {
        "data": {
            "source": {"npz": {"path": "a.npz", "inputs": "x", "target": "y"}},
            **({"target": {"column": "y", "prepare": [{"TextVectorization": vector}]}} if text else {}),
        },
        # of text one class more is for letters that are not known
        "layers": [{"AveragePooling1D": {"pool_size": 9 - steps, "strides": 1}}, {"Dense": units + text}],
        "loss": "CTC",
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (tmp_path / "a.yaml").write_text(json.dumps(tree), encoding="utf-8")
    found = run_dlcli("validate", "a.yaml", "--build", "--json", cwd=tmp_path)
    assert found.code == (0 if told is None else 3), found.out
    wanted = (told or "").replace("3 units", f"{3 + text} units").replace("4 classes", f"{4 + text} classes")
    assert wanted in found.out
