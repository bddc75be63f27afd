"""The constant answer to masks and sequences is one for all places that count: its loss against NumPy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

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


@pytest.mark.parametrize(("loss", "shape", "signs", "void"), CASES, ids=str)
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
