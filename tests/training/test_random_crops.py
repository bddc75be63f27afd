"""RandomCrop in `augment`: training sees parts of pictures, everything else their centre, and the model takes them whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

Run = Callable[..., Any]
HEIGHT, WIDTH, CROP = 9, 12, (6, 7)


def write(folder: Path, *, grey: bool) -> Any:
    """Pictures whose centre tells the class, and whose border is noise; gives them as an array."""
    generator = np.random.default_rng(2)
    shape = (60, HEIGHT, WIDTH) if grey else (60, HEIGHT, WIDTH, 2)
    x = generator.normal(size=shape).astype(np.float32)
    y = np.arange(60) % 2
    x[:, 3:6, 4:8] += np.where(y == 1, 3, -3).reshape(-1, *[1] * (len(shape) - 1))
    if grey:  # whole numbers tell pictures without channels from series
        x = (128 + 20 * x).clip(0, 255).astype(np.uint8)
    np.savez(folder / "p.npz", x=x, y=y)
    return x


def config_of(*augment: Any, **more: Any) -> dict[str, Any]:
    first = {"Conv2D": {"filters": 3, "kernel_size": 3, "name": "seen"}}
    return {
        "data": {"source": {"npz": {"path": "p.npz", "inputs": "x", "target": "y"}}, "augment": [*augment], **more},
        "layers": [first, "Flatten", {"Dense": {"units": 1, "activation": "sigmoid"}}],
        "loss": "binary_crossentropy",
        "optimizer": {"Adam": 0.01},
        "metrics": ["accuracy"],
        "train": {"epochs": 2, "batch_size": 8},
    }


def write_config(folder: Path, config: Any, name: str = "c.yaml") -> str:
    (folder / name).write_text(yaml.safe_dump(config, sort_keys=False))
    return name


RANDOM_CROP = {"RandomCrop": {"height": CROP[0], "width": CROP[1]}}


@pytest.mark.parametrize("grey", [False, True])
def test_what_a_run_predicts_is_that_of_the_centre(tmp_path: Path, run_dlcli: Run, grey: bool) -> None:
    import keras

    pictures = write(tmp_path, grey=grey)
    config = write_config(tmp_path, config_of("RandomFlip", RANDOM_CROP))
    assert run_dlcli("validate", config, cwd=tmp_path).code == 0
    trained = run_dlcli("train", config, "--name", "r", "-q", cwd=tmp_path)
    assert trained.code == 0, trained.err
    shown = run_dlcli("predict", "r", "p.npz", "--json", cwd=tmp_path)
    assert shown.code == 0, shown.err
    said = [row["probability 1"] for row in json.loads(shown.out)["predictions"]]
    assert len(said) == 60
    model = keras.saving.load_model(tmp_path / "runs" / "r" / "model" / "model.keras", safe_mode=True)
    channels = pictures[..., None].astype(np.float32) if grey else pictures
    centre = np.asarray(keras.layers.CenterCrop(*CROP)(channels))
    np.testing.assert_array_equal(centre, channels[:, 1:7, 2:9])
    # The same layers by themselves, on what Keras's own CenterCrop leaves.
    tensor = centre
    for name in ("seen", "flatten", "dense"):
        tensor = model.get_layer(name)(tensor)
    np.testing.assert_allclose(said, np.asarray(tensor)[:, 0], atol=1e-6)
    inspected = json.loads(run_dlcli("inspect", config, "--json", cwd=tmp_path).out)
    [conv] = [each for each in inspected["layers"] if each["name"] == "seen"]
    assert conv["input_shape"][:2] == list(CROP)
    assert any("its centre but in training" in note for note in inspected["notes"])


def test_a_run_that_was_interrupted_ends_as_one_that_was_not(tmp_path: Path, run_dlcli: Run) -> None:
    write(tmp_path, grey=False)
    config = config_of(RANDOM_CROP, {"RandomCrop": {"height": 5, "width": 5}}, "RandomFlip")
    answers = []
    for name, stream in (("whole", False), ("parts", False), ("stream", True)):
        config["data"]["stream"] = stream
        config["train"]["epochs"] = 1 if name == "parts" else 2
        file = write_config(tmp_path, config, f"{name}.yaml")
        assert run_dlcli("train", file, "--name", name, "-q", cwd=tmp_path).code == 0
        if name == "parts":
            assert run_dlcli("resume", name, "--set", "train.epochs=2", "-q", cwd=tmp_path).code == 0
        answers.append(json.loads(run_dlcli("predict", name, "p.npz", "--json", cwd=tmp_path).out)["predictions"])
    assert answers[0] == answers[1]
    first, streamed = ([row["probability 1"] for row in rows] for rows in (answers[0], answers[2]))
    assert len(first) == len(streamed) == 60


def test_training_draws_parts_of_which_the_model_sees_nothing_else(tmp_path: Path) -> None:
    import tensorflow as tf

    from dlcli.config import load_config
    from dlcli.training.setup.experiment import set_up_config

    pictures = write(tmp_path, grey=False)
    config = config_of("RandomFlip", RANDOM_CROP)
    config["data"]["augment"] = [RANDOM_CROP]
    config["data"]["source"]["npz"]["path"] = str(tmp_path / "p.npz")
    experiment = set_up_config(load_config(str(tmp_path / write_config(tmp_path, config)))[0])
    assert experiment.augment is not None
    places = set()
    for epoch in range(12):
        made, _ = experiment.augment({"x": tf.constant(pictures[:4])}, {}, epoch, 0)
        padded = np.asarray(made["x"])
        assert padded.shape == (4, HEIGHT, WIDTH, 2)
        part = padded[:, 1:7, 2:9]
        outside = padded.copy()
        outside[:, 1:7, 2:9] = 0
        assert not outside.any()
        [place] = [
            (top, left)
            for top in range(HEIGHT - CROP[0] + 1)
            for left in range(WIDTH - CROP[1] + 1)
            if np.array_equal(part, pictures[:4, top : top + CROP[0], left : left + CROP[1]])
        ]
        places.add(place)
    assert len(places) > 6
    again, _ = experiment.augment({"x": tf.constant(pictures[:4])}, {}, 11, 0)
    np.testing.assert_array_equal(np.asarray(again["x"]), padded)


def test_crops_stand_beside_mixup(tmp_path: Path, run_dlcli: Run) -> None:
    write(tmp_path, grey=False)
    config = config_of(RANDOM_CROP, {"MixUp": 0.2}, target={"column": "y", "encode": "one_hot"})
    config["layers"][-1] = {"Dense": {"units": 2, "activation": "softmax"}}
    config["loss"] = "categorical_crossentropy"
    trained = run_dlcli("train", write_config(tmp_path, config), "--name", "r", "-q", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert run_dlcli("check", "c.yaml", cwd=tmp_path).code == 0
    assert run_dlcli("evaluate", "r", cwd=tmp_path).code == 0


def test_a_crop_of_the_whole_changes_nothing(tmp_path: Path, run_dlcli: Run) -> None:
    write(tmp_path, grey=False)
    whole = {"RandomCrop": {"height": HEIGHT, "width": WIDTH}}
    shown = run_dlcli("inspect", write_config(tmp_path, config_of(whole)), "--json", cwd=tmp_path)
    assert shown.code == 0, shown.err
    [conv] = [each for each in json.loads(shown.out)["layers"] if each["name"] == "seen"]
    assert conv["input_shape"] == [HEIGHT, WIDTH, 2]


def write_masks(folder: Path) -> Any:
    """Pictures of noise and masks that say of each pixel whether it is bright; gives the masks."""
    generator = np.random.default_rng(4)
    x = generator.normal(size=(60, HEIGHT, WIDTH, 1)).astype(np.float32)
    y = (x[..., 0] > 0).astype(np.int64)
    np.savez(folder / "m.npz", x=x, y=y, w=np.ones(60), pixels=np.ones(y.shape))
    return y


def config_of_masks(*augment: Any, **more: Any) -> dict[str, Any]:
    source = {"npz": {"path": "m.npz", "inputs": "x", "target": "y"}}
    return {
        "data": {"source": source, "augment": [*augment], **more},
        "layers": [{"Conv2D": {"filters": 2, "kernel_size": 1, "activation": "softmax"}}],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"Adam": 0.1},
        "metrics": ["accuracy"],
        "train": {"epochs": 6, "batch_size": 8},
    }


def test_a_mask_is_cropped_where_its_picture_is(tmp_path: Path, run_dlcli: Run) -> None:
    masks = write_masks(tmp_path)
    # Each pixel answers for itself, so that nothing is learnt from masks that lie elsewhere than their pictures.
    config = write_config(tmp_path, config_of_masks("RandomFlip", RANDOM_CROP))
    trained = run_dlcli("train", config, "--name", "r", "--json", cwd=tmp_path)
    assert trained.code == 0, trained.err
    said = json.loads(trained.out)
    assert said["metrics"]["train"]["accuracy"] > 0.95
    assert said["metrics"]["validation"]["accuracy"] > 0.95
    shown = run_dlcli("evaluate", "r", "--data", "m.npz", "--json", "--worst", "2", cwd=tmp_path)
    assert shown.code == 0, shown.err
    found = json.loads(shown.out)
    own = json.loads(run_dlcli("evaluate", "r", "--split", "validation", "--json", cwd=tmp_path).out)
    assert own["metrics"]["accuracy"] == pytest.approx(said["metrics"]["validation"]["accuracy"], abs=1e-6)
    # The centre of all masks, and nothing beside it.
    assert np.sum(found["confusion"], axis=1).tolist() == np.bincount(masks[:, 1:7, 2:9].ravel()).tolist()
    assert run_dlcli("predict", "r", "m.npz", "-o", "p.npz", cwd=tmp_path).code == 0
    predicted = np.load(tmp_path / "p.npz")
    [answers] = [predicted[key] for key in predicted.files if predicted[key].shape[:3] == (60, *CROP)][:1]
    classes = answers.argmax(axis=-1) if answers.ndim == 4 else answers.astype(np.int64)
    right = float(np.mean(classes == masks[:, 1:7, 2:9]))
    assert found["metrics"]["accuracy"] == pytest.approx(right, abs=1e-6)


@pytest.mark.parametrize("more", [{"engine": "keras"}, {"stream": True}])
def test_masks_are_cropped_alike_by_every_engine(tmp_path: Path, run_dlcli: Run, more: dict[str, Any]) -> None:
    write_masks(tmp_path)
    losses = []
    for name in ("plain", "other"):
        config = config_of_masks("RandomFlip", RANDOM_CROP, target={"column": "y", "encode": "one_hot"})
        config["loss"], config["train"]["epochs"] = "categorical_crossentropy", 2
        config["data" if "stream" in more else "train"] |= more if name == "other" else {}
        trained = run_dlcli("train", write_config(tmp_path, config), "--name", name, "--json", cwd=tmp_path)
        assert trained.code == 0, trained.err
        losses.append(json.loads(trained.out)["metrics"])
    if "stream" in more:  # which goes through the samples in another order
        assert losses[0]["train"]["loss"] == pytest.approx(losses[1]["train"]["loss"], abs=0.1)
    else:
        assert losses[0]["train"]["loss"] == pytest.approx(losses[1]["train"]["loss"], abs=1e-5)
        assert losses[0]["validation"]["loss"] == pytest.approx(losses[1]["validation"]["loss"], abs=1e-5)


def test_weights_of_single_pixels_are_refused_beside_a_crop_of_masks(tmp_path: Path, run_dlcli: Run) -> None:
    write_masks(tmp_path)
    config = config_of_masks(RANDOM_CROP, inputs=["x"])
    config["data"]["source"]["npz"]["inputs"] = ["x", "w", "pixels"]
    config["train"] |= {"sample_weight": "w", "epochs": 1}
    assert run_dlcli("train", write_config(tmp_path, config), "-q", cwd=tmp_path).code == 0
    config["train"]["sample_weight"] = "pixels"
    file = write_config(tmp_path, config)
    refused = run_dlcli("train", file, "--json", cwd=tmp_path)
    assert refused.code == 3
    assert "weighs single places of pictures" in refused.error["message"]
    line = (tmp_path / file).read_text().splitlines()[refused.error["line"] - 1]
    assert "sample_weight" in line
