"""Statistics count what the loss counts, and a verdict compares like with like; against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.looks

Run = Callable[..., Any]
PADDED: dict[str, Any] = {
    "data.source": {"npz": {"path": "seq.npz", "inputs": "x", "target": "y"}},
    "layers": [
        {"Embedding": {"input_dim": 10, "output_dim": 8, "mask_zero": True}},
        {"LSTM": {"units": 16, "return_sequences": True}},
        {"Dense": {"units": 3, "activation": "softmax"}},
    ],
    "loss": "sparse_categorical_crossentropy",
    "optimizer": {"Adam": 0.02},
    "metrics": ["accuracy"],
    "train.epochs": 8,
}


def write_padded(folder: Path) -> tuple[Any, Any]:
    """300 sequences of 8 whole numbers with padding behind, and a class for every position."""
    import numpy as np

    generator = np.random.default_rng(0)
    lengths = generator.integers(2, 9, 300)
    x = generator.integers(1, 10, (300, 8)) * (np.arange(8) < lengths[:, None])
    y = np.where(x > 0, x % 3, 0)
    np.savez(folder / "seq.npz", x=x.astype(np.int32), y=y.astype(np.int64))
    return x, y


def test_padding_that_a_mask_leaves_out_counts_in_no_statistic(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    x, y = write_padded(tmp_path)
    config = write_experiment(tmp_path, PADDED)
    trained = run_dlcli("train", config, "--name", "a", "--json", "-q", cwd=tmp_path)
    assert trained.code == 0, trained.err
    splits = np.load(tmp_path / "runs" / "a" / "splits.npz")
    kept = {name: x[splits[name]] > 0 for name in ("train", "validation", "test")}
    share = np.bincount(y[splits["train"]][kept["train"]], minlength=3) / kept["train"].sum()
    wanted = y[splits["validation"]][kept["validation"]]
    baseline = trained.value["baseline"]["metrics"]
    assert baseline["loss"] == pytest.approx(float(-np.log(share[wanted]).mean()), rel=1e-4)
    assert baseline["accuracy"] == pytest.approx(float((wanted == share.argmax()).mean()), abs=1e-6)
    assert share.max() < 0.4  # with the padding it would be above one half

    value = run_dlcli("evaluate", "a", "--split", "test", "--worst", "3", "--json", cwd=tmp_path).value
    matrix = np.array(value["confusion"])
    assert matrix.sum() == kept["test"].sum() < kept["test"].size
    assert np.trace(matrix) / matrix.sum() == pytest.approx(value["metrics"]["accuracy"], abs=1e-6)
    assert value["metrics"]["accuracy"] == 1.0
    assert [each["predicted"] for each in value["worst"]] == ["100.0% right"] * 3
    assert max(each["loss"] for each in value["worst"]) < 0.1


def test_balanced_weights_are_those_of_the_places_that_count(
    tmp_path: Path, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    from dlcli.config import load_config
    from dlcli.training.engine.measure import Measure
    from dlcli.training.setup.experiment import set_up_config
    from dlcli.training.setup.weights import training_weights

    write_padded(tmp_path)
    config, _ = load_config(str(write_experiment(tmp_path, {**PADDED, "train.class_weight": "balanced"})))
    experiment = set_up_config(config)
    measure = Measure(experiment.model)
    weights = training_weights(
        config.train, experiment.dataset, counted=lambda: measure.masks(experiment.splits["train"])
    )
    feed = experiment.splits["train"]
    counts = np.bincount(feed.target("y")[next(iter(feed.take(slice(None))[0].values())) > 0], minlength=3)
    assert weights is not None
    np.testing.assert_allclose(weights.by_class["y"], counts.sum() / (3 * counts), rtol=1e-6)
    plain = training_weights(config.train, experiment.dataset)
    assert plain is not None
    assert not np.allclose(plain.by_class["y"], weights.by_class["y"], rtol=0.1)


RARE: dict[str, Any] = {
    "data.source": {"npz": {"path": "rare.npz", "inputs": "x", "target": "y"}},
    "layers": [{"Dense": {"units": 1, "activation": "sigmoid"}}],
    "loss": "binary_crossentropy",
    "optimizer": {"Adam": 0.05},
    "metrics": ["AUC"],
    "train.epochs": 15,
}


def write_rare(folder: Path) -> None:
    """Every twentieth sample is a yes, and one input tells a good deal of it."""
    import numpy as np

    generator = np.random.default_rng(1)
    y = (np.arange(2000) % 20 == 0).astype(np.int64)
    x = generator.normal(size=(2000, 2)) + 2.0 * y[:, None] * [1, 0]
    np.savez(folder / "rare.npz", x=x.astype(np.float32), y=y)


def verdict_of(run_dlcli: Run, config: Path, name: str, folder: Path) -> tuple[dict[str, Any], Any]:
    trained = run_dlcli("train", config, "--name", name, "--json", "-q", cwd=folder)
    assert trained.code == 0, trained.err
    return trained.value["verdict"][0], trained.value


def test_a_weighed_training_is_compared_with_a_weighed_baseline(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    write_rare(tmp_path)
    balanced = write_experiment(tmp_path, {**RARE, "train.class_weight": "balanced"})
    finding, value = verdict_of(run_dlcli, balanced, "balanced", tmp_path)
    assert value["metrics"]["validation"]["loss"] > value["baseline"]["metrics"]["loss"]  # as they are shown, unweighed
    assert value["metrics"]["validation"]["auc"] > 0.85
    assert finding["code"] != "no_better_than_trivial"
    # The negative control: weighed, and nothing learnt.
    still = write_experiment(
        tmp_path, {**RARE, "train.class_weight": "balanced", "optimizer": {"SGD": 1e-7}}, file="still.yaml"
    )
    finding, value = verdict_of(run_dlcli, still, "still", tmp_path)
    assert finding["code"] == "rate_too_low"


def test_what_a_regularizer_adds_is_no_part_of_the_comparison(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    write_rare(tmp_path)
    layer = {"Dense": {"units": 1, "activation": "sigmoid", "bias_regularizer": {"L2": 0.01}}}
    finding, value = verdict_of(run_dlcli, write_experiment(tmp_path, {**RARE, "layers": [layer]}), "a", tmp_path)
    assert value["metrics"]["validation"]["loss"] > 0.98 * value["baseline"]["metrics"]["loss"]
    assert finding["code"] != "no_better_than_trivial"


def write_numbers(folder: Path) -> None:
    import numpy as np

    generator = np.random.default_rng(2)
    x = generator.normal(size=(200, 3)).astype(np.float32)
    y = generator.poisson(np.exp(2 + 0.5 * x[:, 0])).astype(np.float32)
    np.savez(folder / "counts.npz", x=x, y=y)


COUNTS: dict[str, Any] = {
    "data.source": {"npz": {"path": "counts.npz", "inputs": "x", "target": "y"}},
    "layers": [{"Dense": {"units": 32, "activation": "relu"}}, {"Dense": {"units": 1, "activation": "softplus"}}],
    "loss": "poisson",
    "optimizer": {"Adam": 0.01},
    "metrics": ["mae"],
    "train.epochs": 60,
}


def test_a_loss_that_begins_below_zero_is_checked_above_that_of_a_perfect_answer(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    write_numbers(tmp_path)
    config = write_experiment(tmp_path, COUNTS)
    checked = run_dlcli("check", config, "--lr", "--json", cwd=tmp_path)
    assert checked.code == 0, checked.err
    batch = checked.value["overfit"]
    assert batch["perfect"] < batch["last"] < 0
    assert batch["steps"] > 1
    assert checked.value["rates"]["proposed"] is not None
    assert not [each for each in checked.value["verdict"] if each["code"] == "rate_too_high"]
    finding, _ = verdict_of(run_dlcli, config, "a", tmp_path)
    assert finding["code"] != "no_better_than_trivial"

    value = run_dlcli("evaluate", "a", "--split", "test", "--worst", "40", "--json", cwd=tmp_path).value
    losses = [each["loss"] for each in value["worst"]]
    excess = [
        loss - (each["target"] - each["target"] * np.log(max(each["target"], 1e-7)))
        for loss, each in zip(losses, value["worst"], strict=True)
    ]
    assert excess == sorted(excess, reverse=True)
    assert losses != sorted(losses, reverse=True)
    assert min(excess) > -1e-3


def test_a_monitor_that_is_no_number_is_named_as_such() -> None:
    from dlcli.config.train import EarlyStopping, Train
    from dlcli.training.stopping import Stopping

    rule = Stopping.of(
        Train(epochs=9, early_stopping=EarlyStopping(monitor="val_r2_score", patience=2)),
        directions={"val_r2_score": "up"},
    )
    for epoch, value in enumerate((0.5, float("nan"), float("nan")), start=1):
        rule.watch.see({"val_r2_score": value}, epoch)
    stop = rule.stop({}, epoch=3, seconds=0)
    assert stop is not None
    assert stop.words == (
        "early stopping: val_r2_score has not improved for 2 epochs, in 2 of which it was no finite number"
    )
    for epoch, value in enumerate((0.6, 0.5, 0.4), start=4):
        rule.watch.see({"val_r2_score": value}, epoch)
    stop = rule.stop({}, epoch=6, seconds=0)
    assert stop is not None
    assert stop.words == "early stopping: val_r2_score has not improved for 2 epochs"
