"""Several targets, labels of which any may hold, and a class for each pixel: every number against scikit-learn."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
HEADER = ["height", "width", "종류", "price", "dry", "old"]
KINDS = ["느티", "oak", "pine"]


@dataclass(frozen=True)
class Trained:
    """A folder with a run `r`, its configuration, and the data as it was written."""

    folder: Path
    config: Path
    rows: list[list[str]]

    def column(self, name: str, rows: Sequence[int]) -> list[str]:
        """The cells of a column in some rows."""
        return [self.rows[row][HEADER.index(name)] for row in rows]

    def split(self, name: str) -> list[int]:
        """The rows of a split."""
        from dlcli.config import load_config
        from dlcli.training.setup.experiment import read_data

        rows: list[int] = read_data(load_config(str(self.config))[0]).splits[name].rows.tolist()
        return rows


def rows_of(samples: int = 160) -> list[list[str]]:
    """A table whose names, prices and signs go with its sizes, not quite."""
    generator = np.random.default_rng(21)
    rows = []
    for _ in range(samples):
        kind = int(generator.integers(3))
        height, width = generator.normal(3 * kind, 2), generator.normal(-kind, 1)
        price = 2 * height - width + generator.normal(0, 1)
        dry, old = int(height + generator.normal(0, 2) > 3), int(width + generator.normal(0, 1) > -1)
        rows.append([f"{height:.4f}", f"{width:.4f}", KINDS[kind], f"{price:.4f}", str(dry), str(old)])
    return rows


def write_rows(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *rows])


def train(folder: Path, run_dlcli: Run, config: Path) -> None:
    outcome = run_dlcli("train", config, "--name", "r", "--json", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err


SEVERAL: dict[str, Any] = {
    "data": {
        "source": "trees.csv",
        "inputs": ["height", "width"],
        "targets": {"kind": "종류", "price": "price", "signs": {"column": ["dry", "old"]}},
        "prepare": ["Normalization"],
        "split": {"validation": 0.2, "test": 0.25},
    },
    "layers": [
        {"Dense": {"units": 8, "activation": "relu", "name": "body"}},
        {"Dense": {"units": 3, "activation": "softmax", "name": "kind", "from": "body"}},
        {"Dense": {"units": 1, "name": "price", "from": "body"}},
        {"Dense": {"units": 2, "activation": "sigmoid", "name": "signs", "from": "body"}},
    ],
    "loss": {"kind": "sparse_categorical_crossentropy", "price": "mse", "signs": "binary_crossentropy"},
    "metrics": {"kind": ["accuracy"], "price": ["mae"], "signs": ["accuracy", "auc"]},
    "train.epochs": 4,
}


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Trained:
    folder = tmp_path_factory.mktemp("several")
    rows = rows_of()
    write_rows(folder / "trees.csv", rows)
    config = write_experiment(folder, SEVERAL)
    train(folder, run_dlcli, config)
    return Trained(folder, config, rows)


def predicted(trained: Any, data: str, run_dlcli: Run) -> list[dict[str, Any]]:
    """What the run says of a file."""
    outcome = run_dlcli("predict", "r", data, "--json", "-q", cwd=trained.folder)
    assert outcome.code == 0, outcome.err
    found: list[dict[str, Any]] = outcome.value["predictions"]
    return found


def evaluated(trained: Any, run_dlcli: Run, *options: str) -> dict[str, Any]:
    """What `evaluate --json` says of the run."""
    outcome = run_dlcli("evaluate", "r", *options, "--json", cwd=trained.folder)
    assert outcome.code == 0, outcome.err
    value: dict[str, Any] = outcome.value
    return value


def check_scores(told: dict[str, Any], truth: Any, said: Any, names: list[str]) -> None:
    """Compares the scores of classes or labels with those of scikit-learn: `truth` and `said` as it takes them."""
    from sklearn.metrics import precision_recall_fscore_support

    labels = list(range(len(names)))
    wanted = precision_recall_fscore_support(truth, said, labels=labels, zero_division=np.nan)
    assert list(told) == names
    for position, name in enumerate(names):
        for key, values in zip(("precision", "recall", "f1", "samples"), wanted, strict=True):
            value = float(values[position])
            assert told[name][key] == (None if np.isnan(value) else pytest.approx(value)), (name, key)


def test_predictions_of_several_targets_have_columns_of_their_own(several: Trained, run_dlcli: Run) -> None:
    import keras

    said = predicted(several, "trees.csv", run_dlcli)
    assert len(said) == 160
    assert list(said[0]) == [
        "kind",
        *(f"kind probability {name}" for name in sorted(KINDS)),
        "price",
        "dry",
        "old",
        "signs probability dry",
        "signs probability old",
    ]
    folder = several.folder / "runs" / "r" / "model"
    model, preparation = (
        keras.saving.load_model(folder / f"{name}.keras", compile=False) for name in ("model", "prepare")
    )
    raw = np.array([row[:2] for row in several.rows], np.float32)
    output = model(preparation({"features": raw}))
    kind, price, signs = (np.asarray(output[name]) for name in ("kind", "price", "signs"))
    np.testing.assert_allclose([each["price"] for each in said], price[:, 0], rtol=1e-5, atol=1e-6)
    for position, name in enumerate(sorted(KINDS)):
        np.testing.assert_allclose([each[f"kind probability {name}"] for each in said], kind[:, position], rtol=1e-5)
    assert [each["kind"] for each in said] == [sorted(KINDS)[index] for index in kind.argmax(axis=1)]
    for position, name in enumerate(["dry", "old"]):
        np.testing.assert_allclose([each[f"signs probability {name}"] for each in said], signs[:, position], rtol=1e-5)
        assert [each[name] for each in said] == (signs[:, position] > 0.5).astype(int).tolist()
        assert {each[name] for each in said} == {0, 1}


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_an_evaluation_of_several_targets_is_that_of_scikit_learn(split: str, several: Trained, run_dlcli: Run) -> None:
    from sklearn.metrics import (
        accuracy_score,
        confusion_matrix,
        log_loss,
        mean_absolute_error,
        mean_squared_error,
        r2_score,
        roc_auc_score,
    )

    value = evaluated(several, run_dlcli, "--split", split)
    rows = several.split(split)
    every = predicted(several, "trees.csv", run_dlcli)
    said = [every[row] for row in rows]
    assert value["samples"] == len(rows) > 30
    names = sorted(KINDS)
    metrics = value["metrics"]

    truth = [names.index(name) for name in several.column("종류", rows)]
    chances = np.array([[each[f"kind probability {name}"] for name in names] for each in said])
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)
    chances /= chances.sum(axis=1, keepdims=True)
    answer = [names.index(each["kind"]) for each in said]
    assert metrics["kind_loss"] == pytest.approx(log_loss(truth, chances, labels=[0, 1, 2]), rel=1e-4)
    assert metrics["kind_accuracy"] == pytest.approx(accuracy_score(truth, answer))
    kinds = value["targets"]["kind"]
    assert kinds["classes"] == names
    assert kinds["confusion"] == confusion_matrix(truth, answer, labels=[0, 1, 2]).tolist()
    check_scores(kinds["by_class"], truth, answer, names)

    price = [float(cell) for cell in several.column("price", rows)]
    guess = [each["price"] for each in said]
    assert metrics["price_loss"] == pytest.approx(mean_squared_error(price, guess), rel=1e-4)
    assert metrics["price_mae"] == pytest.approx(mean_absolute_error(price, guess), rel=1e-4)
    about = value["targets"]["price"]
    assert [about[each] for each in ("classes", "confusion", "by_class", "positive", "ranking", "calibration")] == [
        None
    ] * 6
    (told,) = about["numbers"]
    assert (told["name"], told["values"]) == ("price", len(price))
    assert (told["mae"], told["r2"]) == pytest.approx(
        (mean_absolute_error(price, guess), r2_score(price, guess)), rel=1e-4
    )
    roc = value["targets"]["kind"]["ranking"]
    for at, name in enumerate(names):
        assert roc[name]["roc_auc"] == pytest.approx(
            roc_auc_score([each == at for each in truth], chances[:, at]), abs=1e-6
        )
    low, high = value["intervals"]["price_mae"]
    assert low < metrics["price_mae"] < high

    signs = np.array([several.column(name, rows) for name in ("dry", "old")], int).T
    signs_said = np.array([[each["dry"], each["old"]] for each in said])
    signs_chance = np.array([[each[f"signs probability {name}"] for name in ("dry", "old")] for each in said])
    entropy = np.mean([log_loss(signs[:, label], signs_chance[:, label]) for label in (0, 1)])
    assert metrics["signs_loss"] == pytest.approx(entropy, rel=1e-4)
    assert metrics["signs_accuracy"] == pytest.approx((signs == signs_said).mean())
    check_scores(value["targets"]["signs"]["by_class"], signs, signs_said, ["dry", "old"])
    assert value["targets"]["signs"]["confusion"] is None

    total = metrics["kind_loss"] + metrics["price_loss"] + metrics["signs_loss"]
    assert metrics["loss"] == pytest.approx(total, rel=1e-5)
    assert (value["classes"], value["confusion"], value["by_class"]) == (None, None, None)
    # The same against the answers in another order would differ.
    assert kinds["confusion"] != confusion_matrix(truth, answer[::-1], labels=[0, 1, 2]).tolist()


def test_the_worst_samples_have_the_greatest_sum_of_losses(several: Trained, run_dlcli: Run) -> None:
    value = evaluated(several, run_dlcli, "--split", "test", "--worst", "4")
    rows = several.split("test")
    every = predicted(several, "trees.csv", run_dlcli)
    losses = {}
    for row in rows:
        each, cells = every[row], dict(zip(HEADER, several.rows[row], strict=True))
        signs = [each[f"signs probability {name}"] for name in ("dry", "old")]
        right = [chance if int(cells[name]) else 1 - chance for name, chance in zip(("dry", "old"), signs, strict=True)]
        losses[row] = (
            -np.log(each[f"kind probability {cells['종류']}"])
            + (each["price"] - float(cells["price"])) ** 2
            - np.mean(np.log(right))
        )
    wanted = sorted(losses, key=lambda row: -losses[row])[:4]
    assert [each["row"] for each in value["worst"]] == [row + 1 for row in wanted]
    for row, told in zip(wanted, value["worst"], strict=True):
        cells = dict(zip(HEADER, several.rows[row], strict=True))
        assert told["line"] == row + 2
        assert told["loss"] == pytest.approx(losses[row], rel=1e-3)
        assert told["target"] == {
            "kind": cells["종류"],
            "price": pytest.approx(float(cells["price"]), rel=1e-6, abs=1e-6),
            "signs": ", ".join(name for name in ("dry", "old") if int(cells[name])) or "none",
        }
        assert told["predicted"]["kind"] == every[row]["kind"]
        assert told["predicted"]["price"] == pytest.approx(every[row]["price"], rel=1e-5, abs=1e-6)


def test_other_data_is_evaluated_on_all_targets(several: Trained, run_dlcli: Run) -> None:
    write_rows(several.folder / "new.csv", several.rows[::-1])
    whole = evaluated(several, run_dlcli, "--data", "new.csv")
    assert whole["samples"] == 160
    parts = [
        (len(several.split(split)), evaluated(several, run_dlcli, "--split", split))
        for split in ("train", "validation", "test")
    ]
    for name in ("loss", "kind_loss", "kind_accuracy", "price_loss", "price_mae", "signs_loss", "signs_accuracy"):
        mean = sum(count * part["metrics"][name] for count, part in parts) / 160
        assert whole["metrics"][name] == pytest.approx(mean, rel=1e-4), name
    added = np.sum([part["targets"]["kind"]["confusion"] for _, part in parts], axis=0)
    assert whole["targets"]["kind"]["confusion"] == added.tolist()


def test_the_loss_of_each_target_counts_every_sample_alike(several: Trained, run_dlcli: Run) -> None:
    rows = rows_of(1100)
    for row in rows[1024:]:  # those of the last batch are further off
        row[3] = f"{float(row[3]) + 40:.4f}"
    write_rows(several.folder / "large.csv", rows)
    metrics = evaluated(several, run_dlcli, "--data", "large.csv")["metrics"]
    said = predicted(several, "large.csv", run_dlcli)
    squares = np.square([each["price"] - float(row[3]) for each, row in zip(said, rows, strict=True)])
    surprise = [-np.log(each[f"kind probability {row[2]}"]) for each, row in zip(said, rows, strict=True)]
    assert metrics["price_loss"] == pytest.approx(squares.mean(), rel=1e-4)
    assert metrics["kind_loss"] == pytest.approx(np.mean(surprise), rel=1e-4)
    assert metrics["loss"] == pytest.approx(
        sum(metrics[f"{name}_loss"] for name in ("kind", "price", "signs")), rel=1e-5
    )
    of_batches = (squares[:1024].mean() + squares[1024:].mean()) / 2
    assert abs(of_batches - squares.mean()) > 100


def test_other_data_that_lacks_one_of_the_targets_is_refused(several: Trained, run_dlcli: Run) -> None:
    rows = [row[:3] + row[4:] for row in several.rows]
    with (several.folder / "lacks.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER[:3] + HEADER[4:], *rows])
    outcome = run_dlcli("evaluate", "r", "--data", "lacks.csv", "--json", cwd=several.folder)
    assert outcome.code == 4
    assert outcome.error["message"] == "there is no column 'price'; the data has: height, width, 종류, dry, old"
    assert len(predicted(several, "lacks.csv", run_dlcli)) == 160


def test_the_history_has_each_target_and_their_sum(
    several: Trained, read_history: Callable[[Path, str], list[dict[str, Any]]]
) -> None:
    history = read_history(several.folder, "r")
    assert len(history) == 4
    wanted = [
        "kind_accuracy",
        "kind_loss",
        "loss",
        "price_loss",
        "price_mae",
        "signs_accuracy",
        "signs_auc",
        "signs_loss",
    ]
    for epoch in history:
        for split in ("train", "validation"):
            assert sorted(epoch[split]) == wanted
            total = sum(epoch[split][f"{name}_loss"] for name in ("kind", "price", "signs"))
            assert epoch[split]["loss"] == pytest.approx(total, rel=1e-4)


LABELS: dict[str, Any] = {
    **SEVERAL,
    "data": {**SEVERAL["data"], "targets": None, "target": ["dry", "old"]},
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 2, "activation": "sigmoid"}}],
    "loss": "binary_crossentropy",
    "metrics": ["accuracy"],
}


@pytest.mark.parametrize("logits", [False, True], ids=["probabilities", "raw scores"])
def test_labels_of_which_any_may_hold_are_judged_each_on_its_own(
    logits: bool, tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    from sklearn.metrics import log_loss

    rows = rows_of()
    write_rows(tmp_path / "trees.csv", rows)
    raw: dict[str, Any] = {
        "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 2}}],
        "loss": {"BinaryCrossentropy": {"from_logits": True}},
    }
    config = write_experiment(tmp_path, {**LABELS, **(raw if logits else {})})
    train(tmp_path, run_dlcli, config)
    trained = Trained(tmp_path, config, rows)
    said = predicted(trained, "trees.csv", run_dlcli)
    assert list(said[0]) == ["dry", "old", "probability dry", "probability old"]
    value = evaluated(trained, run_dlcli, "--split", "test")
    own = trained.split("test")
    truth = np.array([trained.column(name, own) for name in ("dry", "old")], int).T
    chance = np.array([[said[row][f"probability {name}"] for name in ("dry", "old")] for row in own])
    answer = np.array([[said[row][name] for name in ("dry", "old")] for row in own])
    np.testing.assert_array_equal(answer, chance > 0.5)
    assert (value["classes"], value["confusion"], "targets" in value) == (None, None, False)
    check_scores(value["by_class"], truth, answer, ["dry", "old"])
    assert value["metrics"]["accuracy"] == pytest.approx((truth == answer).mean())
    entropy = np.mean([log_loss(truth[:, label], chance[:, label]) for label in (0, 1)])
    assert value["metrics"]["loss"] == pytest.approx(entropy, rel=1e-4)
    assert 0 < (truth == answer).mean() < 1
    assert 0 < truth.mean() < 1


def test_two_labels_that_hold_together_are_no_classes(tmp_path: Path, run_dlcli: Run) -> None:
    """The last layer and the loss have to be those of labels, not of classes."""
    (tmp_path / "l.yaml").write_text(
        "data:\n  source: trees.csv\n  inputs: [height, width]\n  target: [dry, old]\n"
        "layers:\n  - Dense: {units: 2, activation: softmax}\n"
        "loss: binary_crossentropy\noptimizer: adam\ntrain: {epochs: 1}\n",
        encoding="utf-8",
    )
    outcome = run_dlcli("validate", "l.yaml", "--json", cwd=tmp_path)
    [problem] = outcome.value["files"][0]["problems"]
    assert (problem["line"], problem["message"]) == (
        6,
        "binary_crossentropy needs a probability for each unit, but Dense ends in softmax",
    )


@pytest.fixture(scope="module")
def masks(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Trained:
    """A run that tells of three kinds which one each pixel of 60 pictures is."""
    folder = tmp_path_factory.mktemp("masks")
    generator = np.random.default_rng(2)
    kinds = generator.integers(0, 3, (60, 6, 5))
    picture = (kinds * 80 + generator.normal(0, 40, kinds.shape)).clip(0, 255).astype(np.uint8)
    np.savez(folder / "pixels.npz", x=picture[..., None], y=kinds)
    config = write_experiment(
        folder,
        {
            "data.source": {"npz": {"path": "pixels.npz", "inputs": "x", "target": "y"}},
            "data.prepare": [{"Rescaling": 0.004}],
            "layers": [
                {"Conv2D": {"filters": 6, "kernel_size": 1, "activation": "relu"}},
                {"Conv2D": {"filters": "${data.classes}", "kernel_size": 1, "activation": "softmax"}},
            ],
            "train.epochs": 12,
            "train.batch_size": 8,
        },
    )
    train(folder, run_dlcli, config)
    return Trained(folder, config, [])


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_class_for_each_pixel_is_judged_pixel_by_pixel(split: str, masks: Trained, run_dlcli: Run) -> None:
    import keras
    from sklearn.metrics import accuracy_score, confusion_matrix, log_loss

    arrays = np.load(masks.folder / "pixels.npz")
    rows = masks.split(split)
    model = keras.saving.load_model(masks.folder / "runs" / "r" / "model" / "model.keras", compile=False)
    output = np.asarray(model({"x": arrays["x"][rows].astype(np.float32) * np.float32(0.004)}))
    assert output.shape == (len(rows), 6, 5, 3)
    value = evaluated(masks, run_dlcli, "--split", split)
    truth, answer = arrays["y"][rows].ravel(), output.argmax(axis=-1).ravel()
    assert value["samples"] == len(rows)
    assert value["classes"] == ["0", "1", "2"]
    assert value["confusion"] == confusion_matrix(truth, answer).tolist()
    assert np.sum(value["confusion"]) == len(rows) * 30
    check_scores(value["by_class"], truth, answer, ["0", "1", "2"])
    assert value["metrics"]["accuracy"] == pytest.approx(accuracy_score(truth, answer))
    chances = output.reshape(-1, 3).astype(np.float64)
    chances /= chances.sum(axis=1, keepdims=True)
    assert value["metrics"]["loss"] == pytest.approx(log_loss(truth, chances), rel=1e-4)
    assert 0.5 < value["metrics"]["accuracy"] < 1


def test_the_worst_pictures_have_the_greatest_mean_loss_of_their_pixels(masks: Trained, run_dlcli: Run) -> None:
    import keras

    arrays = np.load(masks.folder / "pixels.npz")
    rows = np.array(masks.split("test"))
    model = keras.saving.load_model(masks.folder / "runs" / "r" / "model" / "model.keras", compile=False)
    output = np.asarray(model({"x": arrays["x"][rows].astype(np.float32) * np.float32(0.004)}))
    truth = arrays["y"][rows]
    losses = -np.log(np.take_along_axis(output, truth[..., None], axis=-1))[..., 0].mean(axis=(1, 2))
    right = (output.argmax(axis=-1) == truth).mean(axis=(1, 2))
    order = np.argsort(-losses)[:3]
    told = evaluated(masks, run_dlcli, "--split", "test", "--worst", "3")["worst"]
    assert [each["row"] for each in told] == (rows[order] + 1).tolist()
    assert [each["loss"] for each in told] == pytest.approx(losses[order].tolist(), rel=1e-3)
    assert [(each["target"], each["predicted"]) for each in told] == [
        ("6×5", f"{right[index]:.1%} right") for index in order
    ]


def test_a_prediction_is_a_class_for_each_pixel(masks: Trained, run_dlcli: Run) -> None:
    import keras

    arrays = np.load(masks.folder / "pixels.npz")
    np.savez(masks.folder / "new.npz", x=arrays["x"][:7])
    said = predicted(masks, "new.npz", run_dlcli)
    model = keras.saving.load_model(masks.folder / "runs" / "r" / "model" / "model.keras", compile=False)
    output = np.asarray(model({"x": arrays["x"][:7].astype(np.float32) * np.float32(0.004)}))
    assert [each["y"] for each in said] == output.argmax(axis=-1).tolist()
    written = run_dlcli("predict", "r", "new.npz", "--output", "said.npz", "-q", cwd=masks.folder)
    assert written.code == 0, written.err
    np.testing.assert_array_equal(np.load(masks.folder / "said.npz")["y"], output.argmax(axis=-1))


def test_a_label_of_a_pixel_outside_the_classes_is_refused_with_its_picture(masks: Trained, run_dlcli: Run) -> None:
    arrays = np.load(masks.folder / "pixels.npz")
    kinds = arrays["y"][:9].copy()
    kinds[4, 2, 3] = 3
    np.savez(masks.folder / "wrong.npz", x=arrays["x"][:9], y=kinds)
    outcome = run_dlcli("evaluate", "r", "--data", "wrong.npz", "--json", cwd=masks.folder)
    assert outcome.code == 4
    assert outcome.error["message"] == "label 3 in row 5 is none of the 3 classes 0 to 2"
