"""The constant answer to masks and sequences is one for all places that count: its loss against NumPy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from siblings import some

Command = Callable[..., Any]
Array = np.ndarray[Any, Any]
VOID = 9
UNIT: dict[str, Any] = {"units": 1, "activation": "sigmoid"}


def squared_hinge(yes: Array, answer: float) -> Array:
    return np.maximum(0, 1 - np.where(yes, 1, -1) * answer) ** 2


EXPECTED: dict[str, Callable[[Array, float], Array]] = {
    "binary_crossentropy": lambda yes, share: -np.where(yes, np.log(share), np.log(1 - share)),
    "mse": lambda yes, share: (yes - share) ** 2,
    "squared_hinge": lambda yes, share: squared_hinge(yes, 2 * share - 1),
    "hinge": lambda yes, share: np.maximum(0, 1 - np.where(yes, 1, -1) * (1 if share > 0.5 else -1)),
}


def trained_baseline(
    folder: Path, run: Command, y: Array, loss: str, *, target: Any = "y", layer: Any = None
) -> tuple[float, Array, Array]:
    """The loss of the constant answer on the validation split, and the targets of both splits."""
    places = y.shape[:-1] if y.shape[-1] == 1 else y.shape[:3]
    np.savez(folder / "a.npz", x=np.zeros((*places, 2), np.float32), y=y)
    tree = {
        "data": {"source": {"npz": {"path": "a.npz", "inputs": "x", "target": "y"}}, "target": target},
        "layers": [layer or {"Dense": {**UNIT, "activation": "tanh" if "hinge" in loss else "sigmoid"}}],
        "loss": loss,
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (folder / "a.yaml").write_text(json.dumps(tree), encoding="utf-8")
    done = run("train", "a.yaml", "--json", "-q", cwd=folder)
    assert done.code == 0, done.out
    rows = np.load(folder / "runs" / "a" / "splits.npz")
    return done.value["baseline"]["metrics"]["loss"], y[rows["train"]], y[rows["validation"]]


CASES = [
    (loss, shape, signs, void)
    for loss in EXPECTED
    for shape in [(40, 5, 1), (40, 3, 4), (40, 3, 4, 1)]
    for signs in ([False, True] if "hinge" in loss else [False])
    for void in ([True] if loss == "mse" else [False, True])  # without classes it compares numbers
]


@pytest.mark.parametrize(("loss", "shape", "signs", "void"), some(CASES, 3), ids=str)
def test_places_of_yes_and_no_share_one_answer(
    loss: str, shape: tuple[int, ...], signs: bool, void: bool, tmp_path: Path, run_dlcli: Command
) -> None:
    generator = np.random.default_rng(len(shape))
    y = (generator.random(shape) < 0.3).astype(np.int8)
    if signs:
        y = 2 * y - 1
    y[generator.random(shape) < 0.2] = VOID if void else y.max()
    baseline, train, validation = trained_baseline(
        tmp_path, run_dlcli, y, loss, target={"column": "y", "void": VOID} if void else "y"
    )
    share = float((train[train != VOID] == 1).mean())
    counted = validation[validation != VOID] == 1
    assert baseline == pytest.approx(EXPECTED[loss](counted, share).mean(), rel=1e-4)


def test_places_of_one_hot_vectors_share_one_answer(tmp_path: Path, run_dlcli: Command) -> None:
    labels = np.random.default_rng(0).choice(3, (40, 3, 4), p=[0.6, 0.3, 0.1])
    layer = {"Dense": {"units": 3, "activation": "softmax"}}
    baseline, train, validation = trained_baseline(
        tmp_path, run_dlcli, np.eye(3, dtype=np.int8)[labels], "categorical_crossentropy", layer=layer
    )
    shares = train.reshape(-1, 3).mean(axis=0)
    assert baseline == pytest.approx(-np.log(shares[validation.argmax(axis=-1)]).mean(), rel=1e-4)


def test_numbers_keep_an_answer_for_each_place(tmp_path: Path, run_dlcli: Command) -> None:
    y = np.random.default_rng(0).normal(np.arange(5)[:, None], 0.1, (40, 5, 1)).astype(np.float32)
    baseline, train, validation = trained_baseline(tmp_path, run_dlcli, y, "mse", layer={"Dense": 1})
    assert baseline == pytest.approx(np.square(validation - train.mean(axis=0)).mean(), rel=1e-4)


@pytest.mark.parametrize(("loss", "constant"), [("mse", "mean"), ("mae", "median")])
def test_samples_that_weigh_more_move_the_constant(
    loss: str, constant: str, tmp_path: Path, run_dlcli: Command
) -> None:
    generator = np.random.default_rng(6)
    y, w = generator.normal(size=90).round(3), generator.integers(0, 2, 90) * 9.0 + 1
    y += w  # those that weigh more are greater
    rows = zip(generator.normal(size=90).round(3), y, w, strict=True)
    (tmp_path / "a.csv").write_text("x,y,w\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows), encoding="utf-8")
    tree = {
        "data": {"source": "a.csv", "target": "y", "inputs": ["x"]},
        "layers": [{"Dense": 1}],
        "loss": loss,
        "optimizer": "Adam",
        "train": {"epochs": 1, "sample_weight": "w"},
    }
    (tmp_path / "a.yaml").write_text(json.dumps(tree), encoding="utf-8")
    done = run_dlcli("train", "a.yaml", "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.out
    split = np.load(tmp_path / "runs" / "a" / "splits.npz")
    train, judged = split["train"], split["validation"]
    repeated = np.repeat(y[train], w[train].astype(int))
    answer = np.mean(repeated) if constant == "mean" else np.median(repeated)
    off = np.abs(y[judged] - answer)
    assert done.value["baseline"]["method"] == constant
    wanted = float(((off**2 if loss == "mse" else off) * w[judged]).mean())
    assert done.value["baseline"]["metrics"]["loss"] == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("loss", ["dice", "tversky"])
def test_a_mask_without_classes_has_one_answer(loss: str, tmp_path: Path, run_dlcli: Command) -> None:
    y = (np.random.default_rng(7).random((40, 6, 5, 1)) < 0.3).astype(np.float32)
    baseline, _, validation = trained_baseline(tmp_path, run_dlcli, y, loss)
    yes, places = float(validation.sum()), validation.size
    wanted = 1 - 2 * yes / (yes + places) if loss == "dice" else 1 - yes / (yes + 0.5 * (places - yes))
    assert baseline == pytest.approx(wanted, rel=1e-3)  # all of it yes
