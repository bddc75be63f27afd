"""`evaluate --by`: the metrics of the samples that have the same value in a column, beside scikit-learn's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
CONFIG = """
seed: 3
data:
  source: shops.csv
  target: bought
  inputs: [age, visits]
  split: {validation: 0.2, test: 0.3}
  prepare: [Normalization]
layers: [Dense: {units: 1, activation: sigmoid}]
loss: binary_crossentropy
optimizer: {Adam: 0.05}
metrics: [accuracy]
train: {epochs: 5, batch_size: 16}
"""


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run, beside its table of 300 rows: the name of a shop, which is empty in some, and a size of many values."""
    from conftest import run

    folder, generator = tmp_path_factory.mktemp("shops"), np.random.default_rng(5)
    rows = ["age,visits,shop,size,id,bought"]
    for number in range(300):
        age, visits = generator.normal(40, 9), generator.integers(0, 20)
        shop = ["north", "south", ""][number % 3]
        likely = 1 / (1 + np.exp(-(visits - 10) / 3 * (1 if shop == "north" else -0.5)))
        rows.append(
            f"{age:.1f},{visits},{shop},{number / 7:.3f},n{number},{'yes' if generator.random() < likely else 'no'}"
        )
    (folder / "shops.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "c.yaml").write_text(CONFIG, encoding="utf-8")
    assert run("train", "c.yaml", "-q", "--name", "one", cwd=folder).code == 0
    return folder


def table(folder: Path) -> list[list[str]]:
    return [line.split(",") for line in (folder / "shops.csv").read_text("utf-8").splitlines()[1:]]


def said_of_all(folder: Path, run_dlcli: Run) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The rows of the test split, and the probability of 'yes' of every row."""
    done = run_dlcli("predict", "one", "shops.csv", "-o", "all.jsonl", cwd=folder)
    assert done.code == 0, done.err
    import json

    lines = [json.loads(line) for line in (folder / "all.jsonl").read_text("utf-8").splitlines()]
    rows = np.load(folder / "runs/one/splits.npz")["test"]
    return rows, np.array([each["probability yes"] for each in lines])


@pytest.mark.parametrize("column", ["shop", "size", "bought"])
def test_each_group_has_the_metrics_of_its_own_samples(column: str, shops: Path, run_dlcli: Run) -> None:
    from sklearn.metrics import accuracy_score, log_loss

    value = run_dlcli("evaluate", "one", "--by", column, "--json", cwd=shops).value
    rows, chances = said_of_all(shops, run_dlcli)
    cells = np.array([table(shops)[row][{"shop": 2, "size": 3, "bought": 5}[column]] for row in rows])
    truth = np.array([table(shops)[row][5] == "yes" for row in rows])
    assert value["groups"]["column"] == column
    groups = value["groups"]["groups"]
    assert sum(each["samples"] for each in groups) == len(rows) == value["samples"]
    assert len(groups) == {"shop": 3, "size": 5, "bought": 2}[column]
    for each in groups:
        if column == "size":
            low, high = map(float, each["value"].replace("below ", "").split(" to "))
            assert ("below" in each["value"]) is (each is not groups[-1])
            inside = (cells.astype(float) >= low) & (cells.astype(float) < high + (each is groups[-1]))
        else:
            inside = cells == ("" if each["value"] == "(empty)" else each["value"])
        assert each["samples"] == inside.sum() > 5
        expected = log_loss(truth[inside], chances[rows][inside], labels=[False, True])
        assert each["metrics"]["loss"] == pytest.approx(expected, rel=1e-4)
        assert each["metrics"]["accuracy"] == pytest.approx(accuracy_score(truth[inside], chances[rows][inside] > 0.5))


def test_other_data_and_a_screen_have_the_groups_too(shops: Path, run_dlcli: Run) -> None:
    done = run_dlcli("evaluate", "one", "--data", "shops.csv", "--by", "shop", cwd=shops)
    assert done.code == 0, done.err
    (begin,) = [at for at, line in enumerate(done.out.splitlines()) if line.startswith("shop ")]
    shown = [line.split()[:2] for line in done.out.splitlines()[begin + 2 : begin + 5]]
    assert shown == [["north", "100"], ["south", "100"], ["(empty)", "100"]]


def test_a_column_that_makes_no_groups_is_refused(shops: Path, run_dlcli: Run) -> None:
    for column, data, said in (
        ("shopp", ["--data", "shops.csv"], "did you mean 'shop'? (there are: "),
        ("shopp", [], "did you mean 'shop'? (there are: "),
        ("zzz", [], "= there are: "),
        ("id", ["--data", "shops.csv"], "has 300 values, of which each would be a group"),
    ):
        done = run_dlcli("evaluate", "one", "--by", column, *data, cwd=shops)
        assert done.code in {2, 4}, (column, done.err)
        assert said in done.err
        assert "no column" in done.err or column == "id"


def test_metrics_that_are_means_have_the_interval_of_their_samples(shops: Path, run_dlcli: Run) -> None:
    value = run_dlcli("evaluate", "one", "--json", cwd=shops).value
    rows, chances = said_of_all(shops, run_dlcli)
    truth = np.array([table(shops)[row][5] == "yes" for row in rows])
    right = ((chances[rows] > 0.5) == truth).astype(float)
    losses = -np.log(np.where(truth, chances[rows], 1 - chances[rows]))
    assert {*value["intervals"]} == {"loss", "accuracy"}
    for name, values in (("accuracy", right), ("loss", losses)):
        apart = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
        low, high = value["intervals"][name]
        assert (low, high) == pytest.approx((values.mean() - apart, values.mean() + apart), abs=0.2 * apart)
