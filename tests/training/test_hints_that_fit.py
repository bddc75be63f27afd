"""Hints say what helps: what they propose is another thing for a product of tensors, for shares, for masks of two units."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]


def write(
    folder: Path, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], layers: list[Any], loss: str, target: Any = "y"
) -> None:
    np.savez(folder / "a.npz", x=x, y=y)
    tree = {
        "data": {"source": {"npz": {"path": "a.npz", "inputs": "x", "target": "y"}}, "target": target},
        "layers": layers,
        "loss": loss,
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (folder / "c.yaml").write_text(json.dumps(tree), encoding="utf-8")


@pytest.mark.parametrize("word", ["ops.one_hot", "ops.multi_hot"])
@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([0.5, 1, 2], "{word} takes ids, which are whole numbers, and row 1 holds 0.5"),
        ([1, -1, 2], "{word} takes ids from 0 on, and row 1 holds -1"),
        ([0, 1, 4], "the ids that {word} takes reach 4, and its num_classes is 4"),
        ([0, 1, 3], None),
    ],
    ids=str,
)
def test_an_encoding_takes_ids(
    word: str, ids: list[float], message: str | None, tmp_path: Path, run_dlcli: Command
) -> None:
    x = np.tile(np.array(ids, np.float32), (60, 1))
    layers: list[Any] = [
        {word: {"num_classes": 4, **({"axis": -1} if "one" in word else {})}},
        "Flatten",
        {"Dense": {"units": 1, "activation": "sigmoid"}},
    ]
    write(tmp_path, x, np.arange(60) % 2, layers, "binary_crossentropy")
    done = run_dlcli("validate", "--build", "c.yaml", "--json", cwd=tmp_path)
    messages = [each["message"] for each in done.value["files"][0]["problems"]]
    assert messages == ([] if message is None else [message.format(word=word)])
    trained = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path)
    assert trained.code == (0 if message is None else 3)


def test_a_product_of_shapes_that_do_not_fit_is_told_with_both(tmp_path: Path, run_dlcli: Command) -> None:
    layers: list[Any] = [
        {"Dense": {"units": 4, "name": "a"}},
        {"Dense": {"units": 5, "name": "b"}},
        {"ops.matmul": {"from": ["a", "b"]}},
        {"Dense": 1},
    ]
    vectors = "ops.matmul mixes the samples of a batch"  # (n, 4) times (n, 5) is a product for 4 samples
    for shape, told in (((60, 3), vectors), ((60, 2, 3), "ops.matmul cannot take the shape (2, 4), (2, 5): ")):
        write(tmp_path, np.ones(shape, np.float32), np.ones(60), layers, "mse")
        [problem] = run_dlcli("validate", "--build", "c.yaml", "--json", cwd=tmp_path).value["files"][0]["problems"]
        assert problem["message"].startswith(told)
        assert (problem["suggestion"] is None) is (told != vectors)


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ([0.1, 0.9, 1], "shares of a yes go with loss: binary_crossentropy, and one unit with activation: sigmoid"),
        ([0.1, 0.9, 1.1], "write target: {column: y, encode: index} if these are names of classes"),
    ],
    ids=str,
)
def test_shares_under_a_loss_for_classes(values: list[float], hint: str, tmp_path: Path, run_dlcli: Command) -> None:
    layers: list[Any] = [{"Dense": {"units": 2, "activation": "softmax"}}]
    write(tmp_path, np.ones((60, 2)), np.resize(values, 60), layers, "sparse_categorical_crossentropy")
    assert run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path).error["hint"] == hint


@pytest.mark.parametrize("units", [2, 3])
def test_a_mask_with_void_and_a_unit_for_each_class(units: int, tmp_path: Path, run_dlcli: Command) -> None:
    y = np.arange(40 * 16).reshape(40, 4, 4) % units
    y[:, 0, 0] = 255
    layers: list[Any] = [{"Conv2D": {"filters": units, "kernel_size": 1, "activation": "softmax"}}]
    target: dict[str, Any] = {"column": "y", "void": 255}
    write(tmp_path, np.ones((40, 4, 4, 1)), y, layers, "Dice", target)
    error = run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path).error
    assert error["hint"] == f"write data.target.encode: one_hot for {units} units"
    write(tmp_path, np.ones((40, 4, 4, 1)), y, layers, "Dice", {**target, "encode": "one_hot"})
    assert run_dlcli("train", "c.yaml", "--json", "-q", cwd=tmp_path).code == 0


def test_a_folder_that_never_was_is_not_called_gone(tmp_path: Path, run_dlcli: Command) -> None:
    layers: list[Any] = [{"Dense": {"units": 1, "activation": "sigmoid"}}]
    write(tmp_path, np.ones((60, 2)), np.arange(60) % 2, layers, "binary_crossentropy")
    run_dlcli("train", "c.yaml", "--name", "r", "-q", cwd=tmp_path)
    done = run_dlcli("predict", "r", "a.npz", "-o", "nodir/x.csv", "--json", cwd=tmp_path)
    assert done.error["message"] == "cannot write nodir/x.csv: there is no such folder"
    assert done.error["hint"] == "make nodir, or put it back if it was there"
