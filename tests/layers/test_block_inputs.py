"""Blocks with several inputs: what is taken by name or in order, and what is wrong between them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dlcli.config import load_config
from dlcli.layers.graph import build_model

Run = Callable[..., Any]
TEXT = """
data: {source: digits, prepare: [{Rescaling: 0.0625}]}
blocks:
  weighed:
    inputs: [x, other]
    parameters: {units: 4}
    layers:
      - Dense: {units: "${units}", name: mine}
      - Dense: {units: "${units}", from: other, name: theirs}
      - Subtract: {from: [mine, theirs]}
layers:
  - Flatten: {name: flat}
  - Dense: {units: 3, name: low}
  - block: USE
  - Dense: {units: 10, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""


def written(folder: Path, use: str, **changes: str) -> Path:
    text = TEXT.replace("USE", use)
    for old, new in changes.items():
        text = text.replace(old.replace("_", " "), new)
    path = folder / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def config_of(folder: Path, use: str) -> Any:
    config, _ = load_config(written(folder, use))
    return config


def outputs(config: Any) -> Any:
    import keras

    keras.utils.set_random_seed(1)
    model = build_model(config.layers, {"image": (8, 8)}, facts={}).model
    return np.asarray(model({"image": np.random.default_rng(0).normal(size=(3, 8, 8)).astype("float32")}))


def test_inputs_come_by_name_or_in_their_order(tmp_path: Path) -> None:
    outputs(config_of(tmp_path, "{use: weighed, from: [flat, low]}"))  # the first model of a process draws once more
    by_name = outputs(config_of(tmp_path, "{use: weighed, from: {other: low, x: flat}}"))
    in_order = outputs(config_of(tmp_path, "{use: weighed, from: [flat, low]}"))
    turned = outputs(config_of(tmp_path, "{use: weighed, from: [low, flat]}"))
    np.testing.assert_array_equal(by_name, in_order)
    assert not np.array_equal(in_order, turned)


def test_a_run_keeps_them(tmp_path: Path, run_dlcli: Run) -> None:
    config = written(tmp_path, "{use: weighed, units: 5, from: {x: flat, other: low}}")
    assert run_dlcli("train", config, "-q", cwd=tmp_path).code == 0
    assert run_dlcli("evaluate", "c", cwd=tmp_path).code == 0
    assert run_dlcli("resume", "c", "--epochs", "2", "-q", cwd=tmp_path).code == 0
    resolved = yaml.safe_load((tmp_path / "runs" / "c" / "config.resolved.json").read_text(encoding="utf-8"))
    assert resolved["layers"][2]["block"]["inputs"] == ["x", "other"]


BY_NAME = "write from: {x: NAME, other: NAME}"


@pytest.mark.parametrize(
    ("use", "words", "hint"),
    [
        ("{use: weighed, from: flat}", "block has 2 inputs (x, other), and takes 1", BY_NAME),
        ("{use: weighed}", "block has 2 inputs (x, other), and takes 1", BY_NAME),
        ("{use: weighed, from: [flat, low, low]}", "block has 2 inputs (x, other), and takes 3", BY_NAME),
        ("{use: weighed, from: {x: flat}}", "'from' leaves out 'other'", BY_NAME),
        ("{use: weighed, from: {x: flat, othr: low}}", "block has no input 'othr'", "did you mean 'other'?"),
        (
            "{use: weighed, from: {x: flat, other: lo}}",
            "'from' names 'lo', which is no layer above and no input",
            "did you mean 'low'?",
        ),
        (
            "{from: {x: flat}, layers: [Dense: 2]}",
            "block declares no inputs, and 'from' gives it some by name",
            "write from: NAME, or inputs: [x, …] in the definition of the block",
        ),
    ],
)
def test_what_does_not_fit_is_told(use: str, words: str, hint: str, tmp_path: Path, run_dlcli: Run) -> None:
    problems = run_dlcli("validate", written(tmp_path, use), "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert [(each["message"], each["suggestion"]) for each in problems] == [(words, hint)]
    assert problems[0]["line"] == 14


def test_names_outside_are_not_seen_inside_and_every_input_is_taken(tmp_path: Path, run_dlcli: Run) -> None:
    config = written(tmp_path, "{use: weighed, from: [flat, low]}", from__other="from: low")
    config.write_text(config.read_text("utf-8").replace("from: other", "from: low"), encoding="utf-8")
    problems = run_dlcli("validate", config, "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert [(each["line"], each["message"]) for each in problems] == [
        (9, "'from' names 'low', which cannot be reached from here"),
        (14, "no layer of the block takes its input 'other'"),
    ]


def test_a_mistake_in_a_block_that_is_used_twice_is_told_once(tmp_path: Path, run_dlcli: Run) -> None:
    config = written(tmp_path, "{use: weighed, from: [flat, low]}\n  - block: {use: weighed, from: [flat, low]}")
    config.write_text(config.read_text("utf-8").replace("[mine, theirs]", "[mine, thers]"), encoding="utf-8")
    problems = run_dlcli("validate", config, "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert [each["line"] for each in problems if "thers" in each["message"]] == [10]


def test_inputs_of_a_definition_are_names(tmp_path: Path, run_dlcli: Run) -> None:
    config = written(tmp_path, "{use: weighed, from: [flat, low]}")
    config.write_text(config.read_text("utf-8").replace("inputs: [x, other]", "inputs: 3"), encoding="utf-8")
    problems = run_dlcli("validate", config, "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert (5, "'inputs' must be a list, found the number 3") in {(each["line"], each["message"]) for each in problems}
