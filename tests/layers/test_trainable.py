"""A backbone of which a part learns: which layers are trained, what is refused, and that a run keeps it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language
from dlcli.errors import BlockError
from dlcli.layers.graph import build_model

Run = Callable[..., Any]
BASE = {"weights": None, "include_top": False, "alpha": 0.35, "pooling": "avg", "name": "base"}


def backbone(trainable: Any) -> Any:
    entry = Language().entry({"MobileNetV2": {**BASE, "trainable": trainable}})
    return build_model([entry], {"x": (32, 32, 3)}, facts={}).model.get_layer("base")


def learning(model: Any) -> list[str]:
    return [layer.name for layer in model.layers if layer.trainable and layer.weights]


@pytest.fixture(scope="module")
def whole() -> list[str]:
    return learning(backbone(True))


def test_it_learns_from_a_layer_on(whole: list[str]) -> None:
    model = backbone({"from": "block_13_expand"})
    assert learning(model) == whole[whole.index("block_13_expand") :]
    assert 10 < len(learning(model)) < len(whole)
    assert model.get_layer("block_13_expand").trainable
    assert not model.get_layer("block_12_project_BN").trainable


def test_or_some_layers_alone_or_all_or_none(whole: list[str]) -> None:
    assert learning(backbone(["Conv_1", "block_2_expand"])) == ["block_2_expand", "Conv_1"]
    assert len(whole) > 100
    assert learning(backbone(False)) == []


def test_a_layer_that_is_none_is_told_at_its_place() -> None:
    with pytest.raises(BlockError, match="the backbone has no layer 'block_13_expnd'") as caught:
        backbone({"from": "block_13_expnd"})
    assert caught.value.hint == "did you mean 'block_13_expand'?"
    assert caught.value.path == ("layers", 0, "MobileNetV2", "trainable", "from")
    with pytest.raises(BlockError, match="the backbone has no layer 'top'") as caught:
        backbone(["Conv_1", "top"])
    assert caught.value.path == ("layers", 0, "MobileNetV2", "trainable", 1)


@pytest.mark.parametrize("trainable", [{"from": "out_relu"}, ["out_relu", "block_2_add"]])
def test_a_part_without_weights_is_told(trainable: Any) -> None:
    with pytest.raises(BlockError, match="nothing of the backbone would learn") as caught:
        backbone(trainable)
    assert caught.value.path == ("layers", 0, "MobileNetV2", "trainable")
    assert "its last layer with weights is 'Conv_1_bn'" in str(caught.value.hint)
    assert learning(backbone({"from": "Conv_1_bn"})) == ["Conv_1_bn"]


@pytest.mark.parametrize("trainable", ["{form: block_13_expand}", "{from: 3}", "[]", "[1]", "4", "some"])
def test_other_forms_are_told_before_keras_is_there(trainable: str, tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(written(trainable), encoding="utf-8")
    [problem] = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert problem["line"] == 4
    assert problem["suggestion"] == "write true, false, {from: LAYER}, or a list of layers"


def written(trainable: str) -> str:
    return (
        "data: {source: {npz: {path: d.npz, inputs: x, target: y}}, split: {validation: 0.25, test: 0.25}}\n"
        "layers:\n"
        "  - Identity: {name: pictures}\n"
        f"  - MobileNetV2: {{weights: null, include_top: false, alpha: 0.35, pooling: avg, name: base, trainable: {trainable}}}\n"
        "  - Dense: {units: 2, activation: softmax}\n"
        "loss: sparse_categorical_crossentropy\noptimizer: {SGD: {learning_rate: 0.1}}\ntrain: {epochs: 1, batch_size: 4}\n"
    )


@pytest.mark.nightly
def test_a_run_trains_that_part_alone_and_keeps_it(tmp_path: Path, run_dlcli: Run) -> None:
    import keras

    rng = np.random.default_rng(0)
    np.savez(tmp_path / "d.npz", x=rng.random((16, 32, 32, 3), dtype="float32"), y=np.arange(16) % 2)
    (tmp_path / "c.yaml").write_text(written("{from: Conv_1}"), encoding="utf-8")
    assert run_dlcli("train", "c.yaml", "-q", cwd=tmp_path).code == 0
    model = keras.models.load_model(tmp_path / "runs" / "c" / "model" / "model.keras", compile=False)
    assert learning(model.get_layer("base")) == ["Conv_1", "Conv_1_bn"]
    # A frozen batch normalization has the statistics that it began with.
    np.testing.assert_array_equal(model.get_layer("base").get_layer("bn_Conv1").get_weights()[2], 0)
    assert np.abs(model.get_layer("base").get_layer("Conv_1_bn").get_weights()[2]).max() > 0
    assert run_dlcli("resume", "c", "--epochs", "2", "-q", cwd=tmp_path).code == 0
