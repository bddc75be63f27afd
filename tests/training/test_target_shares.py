"""Vectors and masks that a loss cannot read are told with their row and place; those that it can are trained on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]
LABELS = np.random.default_rng(0).integers(0, 3, (60, 2, 2))
ACTIVATIONS = {"hinge": "tanh", "squared_hinge": "tanh"}
HOT = np.eye(3)[LABELS]


def told(folder: Path, run: Command, y: np.ndarray[Any, Any], loss: str, *, target: Any = "y") -> Any:
    np.savez(folder / "a.npz", x=np.zeros((*y.shape[:3], 1)[: y.ndim + 1], np.float32), y=y)
    several = y.shape[-1] == 3
    tree = {
        "data": {"source": {"npz": {"path": "a.npz", "inputs": "x", "target": "y"}}, "target": target},
        "layers": [
            {
                "Dense": {
                    "units": 3 if several else 1,
                    "activation": ACTIVATIONS.get(loss, "softmax" if several else "sigmoid"),
                }
            }
        ],
        "loss": loss,
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    if several and y.ndim == 2:
        tree["layers"].insert(0, "Flatten")  # type: ignore[attr-defined]
    (folder / "a.yaml").write_text(json.dumps(tree, indent=1), encoding="utf-8")
    done = run("validate", "--build", "a.yaml", "--json", cwd=folder)
    problems = done.value["files"][0]["problems"]
    return problems[0] if problems else None


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "CategoricalFocalCrossentropy"])
@pytest.mark.parametrize(
    ("vector", "hint"),
    [
        ([1, 1, 0], "where several may hold write loss: binary_crossentropy, and activation: sigmoid"),
        ([0, 0, 0], "leave out what has no class, or write indices of classes, and data.target.void for what has none"),
        ([255, 255, 255], "write a 1 for the class and 0 for the others, or shares that sum to 1"),
        ([1.2, -0.2, 0], "write a 1 for the class and 0 for the others, or shares that sum to 1"),
        ([0.979, 0, 0], "write a 1 for the class and 0 for the others, or shares that sum to 1"),
        ([0.981, 0, 0], None),
        ([0.5, 0.25, 0.25], None),
        ([0, 0, 1], None),
    ],
    ids=str,
)
@pytest.mark.parametrize("dense", [False, True])
def test_a_vector_names_one_class_or_shares(
    vector: list[float], hint: str | None, loss: str, dense: bool, tmp_path: Path, run_dlcli: Command
) -> None:
    y = (HOT if dense else HOT[:, 0, 0]).copy()
    y[(7, 1, 0) if dense else 7] = vector
    problem = told(tmp_path, run_dlcli, y, loss)
    if hint is None:
        assert problem is None
        return
    numbers = ", ".join(f"{each:g}" for each in vector)
    at = " at (1, 0)" if dense else ""
    assert problem["message"] == f"{loss} reads a 1 among zeros, or shares of 1, and row 8 is [{numbers}]{at}"
    assert (problem["suggestion"], problem["kind"]) == (hint, "labels_do_not_fit_loss")
    assert Path(problem["file"]).name == "a.npz"


@pytest.mark.parametrize(
    ("loss", "value", "wanted"),
    [
        *[
            (loss, value, "0 to 1")
            for loss in ["binary_crossentropy", "BinaryFocalCrossentropy", "Dice", "Tversky", "KLDivergence"]
            for value in [255, -1, 2]
        ],
        ("hinge", 255, "-1 to 1"),
        ("squared_hinge", -2, "-1 to 1"),
        ("binary_crossentropy", 1, None),
        ("mse", 255, None),
    ],
)
def test_a_mask_beyond_its_loss_is_told(
    loss: str, value: int, wanted: str | None, tmp_path: Path, run_dlcli: Command
) -> None:
    y = (LABELS > 0).astype(np.int16)[..., None]
    y[3, 1, 0] = value
    problem = told(tmp_path, run_dlcli, y, loss)
    if wanted is None:
        assert problem is None
        return
    assert problem["message"] == f"{loss} reads targets of {wanted}, and this one is {value} in row 4 at (1, 0, 0)"
    assert problem["suggestion"] == f"write data.target: {{column: …, void: {value}}} if it stands for no label"
    if loss not in {"KLDivergence"}:
        assert told(tmp_path, run_dlcli, y, loss, target={"column": "y", "void": value}) is None  # what it says helps


def test_void_beside_shares_is_refused_in_a_table_as_in_an_array(tmp_path: Path, run_dlcli: Command) -> None:
    shares = np.where(np.arange(40) % 5 == 0, -1, np.arange(40) % 7 / 7)
    for y in (shares, np.tile(shares[:, None, None, None], (1, 2, 2, 1))):
        np.savez(tmp_path / "a.npz", x=np.zeros((*y.shape[:3], 1)[: y.ndim + 1], np.float32), y=y)
        (tmp_path / "a.yaml").write_text(
            "data: {source: {npz: {path: a.npz, inputs: x, target: y}}, target: {column: y, void: -1}}\n"
            "layers: [Dense: {units: 1, activation: sigmoid}]\nloss: binary_crossentropy\noptimizer: Adam\n"
            "train: {epochs: 1}\n",
            encoding="utf-8",
        )
        done = run_dlcli("train", "a.yaml", "--json", "-q", cwd=tmp_path)
        assert (done.code, done.error["kind"]) == (4, "void_beside_numbers"), done.out


@pytest.mark.parametrize(
    ("no", "odd", "told"),
    [
        (-1, 0, "-1 and 1 here, and row 4 holds 0"),
        (0, 0.5, "0 and 1 here, and row 4 holds 0.5"),
        (-1, 1, None),
        (0, 1, None),
    ],
)
@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
def test_labels_of_a_sign_are_of_one_kind(
    no: int, odd: float, told: str | None, loss: str, tmp_path: Path, run_dlcli: Command
) -> None:
    y = np.where(LABELS[:, 0] > 0, 1.0, no)
    y[3, 1] = odd
    np.savez(tmp_path / "a.npz", x=np.ones((60, 4)), y=y)
    (tmp_path / "a.yaml").write_text(
        "data: {source: {npz: {path: a.npz, inputs: x, target: y}}}\nlayers: [Dense: {units: 2, activation: tanh}]\n"
        f"loss: {loss}\noptimizer: Adam\ntrain: {{epochs: 1}}\n"
    )
    problems = run_dlcli("validate", "--build", "a.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
    assert [each["message"] for each in problems] == ([f"{loss} reads labels of {told}"] if told else [])
