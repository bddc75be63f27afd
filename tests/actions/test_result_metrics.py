"""Evaluate: against scikit-learn, on every split and on other data; the worst samples; changed data."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

Run = Callable[..., Any]
COLUMNS = ["length", "width", "colour", "kind"]
TABLE: dict[str, Any] = {
    "data": {
        "source": "flowers.csv",
        "target": "kind",
        "prepare": ["Normalization"],
        "split": {"validation": 0.2, "test": 0.2},
    },
    "layers": [
        {"Dense": {"units": 8, "activation": "relu"}},
        {"Dense": {"units": "${data.classes}", "activation": "softmax"}},
    ],
    "metrics": ["accuracy", {"SparseTopKCategoricalAccuracy": {"k": 2, "name": "top"}}],
}


def write_flowers(folder: Path, *, classes: int = 3, samples: int = 120) -> list[list[str]]:
    """A table of numbers and names with a target of names; gives its rows."""
    import numpy as np

    generator = np.random.default_rng(5)
    rows = []
    for row in range(samples):
        kind = row % classes
        length, width = generator.normal(3 * kind, 2.0), generator.normal(-kind, 1.5)
        colour = ["red", "blue", "white"][int(generator.integers(3))]
        rows.append([f"{length:.4f}", f"{width:.4f}", colour, ["rose", "lily", "아이리스"][kind]])
    with (folder / "flowers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    return rows


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Callable[..., Path]) -> Any:
    """A run on a table with names and numbers, and the rows of the table."""
    folder = tmp_path_factory.mktemp("flowers")
    rows = write_flowers(folder)
    config = write_experiment(folder, TABLE)
    outcome = run_dlcli("train", config, "--name", "f", "--json", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    return SimpleNamespace(folder=folder, rows=rows, config=config, value=outcome.value)


def dataset_of(config: Path) -> Any:
    """The data set of a configuration."""
    from dlcli.config import load_config
    from dlcli.training.setup.experiment import read_data

    return read_data(load_config(str(config))[0])


def predictions_of(folder: Path, run: str, data: str, run_dlcli: Run) -> list[dict[str, Any]]:
    """What the run says of a file."""
    outcome = run_dlcli("predict", run, data, "--json", "-q", cwd=folder)
    assert outcome.code == 0, outcome.err
    predictions: list[dict[str, Any]] = outcome.value["predictions"]
    return predictions


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_every_number_of_an_evaluation_is_that_of_scikit_learn(split: str, flowers: Any, run_dlcli: Run) -> None:
    import numpy as np
    from sklearn.metrics import (
        accuracy_score,
        confusion_matrix,
        log_loss,
        precision_recall_fscore_support,
        top_k_accuracy_score,
    )

    value = run_dlcli("evaluate", "f", "--split", split, "--json", cwd=flowers.folder).value
    names = sorted({row[-1] for row in flowers.rows})
    predicted = predictions_of(flowers.folder, "f", "flowers.csv", run_dlcli)
    rows = dataset_of(flowers.config).splits[split].rows
    truth = [flowers.rows[row][-1] for row in rows]
    said = [predicted[row]["kind"] for row in rows]
    chances = np.array([[predicted[row][f"probability {name}"] for name in names] for row in rows])
    assert value["classes"] == names == ["lily", "rose", "아이리스"]
    assert value["samples"] == len(rows) == {"train": 72, "validation": 24, "test": 24}[split]
    indices = [names.index(name) for name in truth]
    assert value["metrics"] == {
        "loss": pytest.approx(log_loss(indices, chances / chances.sum(axis=1, keepdims=True)), abs=1e-5),
        "accuracy": pytest.approx(accuracy_score(truth, said), abs=1e-6),
        "top": pytest.approx(top_k_accuracy_score(indices, chances, k=2), abs=1e-6),
    }
    assert value["confusion"] == confusion_matrix(truth, said, labels=names).tolist()
    scores = precision_recall_fscore_support(truth, said, labels=names, zero_division=np.nan)
    for index, name in enumerate(names):
        expected = [None if np.isnan(part[index]) else pytest.approx(float(part[index])) for part in scores]
        assert list(value["by_class"][name].values()) == expected
        assert list(value["by_class"][name]) == ["precision", "recall", "f1", "samples"]
    assert len(value["by_class"]) == 3


def test_the_worst_samples_are_those_with_the_greatest_loss_at_their_lines(flowers: Any, run_dlcli: Run) -> None:
    import math

    value = run_dlcli("evaluate", "f", "--split", "test", "--worst", "7", "--json", cwd=flowers.folder).value
    predicted = predictions_of(flowers.folder, "f", "flowers.csv", run_dlcli)
    rows = dataset_of(flowers.config).splits["test"].rows.tolist()
    losses = {row: -math.log(predicted[row][f"probability {flowers.rows[row][-1]}"]) for row in rows}
    expected = sorted(rows, key=lambda row: -losses[row])[:7]
    assert [each["row"] for each in value["worst"]] == [row + 1 for row in expected]
    lines = (flowers.folder / "flowers.csv").read_text(encoding="utf-8").splitlines()
    for each, row in zip(value["worst"], expected, strict=True):
        assert each["line"] == row + 2
        assert lines[each["line"] - 1] == ",".join(flowers.rows[row])
        assert Path(each["file"]).name == "flowers.csv"
        assert (each["target"], each["predicted"]) == (flowers.rows[row][-1], predicted[row]["kind"])
        assert each["loss"] == pytest.approx(losses[row], rel=1e-4)
    assert run_dlcli("evaluate", "f", "--json", cwd=flowers.folder).value["worst"] == []


def test_other_data_is_evaluated_whole(flowers: Any, run_dlcli: Run) -> None:
    lines = (flowers.folder / "flowers.csv").read_text(encoding="utf-8").splitlines()
    rows = dataset_of(flowers.config).splits["test"].rows.tolist()
    (flowers.folder / "other.csv").write_text("\n".join([lines[0], *(lines[row + 1] for row in rows)]), "utf-8")
    here = run_dlcli("evaluate", "f", "--split", "test", "--json", cwd=flowers.folder).value
    there = run_dlcli("evaluate", "f", "--data", "other.csv", "--worst", "1", "--json", cwd=flowers.folder).value
    assert there["split"] == "other.csv"
    for key in ("samples", "metrics", "confusion", "by_class"):
        assert there[key] == here[key]
    assert Path(there["worst"][0]["file"]).name == "other.csv"
    (flowers.folder / "strange.csv").write_text("\n".join([lines[0], lines[1], "1,2,red,tulip"]), "utf-8")
    strange = run_dlcli("evaluate", "f", "--data", "strange.csv", "--json", cwd=flowers.folder)
    assert strange.code == 4
    assert strange.error["message"].startswith("label 'tulip' in row 2 is none of the classes: lily, rose, 아이리스")
    assert strange.error["line"] == 3


def test_an_unknown_split_names_those_there_are(flowers: Any, run_dlcli: Run) -> None:
    outcome = run_dlcli("evaluate", "f", "--split", "tests", "--json", cwd=flowers.folder)
    assert outcome.code == 2
    assert outcome.error["message"] == "the run has no split 'tests'; it has: train, validation, test"


def test_data_that_has_changed_is_a_conflict_until_it_is_named(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    write_flowers(tmp_path, samples=60)
    config = write_experiment(tmp_path, {**TABLE, "train.epochs": 1, "train.class_weight": "balanced"})
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    with (tmp_path / "flowers.csv").open("a", encoding="utf-8") as file:
        file.write("1,2,red,rose\n")
    outcome = run_dlcli("evaluate", "a", "--json", cwd=tmp_path)
    assert outcome.code == 8
    assert outcome.error["name"] == "conflict"
    assert outcome.error["message"].endswith(
        "flowers.csv has changed since the training, so its splits would no longer be the same"
    )
    assert outcome.error["hint"] == "name the data to use: --data PATH"
    assert run_dlcli("evaluate", "a", "--data", "flowers.csv", "--json", cwd=tmp_path).value["samples"] == 61


def test_a_damaged_model_is_an_artifact_error(tmp_path: Path, flowers: Any, run_dlcli: Run) -> None:
    import shutil

    shutil.copytree(flowers.folder / "runs" / "f", tmp_path / "runs" / "f")
    model = tmp_path / "runs" / "f" / "model" / "model.keras"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(bytes(content))
    outcome = run_dlcli("evaluate", "f", "--data", flowers.folder / "flowers.csv", "--json", cwd=tmp_path)
    assert (outcome.code, outcome.error["name"]) == (5, "artifact")
    assert outcome.error["message"].startswith("the model of 'f' is damaged: ")


def test_a_regression_is_measured_and_predicted_in_its_own_numbers(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    config = write_experiment(
        tmp_path,
        {
            "data": {"source": "diabetes", "prepare": ["Normalization"]},
            "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": 1}],
            "loss": "mse",
            "metrics": ["mae", "R2Score"],
            "train.epochs": 2,
        },
    )
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    value = run_dlcli("evaluate", "a", "--worst", "2", "--json", cwd=tmp_path).value
    import dlcli.data.sources.samples.bundled as bundled

    said = predictions_of(tmp_path, "a", str(bundled.FOLDER / "diabetes.csv"), run_dlcli)
    test = dataset_of(config).splits["test"]
    predicted = np.array([said[row]["progression"] for row in test.rows])
    assert set(said[0]) == {"progression"}
    assert value["metrics"] == {
        "loss": pytest.approx(mean_squared_error(test.target, predicted), rel=1e-4),
        "mae": pytest.approx(mean_absolute_error(test.target, predicted), rel=1e-4),
        "r2_score": pytest.approx(r2_score(test.target, predicted), rel=1e-4),
    }
    assert [value[key] for key in ("classes", "confusion", "by_class")] == [None, None, None]
    errors = (test.target - predicted) ** 2
    assert [each["loss"] for each in value["worst"]] == pytest.approx(sorted(errors, reverse=True)[:2], rel=1e-3)
    assert isinstance(value["worst"][0]["predicted"], float)


@pytest.mark.parametrize("from_logits", [False, True])
def test_two_named_classes_under_one_sigmoid_are_read_as_names(
    from_logits: bool, tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    import numpy as np
    from sklearn.metrics import confusion_matrix, log_loss, precision_score, roc_auc_score

    rows = write_flowers(tmp_path, classes=2, samples=60)
    config = write_experiment(
        tmp_path,
        {
            **TABLE,
            "layers": [{"Dense": {"units": 1, "activation": "linear" if from_logits else "sigmoid"}}],
            "loss": {"BinaryCrossentropy": {"from_logits": from_logits}},
            "metrics": ["accuracy", "auc", "Precision"],
        },
    )
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    value = run_dlcli("evaluate", "a", "--split", "train", "--worst", "1", "--json", cwd=tmp_path).value
    predicted = predictions_of(tmp_path, "a", "flowers.csv", run_dlcli)
    train = dataset_of(config).splits["train"].rows
    truth = [rows[row][-1] for row in train]
    said = [predicted[row]["kind"] for row in train]
    rose = np.array([predicted[row]["probability rose"] for row in train])
    assert [one["probability lily"] + one["probability rose"] for one in predicted] == pytest.approx([1.0] * 60)
    assert value["classes"] == ["lily", "rose"]
    assert value["confusion"] == confusion_matrix(truth, said, labels=["lily", "rose"]).tolist()
    positive = [name == "rose" for name in truth]
    assert value["metrics"]["loss"] == pytest.approx(log_loss(positive, rose), abs=1e-5)
    assert value["metrics"]["accuracy"] == pytest.approx(np.mean(np.array(truth) == said), abs=1e-6)
    assert value["metrics"]["precision"] == pytest.approx(precision_score(truth, said, pos_label="rose"), abs=1e-6)
    assert value["metrics"]["auc"] == pytest.approx(roc_auc_score(positive, rose), abs=0.02)
    assert 0.1 < value["metrics"]["accuracy"] < 1.0
    assert value["worst"][0]["predicted"] in {"lily", "rose"}


def test_one_hot_targets_are_read_as_names(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    from sklearn.metrics import confusion_matrix, f1_score

    rows = write_flowers(tmp_path, samples=90)
    config = write_experiment(
        tmp_path,
        {
            **TABLE,
            "data.target": {"column": "kind", "encode": "one_hot", "classes": ["rose", "아이리스", "lily"]},
            "loss": "categorical_crossentropy",
            "metrics": [
                "accuracy",
                {"F1Score": {"average": "macro"}},
                {"OneHotMeanIoU": {"num_classes": "${data.classes}"}},
            ],
        },
    )
    outcome = run_dlcli("train", config, "--name", "a", "--json", "-q", cwd=tmp_path)
    assert outcome.code == 0, outcome.err
    value = run_dlcli("evaluate", "a", "--split", "train", "--json", cwd=tmp_path).value
    predicted = predictions_of(tmp_path, "a", "flowers.csv", run_dlcli)
    train = dataset_of(config).splits["train"].rows
    truth, said = [rows[row][-1] for row in train], [predicted[row]["kind"] for row in train]
    assert value["classes"] == ["rose", "아이리스", "lily"]
    assert value["confusion"] == confusion_matrix(truth, said, labels=value["classes"]).tolist()
    assert value["metrics"]["f1_score"] == pytest.approx(f1_score(truth, said, average="macro"), abs=1e-6)
    matrix = confusion_matrix(truth, said)
    shares = [matrix[i, i] / (matrix[i].sum() + matrix[:, i].sum() - matrix[i, i]) for i in range(3)]
    assert value["metrics"]["one_hot_mean_io_u"] == pytest.approx(sum(shares) / 3, abs=1e-6)
    assert list(predicted[0]) == ["kind", "probability rose", "probability 아이리스", "probability lily"]
    assert json.dumps(outcome.value["metrics"])


@pytest.mark.parametrize(
    ("loss", "outputs", "answers", "chances"),
    [
        ("sparse_categorical_crossentropy", [[0.2, 0.5, 0.3]], [1], [[0.2, 0.5, 0.3]]),
        ({"SparseCategoricalCrossentropy": {"from_logits": True}}, [[0.0, 0.0, 1000.0]], [2], [[0.0, 0.0, 1.0]]),
        ("binary_crossentropy", [[0.5], [0.75]], [0, 1], [[0.5, 0.5], [0.25, 0.75]]),
        ({"BinaryCrossentropy": {"from_logits": True}}, [[0.0], [2.0]], [0, 1], [[0.5, 0.5], [0.119203, 0.880797]]),
    ],
)
def test_an_output_is_read_the_way_its_loss_reads_it(
    loss: Any, outputs: list[list[float]], answers: list[int], chances: list[list[float]]
) -> None:
    import numpy as np

    from dlcli.config.catalogue import keras_catalogue
    from dlcli.data.schema import TargetSchema
    from dlcli.training.kept.predictions import answers_of

    read = keras_catalogue().read("losses", loss)
    names = [str(number) for number in range(len(chances[0]))]
    target = TargetSchema(name="y", encode="index", classes=names, axes=["samples"], shape=[])
    found = answers_of(np.array(outputs, np.float32), read, target)
    assert found is not None
    assert found.classes.tolist() == answers
    np.testing.assert_allclose(found.probabilities, chances, atol=1e-6)


def test_scores_of_a_hinge_loss_are_shown_as_they_are(
    tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    import numpy as np
    from sklearn.metrics import accuracy_score, roc_auc_score

    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, 3)) * 10
    signs = np.where(x[:, 0] + generator.normal(size=200) * 8 > 0, 1, -1)
    rows = "".join(f"{a},{b},{c},{sign}\n" for (a, b, c), sign in zip(x, signs, strict=True))
    (tmp_path / "signs.csv").write_text(f"a,b,c,y\n{rows}", encoding="utf-8")
    changes = {
        "data": {"source": "signs.csv", "target": "y"},
        "layers": [{"Dense": 1}],
        "loss": "hinge",
        "metrics": ["accuracy", "AUC"],
    }
    path = write_experiment(tmp_path, changes)
    assert run_dlcli("train", path, cwd=tmp_path).code == 0
    told = run_dlcli("evaluate", "last", "--data", "signs.csv", "--json", "--worst", "3", cwd=tmp_path).value
    said = run_dlcli("predict", "last", "signs.csv", "--keep", "y", "--json", cwd=tmp_path).value["predictions"]
    assert list(said[0]) == ["y (data)", "y", "score 1"]
    scores = [one["score 1"] for one in said]
    assert max(map(abs, scores)) > 1.5  # which a probability could not show
    assert [one["y"] for one in said] == ["1" if score > 0 else "-1" for score in scores]
    assert told["metrics"]["auc"] == pytest.approx(roc_auc_score(signs, scores), abs=1e-3)
    assert told["metrics"]["accuracy"] == pytest.approx(
        accuracy_score(signs, [int(one["y"]) for one in said]), abs=1e-6
    )
    assert {one["predicted"] for one in told["worst"]} <= {"1", "-1"}


@pytest.mark.parametrize(
    ("loss", "shape", "classes"),
    [
        ("mse", (2, 1), 2),
        ("sparse_categorical_crossentropy", (2, 2), 3),
        ("binary_crossentropy", (2, 3), 3),
        ("binary_crossentropy", (2, 1), 3),
    ],
)
def test_an_output_that_is_no_class_a_sample_is_not_read_as_one(
    loss: str, shape: tuple[int, ...], classes: int
) -> None:
    import numpy as np

    from dlcli.config.catalogue import keras_catalogue
    from dlcli.data.schema import TargetSchema
    from dlcli.training.kept.predictions import answers_of

    names = [str(number) for number in range(classes)]
    target = TargetSchema(name="y", encode="index", classes=names, axes=["samples"], shape=[])
    assert answers_of(np.zeros(shape), keras_catalogue().read("losses", loss), target) is None


def test_scores_that_are_not_defined_are_none() -> None:
    import numpy as np

    from dlcli.training.kept.predictions import confusion, scores_by_class

    truth, answer = np.array([0, 0, 1]), np.array([0, 1, 1])
    matrix = confusion(truth, answer, classes=3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert scores_by_class(truth, answer, ["a", "b", "c"]) == {
        "a": {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "samples": 2},
        "b": {"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "samples": 1},
        "c": {"precision": None, "recall": None, "f1": None, "samples": 0},
    }
