"""`preprocess`: pictures as Keras prepares them for each backbone, kept with the model; and the note where nothing does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.config.language import Language
from dlcli.data import Data
from dlcli.data.preparation.fitting import fit_preparation
from dlcli.data.preparation.prepare import prepare

PICTURES = np.random.default_rng(0).integers(0, 256, (30, 4, 5, 3)).astype(np.uint8)
IDENTICAL = 22


def prepared(folder: Path, model: str) -> np.ndarray[Any, Any]:
    np.savez(folder / "p.npz", x=PICTURES, y=np.arange(30) % 2)
    source = {"npz": {"path": str(folder / "p.npz"), "inputs": "x", "target": "y"}}
    data = Data.model_validate({"source": source, "prepare": [{"preprocess": model}]}, context=Language())
    dataset = data.load(seed=0, labels="classes")
    made = prepare(fit_preparation(data, dataset, facts={}).model, dataset.splits["train"].inputs)["x"]
    order = np.empty((30, *made.shape[1:]), np.float32)
    order[:] = np.nan
    order[dataset.splits["train"].rows] = made
    return order


def test_colours_are_those_of_keras_for_every_backbone(tmp_path: Path) -> None:
    import keras

    same = 0
    for model, entry in keras_catalogue().kinds["applications"].items():
        module = sys.modules[getattr(keras.applications, model).__module__]
        expected = module.preprocess_input(PICTURES.astype(np.float32))
        found = prepared(tmp_path, model)
        there = ~np.isnan(found).any(axis=(1, 2, 3))
        assert there.sum() == 20 or there.sum() == 21 or there.sum() == 22
        np.testing.assert_allclose(found[there], expected[there], atol=2e-5)
        identical = bool(np.allclose(expected, PICTURES))
        assert identical != bool(entry["traits"].get("preprocess")), model
        same += identical
    assert same == IDENTICAL


def test_other_than_three_colours_are_told(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    np.savez(tmp_path / "p.npz", x=PICTURES[..., :1], y=np.arange(30) % 2)
    text = (
        "data: {source: {npz: {path: p.npz, inputs: x, target: y}}, prepare: [preprocess: VGG16]}\n"
        "layers: [Flatten, Dense: {units: 1, activation: sigmoid}]\nloss: binary_crossentropy\n"
        "optimizer: Adam\ntrain: {epochs: 1}\n"
    )
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    done = run_dlcli("validate", "--build", "c.yaml", cwd=tmp_path)
    assert done.code == 3
    assert "VGG16 takes pictures of 3 colours, found 1; write images: {…, channels: 3}" in done.out
    (tmp_path / "c.yaml").write_text(text.replace("VGG16", "VGG61"), encoding="utf-8")
    done = run_dlcli("validate", "c.yaml", cwd=tmp_path)
    assert done.code == 3
    assert "did you mean 'VGG19'?" in done.out


@pytest.mark.parametrize(
    ("layer", "prepare", "noted"),
    [
        ("{VGG16: {include_top: false, name: base}}", "[]", True),
        ("{VGG16: {include_top: false, weights: w.h5}}", "[]", True),
        ("{VGG16: {include_top: false, weights: null}}", "[]", False),
        ("{VGG16: {include_top: false}}", "[preprocess: VGG16]", False),
        ("{EfficientNetB0: {include_top: false}}", "[]", False),
        ("{MobileNetV2: {include_top: false}}", "[Rescaling: {scale: 0.0078, offset: -1}]", False),
        ("Rescaling: 0.0078, MobileNetV2: {include_top: false}", "[]", False),
        ("Dropout: 0.1, MobileNetV2: {include_top: false}", "[]", True),
    ],
)
def test_a_backbone_without_it_is_noted(
    layer: str, prepare: str, noted: bool, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    text = (
        f"data: {{source: {{images: pets}}, prepare: {prepare}}}\nlayers: [{layer}, GlobalAveragePooling2D, "
        "Dense: {units: 2, activation: softmax}]\nloss: sparse_categorical_crossentropy\noptimizer: Adam\n"
        "train: {epochs: 1}\n"
    )
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    done = run_dlcli("validate", "c.yaml", "--json", cwd=tmp_path)
    assert done.code == 0, done.out
    kinds = [each["kind"] for each in done.value["files"][0]["notes"]]
    assert kinds == (["backbone_without_preprocess"] if noted else [])
