"""Masks with names, on the whole way: counts, scores, other data and predictions speak of the classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

Run = Callable[..., Any]
NAMES = ["border", "pet", "background"]
VALUES = {"3": "border", "1": "pet", "200": "background"}
MEANT = {3: 0, 1: 1, 200: 2, 255: -1}


def write_scenes(folder: Path, samples: int, seed: int) -> Any:
    """Pictures as bright as their masks say, with a void row; gives the indices (samples, 6, 6) that are meant."""
    masks = np.random.default_rng(seed).choice([3, 1, 200], (samples, 6, 6), p=[0.2, 0.3, 0.5]).astype(np.uint8)
    masks[:, 5] = 255
    for name in ("photos", "trimaps"):
        (folder / name).mkdir(parents=True)
    shades = np.zeros(256, np.uint8)
    shades[[3, 1, 200]] = 0, 100, 250
    for number, mask in enumerate(masks):
        Image.fromarray(shades[mask]).save(folder / "photos" / f"{number:02}.png")
        Image.fromarray(mask).save(folder / "trimaps" / f"{number:02}.png")
    return np.vectorize(MEANT.get)(masks)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("named")
    write_scenes(folder / "data", 40, seed=0)
    config = {
        "data": {
            "source": {"images": {"path": "data/photos", "masks": {"path": "data/trimaps", "classes": VALUES}}},
            "target": {"column": "mask", "void": 255},
            "prepare": [{"Rescaling": 0.01}],
        },
        "layers": [
            {"Conv2D": {"filters": 16, "kernel_size": 1, "activation": "relu"}},
            {"Conv2D": {"filters": "${data.classes}", "kernel_size": 1, "activation": "softmax"}},
        ],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"Adam": 0.03},
        "metrics": ["accuracy"],
        "train": {"epochs": 15, "batch_size": 4},
    }
    (folder / "named.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    outcome = run_dlcli("train", "named.yaml", "--name", "r", "--json", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return folder, write_scenes(folder / "new", 6, seed=1)


def test_counts_speak_the_names(trained: tuple[Path, Any], run_dlcli: Run) -> None:
    shown = run_dlcli("inspect-data", "named.yaml", "--json", cwd=trained[0])
    assert shown.code == 0, shown.err
    text = json.dumps(json.loads(shown.out))
    assert all(f'"{name}"' in text for name in NAMES)
    assert '"255"' not in text


def test_predictions_and_scores_of_other_pictures_are_those_of_the_names(
    trained: tuple[Path, Any], run_dlcli: Run
) -> None:
    folder, truth = trained
    assert run_dlcli("predict", "r", "new", "--output", "p.npz", cwd=folder).code == 0
    with np.load(folder / "p.npz") as file:
        said = file["mask"]
        assert file["mask_classes"].tolist() == list(NAMES)  # what the indices stand for
        chances = np.stack([file[f"probability {name}"] for name in NAMES], axis=-1)
    np.testing.assert_array_equal(said, chances.argmax(axis=-1))
    shown = json.loads(run_dlcli("predict", "r", "new/photos", "--json", cwd=folder).out)
    assert [row["mask"] for row in shown["predictions"]] == np.array(NAMES)[said].tolist()

    scored = run_dlcli("evaluate", "r", "--data", "new", "--json", cwd=folder)
    assert scored.code == 0, scored.err
    result = json.loads(scored.out)
    counted = truth >= 0
    assert result["metrics"]["accuracy"] == pytest.approx((said == truth)[counted].mean(), abs=1e-6)
    matrix = np.zeros((3, 3), int)
    np.add.at(matrix, (truth[counted], said[counted]), 1)
    assert result["confusion"] == matrix.tolist()
    assert result["metrics"]["accuracy"] > 0.7  # it has learnt: names that were mixed up would show


def test_other_masks_with_an_unlisted_value_are_refused_with_their_file(
    trained: tuple[Path, Any], run_dlcli: Run
) -> None:
    folder, _ = trained
    write_scenes(folder / "odd", 3, seed=2)
    Image.fromarray(np.full((6, 6), 7, np.uint8)).save(folder / "odd" / "trimaps" / "01.png")
    scored = run_dlcli("evaluate", "r", "--data", "odd", cwd=folder)
    assert scored.code == 4
    assert "holds the value 7" in scored.err
    assert "01.png" in scored.err
