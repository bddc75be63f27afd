"""The classical methods reach what scikit-learn reaches when it is called by hand on the same arrays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.actions.baseline import is_run_of
from dlcli.actions.classical import METHODS
from dlcli.actions.classical.answers import said_classes
from dlcli.actions.classical.method import Task
from dlcli.actions.classical.subject import drawn_rows
from dlcli.config import load_config
from dlcli.runs import Run as KeptRun

Run = Callable[..., Any]
Write = Callable[..., Path]
NAMES = ["naive_bayes", "logistic_regression", "kernel_svm", "decision_tree", "random_forest", "gradient_boosting"]


def by_hand(kind: str) -> dict[str, Any]:
    """Each method as a person would write it."""
    from sklearn import ensemble, linear_model, naive_bayes, svm, tree
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if kind == "numbers":
        machine = make_pipeline(StandardScaler(), svm.SVR())
        return {
            "linear_regression": linear_model.LinearRegression(),
            "kernel_svm": TransformedTargetRegressor(machine, transformer=StandardScaler()),
            "decision_tree": tree.DecisionTreeRegressor(random_state=3),
            "random_forest": ensemble.RandomForestRegressor(random_state=3),
            "gradient_boosting": ensemble.HistGradientBoostingRegressor(random_state=3),
        }
    return {
        "naive_bayes": naive_bayes.GaussianNB(),
        "logistic_regression": make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=1000)),
        "kernel_svm": make_pipeline(StandardScaler(), svm.SVC()),
        "decision_tree": tree.DecisionTreeClassifier(random_state=3),
        "random_forest": ensemble.RandomForestClassifier(random_state=3),
        "gradient_boosting": ensemble.HistGradientBoostingClassifier(random_state=3),
    }


def fitted(estimator: Any, x: Any, y: Any, weights: Any = None) -> Any:
    """An estimator that has learnt; the last step of a pipeline is told the weights."""
    if weights is None:
        return estimator.fit(x, y)
    name = f"{estimator.steps[-1][0]}__sample_weight" if hasattr(estimator, "steps") else "sample_weight"
    return estimator.fit(x, y, **{name: weights})


def cross_entropy(y: Any, chances: Any) -> float:
    """The mean of -log p of the true class, which is nowhere 0."""
    return float(-np.log(np.clip(chances, 1e-7, 1 - 1e-7)[np.arange(len(y)), y]).mean())


def halves(folder: Path, run: str) -> tuple[Any, Any]:
    """The rows of training and test that a run has recorded."""
    with np.load(folder / "runs" / run / "splits.npz") as splits:
        return splits["train"], splits["test"]


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Run, write_experiment: Write) -> Path:
    """A run on three classes, of which the first are rarer, weighed against that."""
    folder = tmp_path_factory.mktemp("baseline")
    write_experiment(folder)
    with np.load(folder / "classes.npz") as content:
        x, y = content["x"], content["y"]
    kept = np.flatnonzero((y > 0) | (np.arange(len(y)) % 2 == 0))
    np.savez(folder / "classes.npz", x=x[kept], y=y[kept])
    weighed = write_experiment(folder, {"train.class_weight": "balanced", "train.epochs": 1})
    done = run_dlcli("train", weighed, "--name", "a", "--epochs", "2", "-q", cwd=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="module")
def compared(classes: Path, run_dlcli: Run) -> Any:
    done = run_dlcli("baseline", "experiment.yaml", "--json", cwd=classes)
    assert (done.code, done.err) == (0, ""), done.err
    return done.value


def test_classes_are_told_as_scikit_learn_tells_them_by_hand(classes: Path, compared: Any) -> None:
    from sklearn.metrics import accuracy_score
    from sklearn.utils.class_weight import compute_sample_weight

    train, test = halves(classes, "a")
    with np.load(classes / "classes.npz") as content:
        x, y = content["x"], content["y"]
    weights = compute_sample_weight("balanced", y[train])
    assert len(set(weights)) > 1
    reached = {each["method"]: each for each in compared["methods"]}
    assert list(reached) == ["majority_class", *NAMES]
    assert (compared["metric"], compared["split"], compared["samples"]) == ("accuracy", "test", len(test))
    for name, estimator in by_hand("classes").items():
        fitted(estimator, x[train], y[train], weights)
        assert reached[name]["value"] == pytest.approx(accuracy_score(y[test], estimator.predict(x[test]))), name
        if name == "kernel_svm":
            assert "loss" not in reached[name]["metrics"]  # it has no probabilities
        else:
            loss = cross_entropy(y[test], estimator.predict_proba(x[test]))
            assert reached[name]["metrics"]["loss"] == pytest.approx(loss, rel=1e-3), name
    shares = np.bincount(y[train]) / len(train)
    assert reached["majority_class"]["value"] == pytest.approx((y[test] == shares.argmax()).mean())
    unweighed = fitted(by_hand("classes")["naive_bayes"], x[train], y[train])  # what would be had without the weights
    loss = cross_entropy(y[test], unweighed.predict_proba(x[test]))
    assert loss != pytest.approx(reached["naive_bayes"]["metrics"]["loss"], rel=1e-3)


def test_the_network_stands_beside_them_with_what_evaluate_measures(
    classes: Path, compared: Any, run_dlcli: Run
) -> None:
    measured = run_dlcli("evaluate", "a", "--json", cwd=classes).value
    network = compared["network"]
    assert (network["run"], network["value"]) == ("a", measured["metrics"]["accuracy"])
    assert network["interval"] == measured["intervals"]["accuracy"]
    best = max(each["value"] for each in compared["methods"])
    assert compared["ahead"]["difference"] == pytest.approx(network["value"] - best)
    low, high = compared["ahead"]["interval"]
    assert low <= compared["ahead"]["difference"] <= high
    assert compared["ahead"]["more_than_chance"] == (low > 0 or high < 0)
    assert {each["samples"] for each in compared["methods"][1:]} == {compared["learnt_from"]}


@pytest.mark.parametrize(
    ("setting", "same"),
    [
        ("train.epochs=9", True),
        ("train.early_stopping={patience: 3}", True),
        ("train.class_weight=null", False),
        ("optimizer=SGD", False),
        ("data.split.validation=0.3", False),
    ],
)
def test_the_run_of_a_configuration_may_be_longer_and_nothing_else(
    setting: str, same: bool, classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(classes)
    config, _ = load_config("experiment.yaml", settings=[setting])
    assert is_run_of(config, KeptRun(classes / "runs" / "a")) is same


def test_a_report_has_the_comparison_once_it_was_made(
    classes: Path, compared: Any, run_dlcli: Run, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    written = run_dlcli("report", "a", "-o", page, "--json", cwd=classes)
    assert "baseline" in [each["part"] for each in written.value["parts"]]
    assert "gradient boosting" in page.read_text(encoding="utf-8")
    kept = classes / "runs" / "a" / "baseline.json"
    content = kept.read_bytes()
    kept.write_bytes(content[:-9])  # a damaged one is left out, and the page is made all the same
    written = run_dlcli("report", "a", "-o", page, "--json", cwd=classes)
    kept.write_bytes(content)
    assert (written.code, "baseline" in [each["part"] for each in written.value["parts"]]) == (0, False)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_person_sees_a_row_for_each_method(classes: Path, run_dlcli: Run, width: int) -> None:
    from rich.console import Console

    from dlcli.actions.classical.kept import kept_baselines
    from dlcli.runs import Run as Folder
    from dlcli.view.baseline import draw_baselines

    found = kept_baselines(Folder(classes / "runs" / "a"))
    assert found is not None
    console = Console(width=width, record=True, force_terminal=True, color_system=None)
    with console.capture() as drawn:
        draw_baselines(console, found)
    lines = drawn.get().splitlines()
    assert max(map(len, lines)) <= width
    names = ("majority class", "naive Bayes", "kernel SVM", "gradient boosting", "the network (a)")
    assert [sum(line.startswith(name) for line in lines) for name in names] == [1] * 5
    assert any(line.startswith("network   accuracy ") for line in lines)


def test_numbers_are_told_as_scikit_learn_tells_them_by_hand(
    tmp_path: Path, run_dlcli: Run, write_experiment: Write
) -> None:
    from sklearn.metrics import mean_absolute_error, r2_score

    generator = np.random.default_rng(5)
    x = generator.normal(size=(160, 6)).astype(np.float32)
    y = (200 + 40 * x[:, 0] + 20 * x[:, 1] ** 2 + generator.normal(size=160)).astype(np.float32)
    np.savez(tmp_path / "classes.npz", x=x, y=y)
    changes = {"layers": [{"Dense": 1}], "loss": "mse", "metrics": ["mae", "R2Score"], "train.epochs": 1}
    config = write_experiment(tmp_path, changes)
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    done = run_dlcli("baseline", "a", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    train, test = halves(tmp_path, "a")
    reached = {each["method"]: each for each in done.value["methods"]}
    assert (done.value["metric"], done.value["better"]) == ("mae", "down")
    assert list(reached) == ["mean", *by_hand("numbers")]
    for name, estimator in by_hand("numbers").items():
        said = estimator.fit(x[train], y[train]).predict(x[test])
        assert reached[name]["value"] == pytest.approx(mean_absolute_error(y[test], said), rel=2e-3), name
        assert reached[name]["metrics"]["r2_score"] == pytest.approx(r2_score(y[test], said), abs=2e-3), name
    assert done.value["remarks"] == ["naive Bayes tells classes alone"]


def test_texts_are_taken_as_tf_idf_of_the_training_texts(
    tmp_path: Path, run_dlcli: Run, write_experiment: Write
) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB

    generator = np.random.default_rng(6)
    words, rows = ["sun", "rain", "비", "wind", "snow", "fog"], []
    for row in range(120):
        kind = row % 2
        drawn = generator.choice(words, size=5, p=[0.3, 0.1, 0.1, 0.3, 0.1, 0.1] if kind else [1 / 6] * 6)
        rows.append({"text": " ".join(drawn), "kind": "ab"[kind]})
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    layers = [{"Embedding": {"input_dim": 20, "output_dim": 2}}, "GlobalAveragePooling1D"]
    vectorize = {"TextVectorization": {"output_sequence_length": 5}}
    changes = {
        "data": {
            "source": {"jsonl": {"path": "texts.jsonl"}},
            "inputs": {
                "text": {
                    "columns": "text",
                    "kind": "text",
                    "prepare": [vectorize],
                }
            },
            "target": "kind",
            "split": {"validation": 0.2, "test": 0.2},
        },
        "layers": [*layers, {"Dense": {"units": 1, "activation": "sigmoid"}}],
        "loss": "binary_crossentropy",
        "metrics": ["accuracy", "AUC"],
        "train.epochs": 1,
    }
    config = write_experiment(tmp_path, changes)
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    done = run_dlcli("baseline", "a", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    train, test = halves(tmp_path, "a")
    texts, kinds = np.array([each["text"] for each in rows]), np.array([each["kind"] == "b" for each in rows])
    counter = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b").fit(texts[train])
    reached = {each["method"]: each for each in done.value["methods"]}
    for name, estimator in [("naive_bayes", MultinomialNB()), ("logistic_regression", LogisticRegression())]:
        said = estimator.fit(counter.transform(texts[train]), kinds[train]).predict(counter.transform(texts[test]))
        assert reached[name]["value"] == pytest.approx((said == kinds[test]).mean()), name
    assert done.value["remarks"][0] == "'text' is taken as tf-idf of 6 words, whatever their order"
    assert 0 <= reached["kernel_svm"]["metrics"]["auc"] <= 1  # its scores order the samples
    assert reached["decision_tree"]["metrics"]["auc"] > 0


@pytest.mark.parametrize(
    ("target", "layers", "loss", "reason"),
    [
        ("pictures", [{"Dense": 33}], "mse", "a sample's answer is 33 numbers, and these methods give up to 32"),
        ("pictures", [{"Dense": 32}], "mse", None),
    ],
)
def test_what_cannot_be_compared_is_said_with_the_reason(
    target: str, layers: Any, loss: str, reason: str | None, tmp_path: Path, run_dlcli: Run, write_experiment: Write
) -> None:
    size = layers[0]["Dense"]
    generator = np.random.default_rng(7)
    np.savez(tmp_path / "classes.npz", x=generator.normal(size=(30, 3)), y=generator.normal(size=(30, size)))
    changes = {"layers": layers, "loss": loss, "metrics": None, "train.epochs": 1}
    done = run_dlcli("baseline", write_experiment(tmp_path, changes), "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.value["not_compared"] == reason
    assert (len(done.value["methods"]) == 1) == (reason is not None)
    assert done.value["methods"][0]["method"] == "mean"
    assert (done.value["metric"], done.value["network"]) == ("loss", None)
    assert done.err == "note: no run was trained as this configuration says, so no network stands here\n"


def test_several_targets_and_several_labels_are_no_one_answer() -> None:
    from dlcli.actions.classical.subject import not_comparable, subject_of_config
    from dlcli.config import load_config

    gallery = Path(__file__).parents[2] / "configs"
    told = {}
    for name in ("tables/two_outputs", "text/several_labels", "images/autoencoder"):
        config, _ = load_config(str(gallery / f"{name}.yaml"))
        told[name.split("/")[1]] = not_comparable(subject_of_config(config, None, allow_code=False))
    assert told == {
        "two_outputs": "there are 2 targets, and these methods learn one",
        "several_labels": "a sample may have several labels, and these methods choose one",
        "autoencoder": "a sample's answer is 28 × 28 numbers, and these methods give a few beside each other",
    }


def test_a_missing_package_is_told_with_its_extra(
    classes: Path, run_dlcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    refused = run_dlcli("baseline", "a", "--json", cwd=classes)
    assert (refused.code, refused.error["kind"]) == (4, "missing_package")
    assert refused.error["hint"] == 'pip install "dlcli[baseline]"'


def test_no_split_to_judge_on_is_told(classes: Path, run_dlcli: Run) -> None:
    refused = run_dlcli("baseline", "a", "--split", "tests", "--json", cwd=classes)
    assert (refused.code, refused.error["kind"]) == (2, "no_such_split")
    asked = ["--set", "data.split={validation: 0, test: 0}", "--json"]
    refused = run_dlcli("baseline", "experiment.yaml", *asked, cwd=classes)
    assert (refused.code, refused.error["kind"]) == (2, "no_such_split")


def test_a_large_table_is_learnt_from_in_part() -> None:
    assert drawn_rows(5, 5, 0).tolist() == [0, 1, 2, 3, 4]
    drawn = drawn_rows(6, 5, 0)
    assert len(drawn) == 5
    assert (np.diff(drawn) > 0).all()
    assert len(METHODS) == 6
    assert all(each.samples >= 10_000 and each.numbers >= 1_000_000 for each in METHODS)


def test_a_class_that_training_lacks_is_never_said() -> None:
    x, y = np.arange(12, dtype=np.float32).reshape(6, 2), np.array([0, 0, 2, 2, 3, 3])
    for method in METHODS:
        said = said_classes(method.estimator(Task(True, False, 0)).fit(x, y), x, 5)
        assert said.decided.shape == said.ordered.shape == (6, 5)
        assert said.ordered[:, [1, 4]].max() == 0
        assert said.likely == (method.for_classes != "kernel_svm")
        if said.likely:
            np.testing.assert_allclose(said.ordered.sum(axis=1), 1, rtol=1e-5)
            assert said.read("values") is said.ordered
        else:
            assert said.read("values") is None
            assert said.read("largest") is said.decided
