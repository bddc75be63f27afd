"""`sample_weight`: the loss of validation is weighed as that of training, by sample or by place; against NumPy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
ROWS, PLACES = 80, 5


def arrays(folder: Path, *, by_place: bool) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(ROWS, PLACES, 2)).astype(np.float32)
    y = (x[..., 0] + rng.normal(size=(ROWS, PLACES)) > 0).astype(np.int64)
    w = rng.integers(0, 4, (ROWS, PLACES) if by_place else ROWS).astype(np.float32)
    np.savez(folder / "d.npz", x=x, y=y, w=w)
    return {"x": x, "y": y, "w": w}


def write(folder: Path, **changes: Any) -> str:
    content = {
        "name": "r",
        "data": {"source": {"npz": {"path": "d.npz"}}, "inputs": ["x"], "target": "y"},
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"Adam": 0.05},
        "metrics": ["accuracy"],
        "train": {"epochs": 2, "sample_weight": "w"},
        **changes,
    }
    (folder / "c.yaml").write_text(json.dumps(content), encoding="utf-8")
    return "c.yaml"


def outputs(folder: Path, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import keras

    model = keras.models.load_model(folder / "runs" / "r" / "model" / "model.keras", compile=False, safe_mode=True)
    said: np.ndarray[Any, Any] = model.predict({"x": x}, verbose=0)
    return said


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("by_place", [False, True])
def test_the_loss_of_validation_is_weighed(by_place: bool, stream: bool, tmp_path: Path, run_dlcli: Run) -> None:
    data = arrays(tmp_path, by_place=by_place)
    block = {"source": {"npz": {"path": "d.npz"}}, "inputs": ["x"], "target": "y", "stream": stream}
    done = run_dlcli("train", write(tmp_path, data=block), "--name", "r", "-q", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    rows = np.load(tmp_path / "runs" / "r" / "splits.npz")["validation"]
    said = outputs(tmp_path, data["x"])
    losses = -np.log(np.take_along_axis(said, data["y"][..., None], -1)[..., 0])
    weights = data["w"] if by_place else np.repeat(data["w"][:, None], PLACES, 1)
    right = said.argmax(-1) == data["y"]
    # Keras divides by the number of places, not by the sum of their weights.
    expected = (losses * weights)[rows].mean()
    shown = done.value["metrics"]["validation"]
    assert shown["loss"] == pytest.approx(expected, rel=1e-4)
    assert shown["loss"] != pytest.approx(losses[rows].mean(), rel=1e-2)
    assert shown["accuracy"] == pytest.approx(right[rows].mean(), abs=1e-6)
    train = np.load(tmp_path / "runs" / "r" / "splits.npz")["train"]
    share = np.bincount(data["y"][train].ravel(), weights=weights[train].ravel())
    constant = -np.log(share / share.sum())[data["y"]]
    assert done.value["baseline"]["metrics"]["loss"] == pytest.approx((constant * weights)[rows].mean(), rel=1e-4)
    value = run_dlcli("evaluate", "r", "--split", "validation", "--json", cwd=tmp_path).value
    assert value["metrics"]["loss"] == pytest.approx(expected, rel=1e-4)
    whole = run_dlcli("evaluate", "r", "--data", "d.npz", "--json", cwd=tmp_path)
    assert whole.code == 0, whole.err
    assert whole.value["metrics"]["loss"] == pytest.approx((losses * weights).mean(), rel=1e-4)


def test_data_without_weights_counts_alike_and_says_so(tmp_path: Path, run_dlcli: Run) -> None:
    data = arrays(tmp_path, by_place=False)
    assert run_dlcli("train", write(tmp_path), "--name", "r", "-q", cwd=tmp_path).code == 0
    np.savez(tmp_path / "plain.npz", x=data["x"], y=data["y"])
    done = run_dlcli("evaluate", "r", "--data", "plain.npz", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    losses = -np.log(np.take_along_axis(outputs(tmp_path, data["x"]), data["y"][..., None], -1)[..., 0])
    assert done.value["metrics"]["loss"] == pytest.approx(losses.mean(), rel=1e-4)
    assert "the data has no 'w', which weighed the samples in training: all count the same" in done.err


def test_weights_by_place_train_as_those_of_fit(tmp_path: Path, run_dlcli: Run) -> None:
    data = arrays(tmp_path, by_place=True)
    weights = []
    for engine in ("keras", "resident"):
        config = write(tmp_path, train={"epochs": 2, "sample_weight": "w", "engine": engine})
        assert run_dlcli("train", config, "--name", engine, "-q", cwd=tmp_path).code == 0
        import keras

        model = keras.models.load_model(tmp_path / "runs" / engine / "model" / "model.keras", compile=False)
        weights.append([each.numpy() for each in model.weights])
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert data["w"].ndim == 2


def test_weights_of_another_shape_are_told(tmp_path: Path, run_dlcli: Run) -> None:
    data = arrays(tmp_path, by_place=True)
    np.savez(tmp_path / "d.npz", x=data["x"], y=data["y"], w=data["w"][:, 1:])
    done = run_dlcli("train", write(tmp_path), "-q", cwd=tmp_path)
    assert done.code == 4
    assert "the weights 'w' have the shape (4,) a sample, and the target 'y' has (5,)" in done.err
