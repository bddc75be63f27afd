"""`loss_weights`: how much the loss of each target counts, in training and in every number that sums them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

Run = Callable[..., Any]
WEIGHTS = {"a": 0.25, "b": 3.0}


def write(folder: Path, weights: Any, **more: Any) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype("float32")
    np.savez(folder / "d.npz", x=x, a=(x[:, 0] > 0).astype("int64"), b=x.sum(1))
    tree = {
        "data": {
            "source": {"npz": {"path": "d.npz", "inputs": "x"}},
            "targets": {"a": "a", "b": "b"},
            "split": {"validation": 0.2, "test": 0.2},
        },
        "layers": [
            {"Dense": {"units": 4, "activation": "relu", "name": "body"}},
            {"Dense": {"units": 2, "activation": "softmax", "name": "a", "from": "body"}},
            {"Dense": {"units": 1, "name": "b", "from": "body"}},
        ],
        "loss": {"a": "sparse_categorical_crossentropy", "b": "mse"},
        "loss_weights": weights,
        "optimizer": {"SGD": {"learning_rate": 0.01}},
        "train": {"epochs": 2},
        **more,
    }
    path = folder / "c.yaml"
    path.write_text(yaml.safe_dump({key: each for key, each in tree.items() if each is not None}), encoding="utf-8")
    return path


def last(folder: Path, split: str) -> dict[str, float]:
    lines = (folder / "runs" / "c" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    values: dict[str, float] = json.loads(lines[-1])[split]
    return values


@pytest.mark.parametrize("engine", ["keras", "resident"])
def test_the_loss_is_the_weighed_sum_of_those_of_the_targets(engine: str, tmp_path: Path, run_dlcli: Run) -> None:
    config = write(tmp_path, WEIGHTS, train={"epochs": 2, "engine": engine})
    done = run_dlcli("train", config, "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    # Keras's own loop leaves a last batch that is smaller out of proportion in the losses of the targets alone.
    for split in ("train", "validation") if engine == "resident" else ("validation",):
        values = last(tmp_path, split)
        assert values["loss"] == pytest.approx(0.25 * values["a_loss"] + 3 * values["b_loss"], rel=1e-5)
    baseline = done.value["baseline"]["metrics"]
    assert baseline["loss"] == pytest.approx(0.25 * baseline["a_loss"] + 3 * baseline["b_loss"], rel=1e-6)
    judged = run_dlcli("evaluate", "c", "--worst", "12", "--json", cwd=tmp_path).value
    measured = judged["metrics"]
    assert measured["loss"] == pytest.approx(0.25 * measured["a_loss"] + 3 * measured["b_loss"], rel=1e-5)
    assert len(judged["worst"]) == 12
    assert np.mean([each["loss"] for each in judged["worst"]]) == pytest.approx(measured["loss"], rel=1e-5)


def test_a_target_of_weight_0_teaches_nothing_and_what_is_not_named_counts_1(tmp_path: Path, run_dlcli: Run) -> None:
    import keras

    assert run_dlcli("train", write(tmp_path, {"a": 0}), "-q", cwd=tmp_path).code == 0
    values = last(tmp_path, "train")
    assert values["loss"] == pytest.approx(values["b_loss"], rel=1e-6)
    model = keras.models.load_model(tmp_path / "runs" / "c" / "model" / "model.keras", compile=False)
    assert np.abs(model.get_layer("a").get_weights()[1]).max() == 0
    assert np.abs(model.get_layer("b").get_weights()[1]).max() > 0


def test_the_first_loss_is_weighed_like_the_one_that_is_expected(tmp_path: Path, run_dlcli: Run) -> None:
    config = write(
        tmp_path,
        WEIGHTS,
        layers=[
            {"Dense": {"units": 2, "activation": "softmax", "name": "a", "kernel_initializer": "zeros"}},
            {"Dense": {"units": 2, "activation": "softmax", "name": "b", "from": "x", "kernel_initializer": "zeros"}},
        ],
        data={
            "source": {"npz": {"path": "d.npz", "inputs": "x"}},
            "targets": {"a": "a", "b": {"column": "a"}},
        },
        loss={"a": "sparse_categorical_crossentropy", "b": "sparse_categorical_crossentropy"},
    )
    first = run_dlcli("inspect", config, "--json", cwd=tmp_path).value["first_loss"]
    assert first["measured"] == pytest.approx(3.25 * np.log(2), rel=1e-5)
    assert first["expected"] == pytest.approx(3.25 * np.log(2), rel=1e-9)
    assert first["why"] == "0.25 · ln 2 + 3 · ln 2"


@pytest.mark.parametrize(
    ("weights", "line", "words"),
    [
        ({"a": 1, "c": 2}, "c:", "there is no target 'c'; there are: a, b"),
        ({"a": -1}, "a:", "'a' must be at least 0"),
        ({"a": "much"}, "a:", "must be a number"),
        (0.5, "loss_weights:", "must be a mapping"),
    ],
)
def test_weights_of_no_target_are_told_at_their_line(
    weights: Any, line: str, words: str, tmp_path: Path, run_dlcli: Run
) -> None:
    config = write(tmp_path, weights)
    [problem] = run_dlcli("validate", config, "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert words in problem["message"]
    shown = config.read_text(encoding="utf-8").splitlines()[problem["line"] - 1]
    assert shown.strip().startswith(line)


def test_weights_beside_one_target_are_told(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(
        "data: {source: iris}\nlayers: [Dense: {units: 3, activation: softmax}]\n"
        "loss: sparse_categorical_crossentropy\nloss_weights: {species: 2}\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    [problem] = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert (problem["line"], problem["kind"]) == (4, "no_such_target")
    assert "there is one" in problem["message"]


@pytest.mark.parametrize(("weights", "told"), [("{a: 0, b: 0}", True), ("{a: 0}", False), ("{a: 0, b: 1e-9}", False)])
def test_weights_that_are_all_0_are_told(weights: str, told: bool, tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(
        "data: {source: iris, inputs: [sepal_length], targets: {a: petal_length, b: petal_width}}\n"
        "layers: [Dense: {units: 4, name: x}, Dense: {units: 1, name: a, from: x}, Dense: {units: 1, name: b, from: x}]\n"
        f"loss: {{a: mse, b: mse}}\nloss_weights: {weights}\noptimizer: Adam\ntrain: {{epochs: 1}}\n",
        encoding="utf-8",
    )
    problems = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert [(each["line"], each["kind"]) for each in problems] == [(4, "weights_all_zero")] * told


def test_layers_of_a_loss_of_weight_0_are_not_told_to_have_no_gradient(tmp_path: Path, run_dlcli: Any) -> None:
    shown = {}
    for weight in (0.0, 1e-3):
        tree = {
            "data": {
                "source": "iris",
                "inputs": ["sepal_length", "sepal_width"],
                "targets": {"kind": "species", "size": "petal_length"},
            },
            "layers": [
                {"Dense": {"units": 8, "activation": "tanh", "name": "both"}},
                {"Dense": {"units": 3, "activation": "softmax", "name": "kind", "from": "both"}},
                {"Dense": {"units": 4, "activation": "tanh", "name": "own", "from": "both"}},
                {"Dense": {"units": 1, "name": "size", "from": "own"}},
            ],
            "loss": {"kind": "sparse_categorical_crossentropy", "size": "mse"},
            "loss_weights": {"size": weight},
            "optimizer": "Adam",
            "train": {"epochs": 1},
        }
        file = tmp_path / f"{weight}.yaml"
        file.write_text(json.dumps(tree), encoding="utf-8")
        done = run_dlcli("check", file, "--json", cwd=tmp_path)
        assert done.code == 0, done.err
        result = json.loads(done.out)
        codes = {each.get("code") or each.get("finding") for each in result["verdict"]}
        assert not codes & {"no_gradient", "vanishing_gradients"}, codes
        shown[weight] = {each["layer"]: each["weighed"] for each in result["gradients"]}
    assert shown[0.0] == {"both": True, "kind": True, "own": False, "size": False}
    assert set(shown[1e-3].values()) == {True}
