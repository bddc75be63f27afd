"""A mask that operations and positions hand on reaches the loss, also of a saved model; one that is lost is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]
STEPS, SAMPLES = 6, 60


def write(folder: Path, entries: list[Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    generator = np.random.default_rng(2)
    ids = generator.integers(1, 9, (SAMPLES, STEPS))
    for row, length in enumerate(generator.integers(2, STEPS, SAMPLES)):
        ids[row, length:] = 0
    y = (generator.random((SAMPLES, STEPS, 1)) < 0.4).astype(np.float32)
    np.savez(folder / "steps.npz", x=ids, y=y)
    tree = {
        "data": {"source": {"npz": {"path": "steps.npz", "inputs": "x", "target": "y"}}},
        "layers": [{"Embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": True, "name": "e"}}, *entries],
        "loss": "binary_crossentropy",
        "optimizer": {"Adam": 0.05},
        "metrics": ["accuracy"],
        "train": {"epochs": 1},
    }
    (folder / "c.yaml").write_text(json.dumps(tree), encoding="utf-8")
    return ids, y


TANH = {"ops.tanh": {"name": "c", "from": "b"}}
LAST = {"Dense": {"units": 1, "activation": "sigmoid"}}


@pytest.mark.parametrize(
    ("entries", "arrives"),
    [
        (["ops.tanh", LAST], True),
        (["ops.sign", LAST], True),
        ([{"ops.multiply": {"x2": 2}}, LAST], True),
        ([{"ops.add": {"from": ["e", "e"]}}, LAST], True),
        ([{"ops.concatenate": {"from": ["e", "e"], "axis": -1}}, LAST], True),
        (["positions", LAST], True),
        ([{"Dense": 1}, "ops.sigmoid"], True),
        (["ops.tanh", {"residual": {"layers": [{"Dense": 4}]}}, LAST], True),
        ([{"Dense": {"units": 4, "name": "b"}}, TANH, {"Concatenate": {"from": ["c", "b"]}}, LAST], True),
        ([{"Dense": {"units": 4, "name": "b"}}, TANH, {"Multiply": {"from": ["b", "c"]}}, LAST], True),
        ([{"residual": {"layers": [{"Dense": 4}, "ops.tanh"]}}, LAST], True),
        ([{"branches": {"merge": "Concatenate", "paths": [[{"Dense": 4}], ["ops.tanh"], []]}}, LAST], True),
        (
            [
                {"ops.split": {"indices_or_sections": 2, "axis": -1, "name": "s"}},
                {"Add": {"from": ["s.0", "s.1"]}},
                LAST,
            ],
            True,
        ),
        ([{"submodel": {"layers": [{"Dense": 4}, "ops.tanh"]}}, LAST], True),
        ([{"submodel": {"layers": [{"ops.flip": {"axis": 1}}]}}, LAST], False),
        ([{"Conv1D": {"filters": 4, "kernel_size": 3, "padding": "same"}}, LAST], False),
        ([{"Permute": [2, 1]}, {"Permute": [2, 1]}, LAST], False),
        ([{"ops.flip": {"axis": 1}}, LAST], False),
        ([{"ops.roll": {"shift": 1, "axis": 1}}, LAST], False),
        ([{"ops.softmax": {"axis": 1}}, LAST], False),
        ([{"ops.reshape": {"newshape": [-1, STEPS, 4]}}, LAST], True),
        ([{"ops.reshape": {"newshape": [-1, 4, STEPS]}}, {"ops.transpose": {"axes": [0, 2, 1]}}, LAST], False),
    ],
    ids=str,
)
def test_the_loss_leaves_out_what_the_mask_says(
    entries: list[Any], arrives: bool, tmp_path: Path, run_dlcli: Command
) -> None:
    ids, y = write(tmp_path, entries)
    trained = run_dlcli("train", "c.yaml", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert ("drops the mask" in trained.out + trained.err) is not arrives
    judged = run_dlcli("evaluate", "c", "--json", cwd=tmp_path).value["metrics"]
    run_dlcli("predict", "c", "steps.npz", "-o", "p.npz", "-q", cwd=tmp_path)
    rows = np.load(tmp_path / "runs" / "c" / "splits.npz")["test"]
    chance, truth = np.load(tmp_path / "p.npz")["probability 1"][rows].reshape(-1, STEPS), y[rows][..., 0]
    losses = -np.where(truth == 1, np.log(chance), np.log(1 - chance))
    counted = ids[rows] > 0
    masked, every = losses[counted].mean(), losses.mean()
    assert judged["loss"] == pytest.approx(masked if arrives else every, rel=1e-4)
    assert masked != pytest.approx(every, rel=1e-4)
    right = (chance > 0.5) == (truth == 1)
    assert judged["accuracy"] == pytest.approx((right[counted] if arrives else right).mean(), abs=1e-6)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"ops.mean": {"axis": 1}}, True),
        ({"ops.max": {"axis": 1}}, True),
        ({"ops.min": {"axis": 1}}, True),
        ({"ops.take": {"indices": 0, "axis": 1}}, False),
        ("GlobalAveragePooling1D", False),
        ("Flatten", True),
        ({"submodel": {"layers": ["ops.tanh", "GlobalAveragePooling1D"]}}, True),
        ({"submodel": {"layers": [{"Dense": 4}, "GlobalAveragePooling1D"]}}, False),
        ({"LSTM": 3}, False),
    ],
    ids=str,
)
def test_padding_that_counts_is_told(entry: Any, told: bool, tmp_path: Path, run_dlcli: Command) -> None:
    write(tmp_path, [entry, LAST])
    with np.load(tmp_path / "steps.npz") as arrays:
        np.savez(tmp_path / "steps.npz", x=arrays["x"], y=arrays["y"][:, 0, 0])
    done = run_dlcli("train", "c.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    word = next(iter(entry)) if isinstance(entry, dict) else entry
    note = f"note: c.yaml:1: {word} drops the mask: what stands in padded places counts from here on"
    assert (note in " ".join((done.out + done.err).split())) is told


@pytest.mark.parametrize(
    "entries",
    [["token", "positions"], ["token", "token"], ["positions", "token", "positions"]],
    ids=str,
)
@pytest.mark.parametrize("inside", [False, True])
def test_words_that_need_masks_stand_beside_each_other(
    entries: list[Any], inside: bool, tmp_path: Path, run_dlcli: Command
) -> None:
    write(tmp_path, [*entries, "GlobalAveragePooling1D", LAST])
    with np.load(tmp_path / "steps.npz") as arrays:
        np.savez(tmp_path / "steps.npz", x=arrays["x"], y=arrays["y"][:, 0, 0])
    if inside:
        tree = json.loads((tmp_path / "c.yaml").read_text())
        tree["layers"] = [{"submodel": {"layers": tree["layers"][:-1]}}, LAST]
        (tmp_path / "c.yaml").write_text(json.dumps(tree), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "-q", "--json", cwd=tmp_path)
    assert done.code == 0, done.out
    for command in ("evaluate", "inspect"):
        assert run_dlcli(command, "c", "--json", cwd=tmp_path).code == 0
