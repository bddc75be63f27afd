"""Infinity is found in arrays of any float type, also of 16 bits, beside which a number of 32 bits is infinite itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "longdouble"])
@pytest.mark.parametrize("bad", [np.inf, -np.inf, 65504])
@pytest.mark.parametrize("field", ["x", "y"])
def test_infinity_is_found(kind: str, bad: float, field: str, tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    generator = np.random.default_rng(0)
    values = {"x": generator.normal(size=(40, 4)), "y": generator.normal(size=40)}
    values[field] = values[field].astype(kind)
    values[field][7] = bad
    np.savez(tmp_path / "a.npz", **values)
    source = {"npz": {"path": "a.npz", "inputs": "x", "target": "y"}}
    tree = {
        "data": {"source": source},
        "layers": [{"Dense": 1}],
        "loss": "mse",
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (tmp_path / "a.yaml").write_text(json.dumps(tree), encoding="utf-8")
    done = run_dlcli("inspect-data", "a.yaml", "--json", cwd=tmp_path)
    if np.isinf(bad):
        assert (done.code, done.error["message"]) == (4, f"'{field}' is infinite in 1 row, first in row 8")
    else:
        assert done.code == 0
