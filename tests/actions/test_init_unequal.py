"""`init` on samples of unequal length: layers that respect the mask, and numbers where an id would be padding."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

RANDOM = np.random.default_rng(2)
LENGTHS = RANDOM.integers(2, 9, 60).tolist()
ROWS = [
    {
        "ids": RANDOM.integers(1, 9, length).tolist(),
        "counts": RANDOM.integers(0, 40, length).tolist(),
        "curve": RANDOM.normal(size=length).round(3).tolist(),
        "kind": "ab"[length % 2],
    }
    for length in LENGTHS
]
TAGS = [{**row, "tags": [each % 3 for each in row["ids"]]} for row in ROWS]


@pytest.mark.parametrize(
    ("rows", "target", "inputs", "words"),
    [
        (ROWS, "kind", None, ["Embedding", "LSTM", "LSTM", "LSTM", "Concatenate", "Dense", "Dense"]),
        (ROWS, "kind", "[curve]", ["LSTM", "Dense", "Dense"]),
        (TAGS, "tags", "[ids]", ["Embedding", "LSTM", "Dense"]),
        (ROWS, "curve", "[ids]", ["Embedding", "LSTM", "Dense"]),
    ],
)
def test_what_init_writes_trains(
    rows: list[Any], target: str, inputs: str | None, words: list[str], tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    more = [] if inputs is None else ["--set", f"data.inputs={inputs}"]
    done = run_dlcli("init", "rows.jsonl", "--target", target, *more, "-o", "c.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    tree = yaml.safe_load((tmp_path / "c.yaml").read_text())
    assert [each if isinstance(each, str) else next(iter(each)) for each in tree["layers"]] == words
    if inputs is None:
        assert tree["data"]["inputs"]["counts"] == {
            "columns": "counts",
            "kind": "number",
            "prepare": ["Normalization"],
        }
        assert tree["data"]["inputs"]["ids"] == {"columns": "ids"}
    trained = run_dlcli("train", "c.yaml", "--epochs", "1", "--json", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert "drops the mask" not in trained.err


MIXED = [
    {
        "x": RANDOM.normal(size=(length, 2)).round(3).tolist(),
        "z": RANDOM.normal(size=length).round(3).tolist(),
        "vector": RANDOM.normal(size=3).round(3).tolist(),
        "ids": RANDOM.integers(1, 9, length).tolist(),
        "number": round(RANDOM.normal(), 3),
        "name": "uvw"[at % 3],
        "kind": "ab"[length % 2],
    }
    for at, length in enumerate(LENGTHS)
]


@pytest.mark.parametrize(
    "names", ["x number", "x z", "vector number", "vector ids", "z name", "vector z", "ids name number x"]
)
def test_lists_beside_anything_else_are_inputs_by_their_names(
    names: str, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    rows = [{name: row[name] for name in [*names.split(), "kind"]} for row in MIXED]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert run_dlcli("init", "rows.jsonl", "--target", "kind", "-o", "c.yaml", cwd=tmp_path).code == 0
    checked = run_dlcli("validate", "c.yaml", "--build", cwd=tmp_path)
    assert checked.code == 0, checked.out
    text = (tmp_path / "c.yaml").read_text()
    assert all(f"{name}_seen" in text for name in names.split() if name in {"x", "z", "ids"})


def test_a_name_that_is_no_list_is_told_when_the_rows_are_read(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, MIXED)), encoding="utf-8")
    assert run_dlcli("init", "rows.jsonl", "--target", "kind", "-o", "c.yaml", cwd=tmp_path).code == 0
    text = (tmp_path / "c.yaml").read_text()
    (tmp_path / "c.yaml").write_text(text.replace("from: z", "from: y"))
    refused = run_dlcli("validate", "c.yaml", "--build", "--json", cwd=tmp_path)
    problem = refused.value["files"][0]["problems"][0]
    assert (refused.code, problem["kind"]) == (3, "no_such_layer")
    assert "'from' names 'y'" in problem["message"]


def test_a_file_that_is_looked_at_shows_no_padding(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    tensors = run_dlcli("inspect-data", "rows.jsonl", "--json", cwd=tmp_path).value["tensors"]
    seen = {each["name"]: each for each in tensors}
    for name in ("ids", "counts", "curve"):
        values = np.concatenate([row[name] for row in ROWS])
        assert (seen[name]["min"], seen[name]["max"]) == (values.min(), values.max())
        assert seen[name]["mean"] == pytest.approx(values.mean())


def test_a_model_without_places_is_refused(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    config = {
        "data": {"source": "rows.jsonl", "inputs": ["ids"], "target": "curve"},
        "layers": [
            {"Embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": True}},
            {"LSTM": 4},
            {"Dense": max(LENGTHS)},
        ],
        "loss": "mse",
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    refused = run_dlcli("train", "c.yaml", "--json", cwd=tmp_path)
    assert (refused.code, refused.error["kind"]) == (3, "no_answer_each_place")
