"""`ignore_class` is a label: it counts in no loss, metric, matrix, baseline or worst sample; an index that is none is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]


def write(folder: Path, labels: Sequence[Any], ignored: int | None, *, encode: bool, several: bool = False) -> Path:
    """An experiment on three labels, as one target or as the second of two."""
    generator = np.random.default_rng(0)
    y = np.array(labels)[generator.integers(0, 3, 120)]
    np.savez(folder / "a.npz", x=generator.normal(size=(120, 4)), y=y, z=generator.normal(size=120))
    target: Any = {"column": "y", **({"encode": "index"} if encode else {})}
    loss: Any = {"SparseCategoricalCrossentropy": {} if ignored is None else {"ignore_class": ignored}}
    head: Any = {"Dense": {"units": 3, "activation": "softmax"}}
    data: Any = {"source": {"npz": {"path": "a.npz", "inputs": "x", "target": "y"}}, "target": target}
    layers, metrics = [head], ["accuracy"]
    if several:
        columns = zip(generator.normal(size=120), y, generator.normal(size=120), strict=True)
        lines = ["a,y,z", *(f"{a},{b},{c}" for a, b, c in columns)]
        (folder / "a.csv").write_text("\n".join(lines), encoding="utf-8")
        data = {"source": "a.csv", "inputs": {"x": {"columns": ["a"]}}, "targets": {"number": "z", "kind": target}}
        layers = [
            {"Dense": {"units": 1, "name": "number", "from": "x"}},
            {"Dense": {**head["Dense"], "name": "kind", "from": "x"}},
        ]
        loss, metrics = {"number": "mse", "kind": loss}, {"kind": ["accuracy"]}  # type: ignore[assignment]
    tree = {
        "data": data,
        "layers": layers,
        "loss": loss,
        "metrics": metrics,
        "optimizer": "Adam",
        "train": {"epochs": 2},
    }
    (folder / "a.yaml").write_text(json.dumps(tree, indent=1), encoding="utf-8")
    return folder / "a.yaml"


@pytest.mark.parametrize(
    ("labels", "ignored", "encode"), [([5, 15, 25], 15, True), ([1, 2, 3], 1, True), ([0, 1, 2], 1, False)]
)
def test_an_ignored_label_counts_nowhere(
    labels: list[int], ignored: int, encode: bool, tmp_path: Path, run_dlcli: Command
) -> None:
    path = write(tmp_path, labels, ignored, encode=encode)
    trained = run_dlcli("train", path, "--json", "-q", cwd=tmp_path)
    assert trained.code == 0, trained.out
    judged = run_dlcli("evaluate", "a", "--json", "--worst", "20", cwd=tmp_path).value
    run_dlcli("predict", "a", "a.npz", "-o", "a.csv", "-q", cwd=tmp_path)
    rows = np.load(tmp_path / "runs" / "a" / "splits.npz")
    answers = np.genfromtxt(tmp_path / "a.csv", delimiter=",", skip_header=1)[:, 1:]
    names = [each for each in labels if each != ignored] if encode else labels
    y = np.load(tmp_path / "a.npz")["y"]

    test = [row for row in rows["test"] if y[row] != ignored]
    index = np.array([names.index(y[row]) for row in test])
    chances = answers[test]
    losses = -np.log(chances[np.arange(len(test)), index])
    assert 0 < len(test) < len(rows["test"])
    assert judged["metrics"]["loss"] == pytest.approx(losses.mean(), rel=1e-4)
    assert judged["metrics"]["accuracy"] == pytest.approx((chances.argmax(1) == index).mean(), abs=1e-6)
    matrix = np.zeros((3, 3), int)
    np.add.at(matrix, (index, chances.argmax(1)), 1)
    assert judged["confusion"] == matrix.tolist()
    assert [each["loss"] for each in judged["worst"]] == pytest.approx(sorted(losses, reverse=True)[:20], rel=1e-4)
    counted = [names.index(each) for each in y[rows["train"]] if each != ignored]
    shares = np.bincount(counted, minlength=3) / len(counted)
    other = [names.index(each) for each in y[rows["validation"]] if each != ignored]
    assert trained.value["baseline"]["metrics"]["loss"] == pytest.approx(-np.log(shares[other]).mean(), rel=1e-4)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    ("labels", "ignored", "encode", "meant"),
    [
        (["a", "b", "c"], 1, True, "b"),
        ([5, 15, 25], 1, True, "15"),
        ([1, 2, 3], 0, True, "1"),
        ([5, 15, 25], 15, True, None),
        ([0, 1, 2], 1, False, None),
        (["a", "b", "c"], 255, True, None),
        (["a", "b", "c"], None, True, None),
    ],
)
def test_an_index_that_is_no_label_is_told_at_its_line(
    labels: list[Any],
    ignored: int | None,
    encode: bool,
    meant: str | None,
    several: bool,
    tmp_path: Path,
    run_dlcli: Command,
) -> None:
    path = write(tmp_path, labels, ignored, encode=encode, several=several)
    built = run_dlcli("validate", "--build", path, "--json", cwd=tmp_path).value["files"][0]["problems"]
    if meant is None:
        assert built == []
        return
    (problem,) = built
    assert problem["message"].startswith(f"'ignore_class' is a label, and {ignored} is none of '")
    assert f"write void: {meant} at the target" in problem["suggestion"]
    assert '"ignore_class"' in path.read_text(encoding="utf-8").splitlines()[problem["line"] - 1]


def test_a_metric_ignores_the_label_too(tmp_path: Path, run_dlcli: Command) -> None:
    from dlcli.config.catalogue import keras_catalogue
    from dlcli.loss import build_metrics

    catalogue = keras_catalogue()
    metric = catalogue.read("metrics", {"MeanIoU": {"num_classes": 3, "ignore_class": 15}})
    loss = catalogue.read("losses", "sparse_categorical_crossentropy")
    for classes, index in ((["5", "15", "25"], 1), (["a", "b", "c"], 15)):
        (made,) = build_metrics([metric], loss, width=3, facts={}, classes=classes)
        assert made.ignore_class == index
