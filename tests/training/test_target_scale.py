"""`scale` of a target: the loss is that of scaled numbers, everything else is in its own units; against NumPy and Keras."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.runs import Run as StoredRun
from dlcli.runs.samples_file import projected, read_samples, same_numbers

Run = Callable[..., Any]
ROWS = 120
KINDS: dict[str, Callable[[Any], Any]] = {
    "standard": lambda y: y,
    "minmax": lambda y: y,
    "log": np.log,
    "log1p": np.log1p,
}


def table(folder: Path, *, least: float = 0.5) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(ROWS, 2))
    columns = {"a": x[:, 0], "b": x[:, 1], "y": least + np.exp(2 + x[:, 0]), "z": 1000 + 50 * x[:, 1]}
    columns = {name: values.round(4) for name, values in columns.items()}
    rows = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    (folder / "t.csv").write_text("\n".join([",".join(columns), *rows]), encoding="utf-8")
    return columns


def write(folder: Path, target: Any, *, units: int = 1, **changes: Any) -> str:
    content = {
        "name": "r",
        "data": {"source": "t.csv", "inputs": ["a", "b"], "target": target},
        "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": units}],
        "loss": "mse",
        "optimizer": {"Adam": 0.02},
        "metrics": ["mae", "MeanAbsolutePercentageError"],
        "train": {"epochs": 3},
        **changes,
    }
    (folder / "c.yaml").write_text(json.dumps(content), encoding="utf-8")
    return "c.yaml"


def split(folder: Path, name: str) -> np.ndarray[Any, Any]:
    rows: np.ndarray[Any, Any] = np.load(folder / "runs" / "r" / "splits.npz")[name]
    return rows


@pytest.mark.parametrize("kind", KINDS)
def test_loss_is_scaled_and_all_else_is_not(kind: str, tmp_path: Path, run_dlcli: Run) -> None:
    import keras

    y = table(tmp_path)["y"]
    done = run_dlcli(
        "train", write(tmp_path, {"column": "y", "scale": kind}), "--name", "r", "-q", "--json", cwd=tmp_path
    )
    assert done.code == 0, done.err
    plain = KINDS[kind](y)
    train, validation = plain[split(tmp_path, "train")], split(tmp_path, "validation")
    shift = train.min() if kind == "minmax" else train.mean()
    factor = train.max() - train.min() if kind == "minmax" else train.std()
    learnt = (plain - shift) / factor
    said = run_dlcli("predict", "r", "t.csv", "-o", "p.npz", cwd=tmp_path)
    assert said.code == 0, said.err
    shown = np.load(tmp_path / "p.npz")["y"].ravel()
    scaled = (KINDS[kind](shown) - shift) / factor
    value = run_dlcli("evaluate", "r", "--split", "validation", "--worst", "1", "--json", cwd=tmp_path).value
    own, there = y[validation], shown[validation]
    expected = {
        "loss": ((scaled - learnt)[validation] ** 2).mean(),
        "mae": np.abs(there - own).mean(),
        "mean_absolute_percentage_error": 100 * (np.abs(there - own) / own).mean(),
    }
    for name, number in expected.items():
        assert value["metrics"][name] == pytest.approx(number, rel=2e-3), name
        assert done.value["metrics"]["validation"][name] == pytest.approx(number, rel=2e-3), name
    worst = value["worst"][0]
    row = worst["row"] - 1
    assert row == validation[np.argmax((scaled - learnt)[validation] ** 2)]
    assert worst["target"] == pytest.approx(y[row], rel=1e-4, abs=1e-6)
    assert worst["predicted"] == pytest.approx(shown[row], rel=1e-4, abs=1e-6)
    # The constant answer is the mean of what is learnt, and its metrics are in own units as well.
    baseline = done.value["baseline"]["metrics"]
    mean = learnt[split(tmp_path, "train")].mean()
    assert baseline["loss"] == pytest.approx(((learnt[validation] - mean) ** 2).mean(), rel=1e-4)
    back = mean * factor + shift
    constant = np.exp(back) if kind == "log" else np.expm1(back) if kind == "log1p" else back
    assert baseline["mae"] == pytest.approx(np.abs(own - constant).mean(), rel=1e-3)
    # What is compared with other runs is the target in own units, whatever was learnt.
    samples = read_samples(StoredRun(tmp_path / "runs" / "r"))
    assert samples is not None
    assert same_numbers(samples.targets["y"], projected(y[split(tmp_path, samples.split)].astype(np.float32)))
    # What is kept is plain Keras, and ends in own units.
    model = keras.models.load_model(tmp_path / "runs" / "r" / "model" / "model.keras", safe_mode=True)
    x = np.stack([table(tmp_path)[name] for name in "ab"], axis=1).astype(np.float32)
    np.testing.assert_allclose(model.predict({"features": x}, verbose=0).ravel(), shown, rtol=1e-4)


def test_each_column_of_a_vector_has_a_scale_of_its_own(tmp_path: Path, run_dlcli: Run) -> None:
    columns = table(tmp_path)
    config = write(tmp_path, {"column": ["y", "z"], "scale": "standard"}, units=2, train={"epochs": 25})
    done = run_dlcli("train", config, "--name", "r", "-q", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert run_dlcli("predict", "r", "t.csv", "-o", "p.npz", cwd=tmp_path).code == 0
    shown = np.load(tmp_path / "p.npz")
    assert shown["z"].mean() == pytest.approx(1000, abs=25)
    rows = split(tmp_path, "validation")
    errors = [np.abs(shown[name].ravel() - columns[name])[rows].mean() for name in ("y", "z")]
    assert done.value["metrics"]["validation"]["mae"] == pytest.approx(np.mean(errors), rel=1e-3)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_resumed_training_goes_on_in_the_same_scale(precision: str, tmp_path: Path, run_dlcli: Run) -> None:
    table(tmp_path)
    target = {"column": "y", "scale": "log"}
    config = write(tmp_path, target, train={"epochs": 2, "precision": precision})
    assert run_dlcli("train", config, "--name", "r", "-q", cwd=tmp_path).code == 0
    assert run_dlcli("resume", "r", "--epochs", "4", "-q", cwd=tmp_path).code == 0
    config = write(tmp_path, target, train={"epochs": 4, "precision": precision})
    assert run_dlcli("train", config, "--name", "whole", "-q", cwd=tmp_path).code == 0
    lines = [
        (tmp_path / "runs" / name / "metrics.jsonl").read_text(encoding="utf-8").splitlines() for name in ("r", "whole")
    ]
    losses = [[json.loads(line)["train"] for line in each] for each in lines]
    assert losses[0] == losses[1]


MISTAKES: list[tuple[Any, dict[str, Any], str, str]] = [
    ({"column": "y", "scale": "log"}, {}, "needs more than 0", "write scale: log1p"),
    ({"column": "b", "scale": "log1p"}, {}, "needs more than -1", "write scale: standard"),
    (
        {"column": "k", "scale": "standard"},
        {
            "loss": "sparse_categorical_crossentropy",
            "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
            "metrics": [],
        },
        "target 'k' is no number, and 'scale' is for numbers",
        "leave 'scale' out",
    ),
]


@pytest.mark.parametrize(("target", "changes", "message", "hint"), MISTAKES)
def test_what_cannot_be_scaled_is_told(
    target: Any, changes: dict[str, Any], message: str, hint: str, tmp_path: Path, run_dlcli: Run
) -> None:
    columns = table(tmp_path, least=0.0)
    columns["y"][7] = 0
    columns["b"][9] = -3
    rows = [
        f"{a},{b},{y},{'uv'[row % 2]}"
        for row, (a, b, y) in enumerate(zip(columns["a"], columns["b"], columns["y"], strict=True))
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y,k", *rows]), encoding="utf-8")
    config = write(tmp_path, target, **changes)
    content = json.loads((tmp_path / config).read_text(encoding="utf-8"))
    content["data"]["inputs"] = ["a"]
    (tmp_path / config).write_text(json.dumps(content), encoding="utf-8")
    done = run_dlcli("train", config, "-q", cwd=tmp_path)
    assert done.code == 4, done.err
    assert message in done.err
    assert hint in done.err
