"""A void label under losses for two classes and those that join places counts nowhere; beside numbers it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]
VOID = 255
ONE_UNIT: dict[str, Any] = {"units": 1, "activation": "sigmoid"}
ONE_FILTER: dict[str, Any] = {"filters": 1, "kernel_size": 1, "activation": "sigmoid"}


def cross_entropy(truth: np.ndarray[Any, Any], chance: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return -np.where(truth == 1, np.log(chance), np.log(1 - chance))


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("shape", [(12,), (5, 4), (5, 4, 4)])
def test_a_loss_leaves_void_places_out(shape: tuple[int, ...], wide: bool) -> None:
    from dlcli.config.catalogue import keras_catalogue
    from dlcli.loss.losses import build_loss

    generator = np.random.default_rng(0)
    truth, chance = generator.integers(-1, 2, shape), generator.uniform(0.1, 0.9, shape)
    kept, catalogue = truth >= 0, keras_catalogue()
    given = truth[..., None] if wide else truth
    assert 0 < kept.sum() < kept.size

    loss = build_loss(catalogue.read("losses", "binary_crossentropy"), {}, void=True)
    value = float(loss(given, chance[..., None].astype(np.float32)))
    assert value == pytest.approx(cross_entropy(truth, chance)[kept].mean(), rel=1e-4)

    dice = build_loss(catalogue.read("losses", "Dice"), {}, void=True)
    yes, share = (truth == 1)[kept], chance[kept]
    wanted = 1 - 2 * (yes * share).sum() / (yes.sum() + share.sum())
    assert float(dice(given, chance[..., None].astype(np.float32))) == pytest.approx(wanted, rel=1e-4)


def write(
    folder: Path, y: np.ndarray[Any, Any], x: np.ndarray[Any, Any], layer: Any, loss: Any, metric: str = "accuracy"
) -> Path:
    np.savez(folder / "a.npz", x=x.astype(np.float32), y=y)
    source = {"npz": {"path": "a.npz", "inputs": "x", "target": "y"}}
    tree = {
        "data": {"source": source, "target": {"column": "y", "void": VOID}},
        "layers": [layer],
        "loss": loss,
        "metrics": [metric],
        "optimizer": {"Adam": 0.1},
        "train": {"epochs": 2},
    }
    (folder / "a.yaml").write_text(json.dumps(tree, indent=1), encoding="utf-8")
    return folder / "a.yaml"


@pytest.mark.parametrize(("shape", "layer"), [((60,), {"Dense": ONE_UNIT}), ((40, 4, 4), {"Conv2D": ONE_FILTER})])
def test_two_classes_beside_void_are_judged_without_it(
    shape: tuple[int, ...], layer: Any, tmp_path: Path, run_dlcli: Command
) -> None:
    generator = np.random.default_rng(0)
    x = generator.random((*shape, 3))
    y = (x[..., 0] > 0.5).astype(int)
    y.reshape(-1)[:: 7 if len(shape) == 1 else 5] = VOID
    path = write(tmp_path, y, x, layer, "binary_crossentropy")
    trained = run_dlcli("train", path, "--json", "-q", cwd=tmp_path)
    assert trained.code == 0, trained.out
    judged = run_dlcli("evaluate", "a", "--json", cwd=tmp_path).value
    run_dlcli("predict", "a", "a.npz", "-o", "p.npz", "-q", cwd=tmp_path)
    rows, answers = np.load(tmp_path / "runs" / "a" / "splits.npz"), np.load(tmp_path / "p.npz")
    truth, chance = y[rows["test"]], answers["probability 1"][rows["test"]].reshape(y[rows["test"]].shape)
    kept = truth != VOID
    assert 0 < kept.sum() < kept.size
    assert judged["metrics"]["loss"] == pytest.approx(cross_entropy(truth, chance)[kept].mean(), rel=1e-4)
    right = (chance > 0.5) == (truth == 1)
    assert judged["metrics"]["accuracy"] == pytest.approx(right[kept].mean(), abs=1e-6)
    matrix = np.zeros((2, 2), int)
    np.add.at(matrix, (truth[kept], (chance > 0.5)[kept].astype(int)), 1)
    assert judged["confusion"] == matrix.tolist()

    share = (y[rows["train"]] == 1).sum() / (y[rows["train"]] != VOID).sum()
    other = y[rows["validation"]]
    wanted = cross_entropy(other, np.broadcast_to(share, other.shape))[other != VOID].mean()
    assert trained.value["baseline"]["metrics"]["loss"] == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize(
    ("shape", "layer", "loss"),
    [
        ((60, 3), {"Dense": {"units": 3, "activation": "sigmoid"}}, "binary_crossentropy"),
        ((60,), {"Dense": {"units": 1}}, "mse"),
        ((40, 4, 4), {"Conv2D": {"filters": 1, "kernel_size": 1}}, "mae"),
    ],
)
def test_void_beside_numbers_or_several_labels_is_refused(
    shape: tuple[int, ...], layer: Any, loss: str, tmp_path: Path, run_dlcli: Command
) -> None:
    generator = np.random.default_rng(0)
    x = generator.random((*shape, 3) if "Conv2D" in layer or len(shape) == 1 else shape)
    y = (x > 0.5).astype(int) if loss == "binary_crossentropy" else 3 * x[..., 0]
    y.reshape(-1)[::7] = VOID
    error = run_dlcli("train", write(tmp_path, y, x, layer, loss, "mse"), "--json", "-q", cwd=tmp_path).value["error"]
    assert (error["code"], error["kind"]) == (4, "void_beside_numbers")
    assert error["hint"] == "leave such samples out, or give them the weight 0: train.sample_weight"


def test_a_perfect_answer_costs_nothing_where_places_are_void() -> None:
    from dlcli.config.catalogue import keras_catalogue
    from dlcli.loss.perfect import perfect_loss

    loss = keras_catalogue().read("losses", "categorical_crossentropy")
    vectors = np.eye(3, dtype=np.float32)[np.arange(12).reshape(3, 4) % 3]
    counted = np.arange(12).reshape(3, 4) % 2 == 0
    vectors[~counted] = 0
    assert perfect_loss(loss, vectors, (4, 3), {}, counted=counted) == pytest.approx(0, abs=1e-6)
    assert perfect_loss(loss, vectors, (4, 3), {}) != pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "bool"])
@pytest.mark.parametrize("last", [(), (1,)], ids=["(4, 4)", "(4, 4, 1)"])
def test_masks_of_yes_and_no_are_judged_by_class(
    last: tuple[int, ...], dtype: str, tmp_path: Path, run_dlcli: Command
) -> None:
    x = np.random.default_rng(0).random((40, 4, 4, 3))
    y = (x[..., 0] > 0.6).astype(int)
    path = write(tmp_path, y.reshape(*y.shape, *last).astype(dtype), x, {"Conv2D": ONE_FILTER}, "binary_crossentropy")
    tree = json.loads(path.read_text(encoding="utf-8"))
    del tree["data"]["target"]["void"]
    tree["train"]["class_weight"] = {"1": 2.0}
    path.write_text(json.dumps(tree, indent=1), encoding="utf-8")
    trained = run_dlcli("train", path, "--json", "-q", cwd=tmp_path)
    assert trained.code == 0, trained.out
    judged = run_dlcli("evaluate", "a", "--json", cwd=tmp_path).value
    run_dlcli("predict", "a", "a.npz", "-o", "p.npz", "-q", cwd=tmp_path)
    rows, answers = np.load(tmp_path / "runs" / "a" / "splits.npz"), np.load(tmp_path / "p.npz")
    truth = y[rows["test"]]
    said = (answers["probability 1"][rows["test"]].reshape(truth.shape) > 0.5).astype(int)
    matrix = np.zeros((2, 2), int)
    np.add.at(matrix, (truth, said), 1)
    assert matrix.sum() == truth.size
    assert judged["confusion"] == matrix.tolist()
    assert judged["by_class"]["1"]["recall"] == pytest.approx(matrix[1, 1] / matrix[1].sum())
    assert judged["metrics"]["accuracy"] == pytest.approx((said == truth).mean(), abs=1e-6)
