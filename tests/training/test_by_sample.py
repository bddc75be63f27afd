"""What a run keeps of each sample in the end: against NumPy and scikit-learn, on what `predict` says of the same samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from dlcli.keras_internals import samplewise
from dlcli.runs import Run
from dlcli.runs.samples_file import SampleValues, read_samples
from dlcli.training.kept import by_sample

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, write_experiment: Command, run_dlcli: Command) -> Path:
    """Two runs with a test split, one of them with weights that cost and metrics that are no mean."""
    folder = tmp_path_factory.mktemp("by_sample")
    write_experiment(folder, {"metrics": ["accuracy", "sparse_top_k_categorical_accuracy"]}, file="a.yaml")
    regular = {
        "layers": [
            {"Dense": {"units": 8, "activation": "relu", "kernel_regularizer": {"L2": 0.1}}},
            {"Dense": {"units": 3, "activation": "softmax"}},
        ],
        "metrics": ["accuracy"],
        "data.split": {"validation": 0.2, "test": 0.0},
    }
    write_experiment(folder, regular, file="b.yaml")
    for name in ("a", "b"):
        done = run_dlcli("train", f"{name}.yaml", "-q", "--name", name, cwd=folder)
        assert done.code == 0, done.err
    return folder


def kept(folder: Path, name: str) -> SampleValues:
    samples = read_samples(Run(folder / "runs" / name))
    assert samples is not None
    return samples


def answers(folder: Path, name: str, split: str, run_dlcli: Command) -> tuple[Any, Any]:
    """Targets and probabilities of a split, by what `predict` says of its rows."""
    arrays, rows = np.load(folder / "classes.npz"), np.load(folder / "runs" / name / "splits.npz")[split]
    np.savez(folder / "new.npz", x=arrays["x"][rows])
    done = run_dlcli("predict", name, "new.npz", "-o", f"{name}.npz", cwd=folder)
    assert done.code == 0, done.err
    said = np.load(folder / f"{name}.npz")
    return arrays["y"][rows], np.stack([said[f"probability {each}"] for each in range(3)], axis=1)


def test_each_value_is_that_of_its_sample(folder: Path, run_dlcli: Command) -> None:
    truth, probabilities = answers(folder, "a", "test", run_dlcli)
    samples = kept(folder, "a")
    assert (samples.split, len(samples.values["loss"])) == ("test", 30)
    assert samples.values["accuracy"].tolist() == (probabilities.argmax(axis=1) == truth).astype(float).tolist()
    assert samples.values["accuracy"].mean() == accuracy_score(truth, probabilities.argmax(axis=1))
    right = -np.log(probabilities[np.arange(30), truth])
    assert samples.values["loss"] == pytest.approx(right, rel=1e-4)
    assert samples.values["sparse_top_k_categorical_accuracy"].tolist() == [1] * 30


def test_the_means_are_what_evaluate_says(folder: Path, run_dlcli: Command) -> None:
    for name, split in (("a", "test"), ("b", "validation")):
        samples = kept(folder, name)
        metrics = run_dlcli("evaluate", name, "--split", split, "--json", cwd=folder).value["metrics"]
        assert samples.split == split
        assert set(samples.values) == set(metrics)
        for each, values in samples.values.items():
            assert values.mean() == pytest.approx(metrics[each], rel=1e-4)


def test_what_is_kept_is_small(folder: Path) -> None:
    assert (folder / "runs" / "a" / "samples.npz").stat().st_size < 1500


def test_runs_of_one_split_share_its_print(folder: Path, run_dlcli: Command) -> None:
    done = run_dlcli("train", "a.yaml", "-q", "--name", "c", "--set", "optimizer=SGD", cwd=folder)
    assert done.code == 0, done.err
    value = run_dlcli("compare", "a", "c", "--json", cwd=folder).value
    assert value["unknown"] == []
    assert list(value["difference"]) == ["test.accuracy", "test.sparse_top_k_categorical_accuracy", "test.loss"]
    assert value["changed"]["optimizer"] == {"a": "Adam", "c": "SGD"}
    other = run_dlcli("compare", "a", "b", "--json", cwd=folder).value
    assert "were judged on other samples" in other["unknown"][0]


@pytest.mark.parametrize(
    ("reported", "same"), [(0.5, True), (0.5004, True), (0.5006, False), (None, False), (float("nan"), False)]
)
def test_what_is_not_the_mean_is_not_kept(reported: float | None, same: bool) -> None:
    assert by_sample.is_mean(by_sample.Parts(np.array([0.0, 1.0])), reported) is same


@pytest.mark.parametrize(
    "metric", ["SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "SparseCategoricalCrossentropy"]
)
@pytest.mark.parametrize("masked", [True, False])
def test_sequences_count_by_the_places_that_count(metric: str, masked: bool) -> None:
    """The parts of a metric at places are the means of samples, weighed by how many of their places count."""
    import keras

    generator = np.random.default_rng(0)
    target, output = (
        generator.integers(4, size=(20, 6)),
        generator.dirichlet(np.ones(4), size=(20, 6)).astype(np.float32),
    )
    counted = np.arange(6) < generator.integers(0, 7, size=(20, 1))
    found = samplewise(getattr(keras.metrics, metric)(), target, output, counted if masked else None)
    assert found is not None
    values, weights = found
    right = getattr(keras.metrics, metric)()
    right.update_state(target, output, sample_weight=counted if masked else None)
    assert np.average(values, weights=weights) == pytest.approx(float(right.result()), rel=1e-5)
    if masked:
        assert weights.tolist() == counted.sum(axis=1).tolist()
    if masked and metric == "SparseCategoricalAccuracy":
        hit = output.argmax(axis=-1) == target
        by_hand = [hit[at][counted[at]].mean() if counted[at].any() else 0.0 for at in range(20)]
        assert values.tolist() == pytest.approx(by_hand)
    assert samplewise(keras.metrics.AUC(), target, output) is None


def test_parts_have_the_mean_that_their_weights_give() -> None:
    parts = by_sample.Parts(np.array([1.0, 0.0]), np.array([3.0, 1.0]))
    assert by_sample.is_mean(parts, 0.75)
    assert not by_sample.is_mean(parts, 0.5)
    assert not by_sample.is_mean(by_sample.Parts(np.array([1.0]), np.array([0.0])), 1.0)


@pytest.mark.parametrize("two", [True, False])
def test_a_model_that_is_very_sure_and_wrong_costs_what_its_scores_say(
    two: bool, tmp_path: Path, write_experiment: Command, run_dlcli: Command
) -> None:
    """Probabilities of 32 bits end at 0 and 1: a loss of these ends at 16, and is not that of the model."""
    import keras

    arrays = np.load(write_experiment(tmp_path, {"train.epochs": 1}).parent / "classes.npz")
    x, y = arrays["x"] * 300, (arrays["y"] > 0).astype(int) if two else arrays["y"]
    np.savez(tmp_path / "classes.npz", x=x, y=y)
    end = {"units": 1, "activation": "sigmoid"} if two else {"units": 3, "activation": "softmax"}
    loss = "binary_crossentropy" if two else "sparse_categorical_crossentropy"
    changes = {"layers": [{"Dense": end}], "loss": loss, "metrics": ["accuracy"], "train.epochs": 1}
    write_experiment(tmp_path, changes, file="far.yaml")
    done = run_dlcli("train", "far.yaml", "-q", "--name", "far", cwd=tmp_path)
    assert done.code == 0, done.err
    model = keras.models.load_model(tmp_path / "runs" / "far" / "model" / "model.keras")
    rows = np.load(tmp_path / "runs" / "far" / "splits.npz")["test"]
    weights, bias = [np.asarray(each, np.float64) for each in model.layers[-1].get_weights()]
    scores, truth = x[rows].reshape(len(rows), -1) @ weights + bias, y[rows]
    if two:
        right = np.logaddexp(0, np.where(truth == 1, -scores[:, 0], scores[:, 0]))
    else:
        right = np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(rows)), truth]
    assert right.max() > 20
    assert kept(tmp_path, "far").values["loss"] == pytest.approx(right, rel=1e-3, abs=1e-3)
    told = run_dlcli("evaluate", "far", "--worst", "3", "--json", cwd=tmp_path).value
    assert told["metrics"]["loss"] == pytest.approx(right.mean(), rel=1e-3)
    assert [each["loss"] for each in told["worst"]] == pytest.approx(sorted(right)[::-1][:3], rel=1e-3)
    assert told["intervals"]["loss"][0] < right.mean() < told["intervals"]["loss"][1]
