"""Layers inside a backbone or a submodel as what others take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dlcli.config.language import Language
from dlcli.errors import BlockError
from dlcli.layers.graph import build_model
from dlcli.layers.inner import inner_names, owner_of

Run = Callable[..., Any]
BASE = "MobileNetV2: {weights: null, include_top: false, alpha: 0.35, name: base}"


def built(text: str) -> Any:
    language = Language()
    return build_model([language.entry(each) for each in yaml.safe_load(text)], {"x": (32, 32, 3)}, facts={}).model


def test_a_backbone_is_cut_to_what_is_taken() -> None:
    import keras

    whole = keras.applications.MobileNetV2(input_shape=(32, 32, 3), weights=None, include_top=False, alpha=0.35)
    tap = keras.Model(whole.input, whole.get_layer("block_6_expand_relu").output)
    cut = built(f"[{BASE}, GlobalAveragePooling2D: {{from: base.block_6_expand_relu}}]")
    assert cut.count_params() == tap.count_params() < whole.count_params()
    assert cut.output_shape == (None, tap.output_shape[-1])
    both = built(
        f"[{BASE}, GlobalAveragePooling2D: {{name: end}}, "
        "GlobalAveragePooling2D: {from: base.block_6_expand_relu, name: tap}, "
        "Concatenate: {from: [end, tap]}]"
    )
    assert both.count_params() == whole.count_params()
    assert both.output_shape == (None, whole.output_shape[-1] + tap.output_shape[-1])


def test_the_numbers_are_those_of_the_layer_inside() -> None:
    import keras

    model = built("[submodel: {name: tower, layers: [{Dense: {units: 4, name: low}}, ReLU, {Dense: {units: 2}}]}, "
                  "Concatenate: {from: [tower, tower.low], name: out}]")  # fmt: skip
    tower = model.get_layer("tower")
    x = np.random.default_rng(0).normal(size=(5, 32, 32, 3)).astype("float32")
    low = keras.Model(tower.input, tower.get_layer("low").output)(x)
    said = np.asarray(model({"x": x}))
    np.testing.assert_allclose(said[..., 2:], low, rtol=1e-6)
    assert said.shape == (5, 32, 32, 6)


def test_a_submodel_is_cut_to_what_is_taken_too() -> None:
    tower = "submodel: {name: tower, layers: [{Dense: {units: 4, name: low}}, ReLU, {Dense: {units: 2}}]}"
    assert built(f"[{tower}, Flatten: {{from: tower.low}}]").count_params() == 3 * 4 + 4
    assert built(f"[{tower}, Add: {{from: [tower, tower], name: out}}]").count_params() == 3 * 4 + 4 + 4 * 2 + 2


@pytest.mark.nightly
def test_a_run_with_taps_is_kept_and_goes_on(tmp_path: Path, run_dlcli: Run) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "d.npz", x=rng.random((16, 32, 32, 3), dtype="float32"), y=np.arange(16) % 2)
    text = (
        "data: {source: {npz: {path: d.npz, inputs: x, target: y}}, split: {validation: 0.25, test: 0.25}}\n"
        f"layers:\n  - {BASE[:-1]}, trainable: false}}\n"
        "  - GlobalAveragePooling2D: {from: base.block_6_expand_relu, name: early}\n"
        "  - GlobalAveragePooling2D: {from: base.block_13_expand_relu, name: late}\n"
        "  - Concatenate: {from: [early, late]}\n"
        "  - Dense: {units: 2, activation: softmax}\n"
        "loss: sparse_categorical_crossentropy\noptimizer: Adam\ntrain: {epochs: 1, batch_size: 4}\n"
    )
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    for command in (["validate", "--build", "c.yaml"], ["train", "c.yaml", "-q"], ["evaluate", "c"], ["inspect", "c"]):
        done = run_dlcli(*command, cwd=tmp_path)
        assert done.code == 0, (command, done.err)
    assert run_dlcli("resume", "c", "--epochs", "2", "-q", cwd=tmp_path).code == 0
    (tmp_path / "c.yaml").write_text(text.replace("base.block_6", "bse.block_6"), encoding="utf-8")
    [problem] = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert problem["line"] == 4
    (tmp_path / "c.yaml").write_text(
        text.replace("expand_relu, name: early", "expand_rel, name: early"), encoding="utf-8"
    )
    done = run_dlcli("validate", "--build", "c.yaml", cwd=tmp_path)
    assert done.code == 3
    assert "'base' has no layer 'block_6_expand_rel'" in done.out
    assert "c.yaml:4" in done.out
    assert "did you mean 'block_6_expand_relu'?" in done.out


def test_layers_of_what_is_no_model_are_not_taken(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(
        "data: {source: iris}\nlayers:\n  - Dense: {units: 4, name: low}\n"
        "  - Dense: {units: 3, activation: softmax, from: low.kernel}\n"
        "loss: sparse_categorical_crossentropy\noptimizer: Adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    problem, *_ = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert (problem["line"], problem["kind"]) == (4, "no_such_layer")
    with pytest.raises(BlockError, match="'from' names 'low.kernel'"):
        built("[Dense: {units: 4, name: low}, Dense: {units: 3, from: low.kernel}]")


def test_names_with_dots_and_numbers_are_told_apart() -> None:
    assert inner_names("a", ["a.0", "a.12", "a.b", "a.b.c", "ab.c", "a"]) == ["b", "b.c"]
    assert inner_names(None, ["a.b"]) == []
    assert owner_of("a.b.c", {"a", "a.b"}) == "a.b"
    assert owner_of("a.b.c", {"a"}) == "a"
    assert owner_of("abc", {"a"}) is None
