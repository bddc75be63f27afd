"""Ids of an Embedding inside a submodel are all looked at, not those of the first samples alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

WAYS: dict[str, Any] = {
    "submodel": [{"submodel": {"name": "inner", "layers": [{"Embedding": {"input_dim": 9, "output_dim": 3}}]}}],
    "submodel in a submodel": [
        {
            "submodel": {
                "name": "o",
                "layers": [{"submodel": {"name": "i", "layers": [{"Embedding": {"input_dim": 9, "output_dim": 3}}]}}],
            }
        }
    ],
    "plain": [{"Embedding": {"input_dim": 9, "output_dim": 3}}],
}


@pytest.mark.parametrize("bad", [9.0, -1.0, 0.5, 8.0])
@pytest.mark.parametrize("way", WAYS)
def test_an_id_of_a_late_sample_is_looked_at(
    way: str, bad: float, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    ids = np.random.default_rng(0).integers(0, 9, (80, 5)).astype(np.float32)
    ids[75, 2] = bad
    np.savez(tmp_path / "a.npz", x=ids, y=np.arange(80) % 3)
    head = ["Flatten", {"Dense": {"units": 3, "activation": "softmax"}}]
    source = {"npz": {"path": "a.npz", "inputs": "x", "target": "y"}}
    tree = {
        "data": {"source": source, "split": {"by": "time"}},
        "layers": [*WAYS[way], *head],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (tmp_path / "a.yaml").write_text(json.dumps(tree, indent=1), encoding="utf-8")
    done = run_dlcli("validate", "--build", "a.yaml", "--json", cwd=tmp_path)
    problems = done.value["files"][0]["problems"]
    if bad == 8.0:
        assert problems == []
        return
    (problem,) = problems
    told = {
        9.0: "the ids that Embedding takes reach 9, and its input_dim is 9",
        -1.0: "Embedding takes ids from 0 on, and row 76 holds -1",
        0.5: "Embedding takes ids, which are whole numbers, and row 76 holds 0.5",
    }
    assert problem["message"] == told[bad]
    word = '"input_dim"' if bad == 9 else '"Embedding"'
    assert word in (tmp_path / "a.yaml").read_text(encoding="utf-8").splitlines()[problem["line"] - 1]


@pytest.mark.parametrize("bad", [9, -1, 8])
def test_an_id_behind_those_that_are_looked_at_first_is_told_when_it_is_read(
    bad: int, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    from dlcli.training.setup.ids import STREAMED

    samples, row = 12_000, 11_000
    assert row > STREAMED
    ids = np.random.default_rng(0).integers(0, 9, (samples, 2))
    ids[row, 1] = bad
    np.savez(tmp_path / "a.npz", x=ids, y=np.arange(samples) % 3)
    source = {"npz": {"path": "a.npz", "inputs": "x", "target": "y"}}
    tree = {
        "data": {"source": source, "stream": True, "split": {"by": "time", "validation": 0.01, "test": 0.01}},
        "layers": [*WAYS["plain"], "Flatten", {"Dense": {"units": 3, "activation": "softmax"}}],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "Adam",
        "train": {"epochs": 1, "batch_size": 512},
    }
    (tmp_path / "a.yaml").write_text(json.dumps(tree, indent=1), encoding="utf-8")
    done = run_dlcli("train", "a.yaml", "--json", "-q", cwd=tmp_path)
    if bad == 8:
        assert done.code == 0
        return
    told = {
        9: "the ids that Embedding takes reach 9, and its input_dim is 9",
        -1: f"Embedding takes ids from 0 on, and row {row + 1} holds -1",
    }
    assert (done.code, done.error["message"]) == (3, told[bad])
    assert done.error["line"]
