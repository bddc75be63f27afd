"""A named submodel is one model where its name stands twice, but in each use of a block one of its own, which is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

CORE = {"submodel": {"name": "core", "layers": [{"Dense": 4}]}}
NOTE = "each use of what holds the submodel 'core' has one with weights of its own"


@pytest.mark.parametrize(
    ("blocks", "layers", "cores", "told"),
    [
        ({"tower": {"layers": [CORE]}}, [{"block": {"use": "tower"}}] * 3, 3, 1),
        ({}, [{"repeat": {"times": 2, "layers": [CORE]}}], 2, 1),
        ({"tower": {"layers": [CORE]}}, [{"block": {"use": "tower"}}], 1, 0),
        ({}, [CORE, CORE], 1, 0),
    ],
)
def test_it_is_said_where_nothing_is_shared(
    blocks: Any, layers: list[Any], cores: int, told: int, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    tree: dict[str, Any] = {
        "data": {"source": "iris"},
        "layers": [*layers, {"Dense": {"units": 3, "activation": "softmax"}}],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    if blocks:
        tree["blocks"] = blocks
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(tree))), encoding="utf-8")
    shown = run_dlcli("inspect", "c.yaml", "--json", cwd=tmp_path)
    assert shown.code == 0, shown.err
    result = json.loads(shown.out)
    assert sum(NOTE in note for note in result["notes"]) == told
    assert sum(each["name"].startswith("core") for each in result["layers"]) == cores
