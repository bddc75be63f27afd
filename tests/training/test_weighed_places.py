"""A weight of a sample is that of each of its steps: the weighed comparison against NumPy, masked and not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config import load_config

SAMPLES, STEPS = 60, 6


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("kind", ["numbers", "classes", "yes_no", "one_hot"])
def test_steps_weigh_what_their_sample_does(
    kind: str, masked: bool, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    from dlcli.training.compared import compared
    from dlcli.training.engine.measure import Measure
    from dlcli.training.setup.experiment import set_up_config

    generator = np.random.default_rng(3)
    ids = generator.integers(1, 9, (SAMPLES, STEPS))
    for row, length in enumerate(generator.integers(2, STEPS, SAMPLES)):  # the last step is padding everywhere
        ids[row, length:] = 0
    weights = generator.random(SAMPLES) ** 2
    y, units, activation, loss = {
        "numbers": (generator.normal(size=(SAMPLES, STEPS, 1)) + weights[:, None, None], 1, "linear", "mse"),
        "classes": (generator.integers(0, 3, (SAMPLES, STEPS)), 3, "softmax", "sparse_categorical_crossentropy"),
        "one_hot": (np.eye(3)[generator.integers(0, 3, (SAMPLES, STEPS))], 3, "softmax", "categorical_crossentropy"),
        "yes_no": (1.0 * (generator.random((SAMPLES, STEPS)) < 0.3), 1, "sigmoid", "binary_crossentropy"),
    }[kind]
    np.savez(tmp_path / "a.npz", x=ids, y=y, w=weights)
    embedding = {"input_dim": 9, "output_dim": 4, "mask_zero": masked}
    tree = {
        "data": {
            "source": {"npz": {"path": "a.npz", "inputs": ["x", "w"], "target": "y"}},
            "split": {"validation": 0.3},
        },
        "layers": [{"Embedding": embedding}, {"Dense": {"units": units, "activation": activation}}],
        "loss": loss,
        "optimizer": "Adam",
        "train": {"epochs": 1, "sample_weight": "w"},
    }
    (tmp_path / "a.yaml").write_text(json.dumps(tree), encoding="utf-8")
    experiment = set_up_config(load_config(str(tmp_path / "a.yaml"))[0])
    seen = compared(experiment, Measure(experiment.model), reached=0.0, trivial=0.0)
    assert seen is not None
    assert seen.weighed

    rows = {name: samples.rows for name, samples in experiment.dataset.splits.items()}
    counted = (ids > 0) if masked else np.ones(ids.shape, bool)
    share = {name: (weights[each, None] * counted[each]).ravel() for name, each in rows.items()}
    answers = np.asarray(experiment.model({"x": ids[rows["validation"]].astype("float32")}), np.float64).reshape(
        -1, units
    )
    train, truth = y[rows["train"]].ravel(), y[rows["validation"]].ravel()
    # Numbers that every sample is told may differ from step to step; classes have one share over all of them.
    step_weights = share["train"].reshape(-1, STEPS)
    total = np.maximum(step_weights.sum(axis=0), 1e-300)
    by_step = np.einsum(
        "ns,ns...->s...", step_weights, y[rows["train"]].reshape(-1, STEPS, *y.shape[2:])
    ) / total.reshape(-1, *[1] * (y.ndim - 2))
    if kind != "numbers":
        by_step[:] = np.average(y[rows["train"]].reshape(len(share["train"]), -1), axis=0, weights=share["train"])
    mean = np.tile(by_step.reshape(STEPS, -1), (len(rows["validation"]), 1))
    likely = np.clip(mean, 1e-7, 1 - 1e-7)  # as Keras does
    if kind == "numbers":
        losses = (truth - answers[:, 0]) ** 2, (truth - mean[:, 0]) ** 2
    elif kind == "one_hot":
        wanted = y[rows["validation"]].reshape(-1, 3)
        losses = -(wanted * np.log(answers)).sum(axis=1), -(wanted * np.log(likely)).sum(axis=1)
    elif kind == "classes":
        chances = np.bincount(train, weights=share["train"], minlength=3) / share["train"].sum()
        losses = -np.log(answers[np.arange(len(truth)), truth]), -np.log(chances[truth])
    else:
        losses = tuple(
            -(truth * np.log(each) + (1 - truth) * np.log(1 - each)) for each in (answers[:, 0], likely[:, 0])
        )
    reached, trivial = (np.average(each, weights=share["validation"]) for each in losses)
    assert (seen.reached, seen.trivial) == pytest.approx((reached, trivial), rel=1e-4)
    assert run_dlcli("train", "a.yaml", "-q", cwd=tmp_path).code == 0


def weighed_by_arrays(
    folder: Path, arrays: dict[str, Any], layers: list[Any], *, loss: str = "mse", epochs: int = 1
) -> Path:
    """An experiment on an npz file whose `w` weighs."""
    np.savez(folder / "a.npz", **arrays)
    tree = {
        "data": {
            "source": {"npz": {"path": "a.npz", "inputs": ["x", "w"], "target": "y"}},
            "split": {"validation": 0.3, "test": 0},
        },
        "layers": layers,
        "loss": loss,
        "optimizer": {"SGD": 1e-9},
        "train": {"epochs": epochs, "sample_weight": "w"},
    }
    (folder / "a.yaml").write_text(json.dumps(tree), encoding="utf-8")
    return folder / "a.yaml"


@pytest.mark.parametrize("deep", [True, False])
def test_a_weight_of_the_form_of_its_value_weighs_the_place(
    deep: bool, tmp_path: Path, run_dlcli: Callable[..., Any]
) -> None:
    generator = np.random.default_rng(4)
    x, y, w = generator.normal(size=(80, 5, 2)), generator.normal(size=(80, 5, 1)), generator.random((80, 5, 1))
    path = weighed_by_arrays(
        tmp_path,
        {"x": x, "y": y, "w": w if deep else w[..., 0]},
        [{"Dense": {"units": 1, "kernel_initializer": "zeros"}}],
    )
    done = run_dlcli("train", path, "--json", cwd=tmp_path)
    assert done.code == 0, done.err + done.out
    told = json.loads(done.out)

    from dlcli.training.setup.experiment import set_up_config

    rows = set_up_config(load_config(str(path))[0]).dataset.splits["validation"].rows
    # The answer is 0 everywhere, and the weighed loss of Keras the sum by the number of places.
    assert told["metrics"]["validation"]["loss"] == pytest.approx((w[rows] * y[rows] ** 2).mean(), rel=1e-4)


def test_a_weight_for_each_pixel_may_have_the_axis_of_the_labels(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    generator = np.random.default_rng(5)
    arrays = {
        "x": generator.random((60, 6, 6, 1)),
        "y": generator.integers(0, 3, (60, 6, 6, 1)),
        "w": generator.random((60, 6, 6, 1)),
    }
    layers = [{"Conv2D": {"filters": 3, "kernel_size": 1, "activation": "softmax"}}]
    path = weighed_by_arrays(tmp_path, arrays, layers, loss="sparse_categorical_crossentropy")
    found = run_dlcli("validate", path, "--build", cwd=tmp_path)
    assert found.code == 0, found.err
    arrays["w"] = arrays["w"][:, :5]
    path = weighed_by_arrays(tmp_path, arrays, layers, loss="sparse_categorical_crossentropy")
    found = run_dlcli("validate", path, "--build", cwd=tmp_path)
    assert found.code == 4
    assert "the weights 'w' have the shape (5, 6) a sample" in found.err + found.out


def test_values_of_a_vector_are_weighed_as_places_or_not_at_all(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    generator = np.random.default_rng(6)
    # As many samples in a batch as values in a sample: Keras would weigh each by each.
    x, y, w = generator.normal(size=(80, 32)), generator.normal(size=(80, 32)), generator.random((80, 32))
    flat = {"Dense": {"units": 32, "kernel_initializer": "zeros"}}
    path = weighed_by_arrays(tmp_path, {"x": x, "y": y, "w": w}, [flat])
    found = run_dlcli("validate", path, "--build", cwd=tmp_path)
    assert found.code == 3
    assert "the weights have the shape (32,) a sample, and mse puts out one number a sample" in found.out + found.err
    assert "or end in Reshape: [32, 1]: each value is then weighed" in found.out + found.err
    assert "sample_weight" in found.out + found.err
    path = weighed_by_arrays(tmp_path, {"x": x, "y": y, "w": w}, [flat, {"Reshape": [32, 1]}])
    done = run_dlcli("train", path, "--json", cwd=tmp_path)
    assert done.code == 0, done.err + done.out

    from dlcli.training.setup.experiment import set_up_config

    rows = set_up_config(load_config(str(path))[0]).dataset.splits["validation"].rows
    loss = json.loads(done.out)["metrics"]["validation"]["loss"]
    assert loss == pytest.approx((w[rows] * y[rows] ** 2).mean(), rel=1e-4)
