"""Every loss of Keras with a target that it is for: it is accepted, trains, is evaluated and predicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.config.catalogue import keras_catalogue

SOFTMAX = [{"Dense": {"units": 3, "activation": "softmax"}}]
SIGMOID = [{"Dense": {"units": 1, "activation": "sigmoid"}}]
POSITIVE = [{"Dense": {"units": 1, "activation": "softplus"}}]
VECTOR = [{"Dense": {"units": 4}}, "UnitNormalization"]
STEPS = [{"Dense": {"units": 24}}, {"Reshape": [6, 4]}, {"Dense": 4}]
EXAMPLES: dict[str, tuple[str, list[Any]]] = {
    "BinaryCrossentropy": ("yes", SIGMOID),
    "BinaryFocalCrossentropy": ("yes", SIGMOID),
    "CTC": ("letters", STEPS),
    "CategoricalCrossentropy": ("vector", SOFTMAX),
    "CategoricalFocalCrossentropy": ("vector", SOFTMAX),
    "CategoricalGeneralizedCrossEntropy": ("index", SOFTMAX),
    "CategoricalHinge": ("vector", [{"Dense": 3}]),
    "Circle": ("index", VECTOR),
    "CosineSimilarity": ("vector", [{"Dense": 3}]),
    "Dice": ("vector", SOFTMAX),
    "Hinge": ("sign", [{"Dense": 1}]),
    "Huber": ("number", POSITIVE),
    "KLDivergence": ("vector", SOFTMAX),
    "LogCosh": ("number", POSITIVE),
    "MeanAbsoluteError": ("number", POSITIVE),
    "MeanAbsolutePercentageError": ("number", POSITIVE),
    "MeanSquaredError": ("number", POSITIVE),
    "MeanSquaredLogarithmicError": ("number", POSITIVE),
    "minimize": ("number", POSITIVE),
    "Poisson": ("number", POSITIVE),
    "SparseCategoricalCrossentropy": ("index", SOFTMAX),
    "SquaredHinge": ("sign", [{"Dense": 1}]),
    "Tversky": ("vector", SOFTMAX),
}


def write_targets(folder: Path) -> None:
    """A target of each kind that the losses are for, beside inputs that tell a good deal of it."""
    import numpy as np

    generator = np.random.default_rng(0)
    index = generator.integers(0, 3, 90)
    x = generator.normal(size=(90, 5)).astype(np.float32)
    x[:, :3] += 3 * np.eye(3)[index]
    targets = {
        "index": index,
        "vector": np.eye(3, dtype=np.float32)[index],
        "yes": (index > 0).astype(np.int64),
        "sign": np.where(index > 0, 1, -1),
        "number": np.exp(x[:, 0] / 3).astype(np.float32),
        "letters": np.stack([index + 1, np.where(index > 1, 1, 0)], axis=1),
    }
    for name, target in targets.items():
        np.savez(folder / f"{name}.npz", x=x, y=target)


def test_there_is_an_example_of_every_loss() -> None:
    catalogue = keras_catalogue()
    assert set(EXAMPLES) == set(catalogue.kinds["losses"]) - set(catalogue.refused.get("losses", {}))
    assert len(EXAMPLES) == 23


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("losses")
    write_targets(folder)
    return folder


@pytest.mark.parametrize("loss", EXAMPLES)
def test_a_loss_trains_with_the_target_that_it_is_for(
    loss: str, targets: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    target, layers = EXAMPLES[loss]
    changes = {
        "data.source": {"npz": {"path": f"{target}.npz", "inputs": "x", "target": "y"}},
        "layers": layers,
        "loss": loss,
        "optimizer": {"Adam": 0.02},
        "metrics": [],
        "train.epochs": 6,
    }
    config = write_experiment(targets, changes, file=f"{loss}.yaml")
    trained = run_dlcli("train", config, "--name", loss, "--json", "-q", cwd=targets)
    assert trained.code == 0, trained.err
    lines = (targets / "runs" / loss / "metrics.jsonl").read_text().splitlines()
    import json

    losses = [json.loads(each)["train"]["loss"] for each in lines]
    assert losses[-1] < losses[0]
    evaluated = run_dlcli("evaluate", loss, "--split", "test", "--worst", "2", "--json", cwd=targets)
    assert evaluated.code == 0, evaluated.err
    assert len(evaluated.value["worst"]) == 2
    predicted = run_dlcli("predict", loss, str(targets / f"{target}.npz"), "--json", cwd=targets)
    assert predicted.code == 0, predicted.err
    assert predicted.value["samples"] == 90
