"""The keys of recorded configurations: their paths are those of `--set`, and those that differ are known."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import merged

from dlcli.config import load_config
from dlcli.errors import UsageError
from dlcli.runs import Run, index
from dlcli.runs.keys import configuration_of, written_tree
from dlcli.runs.listing import changed_keys, filter_runs, list_runs, sort_runs
from dlcli.spec import unwritten

TREE: dict[str, Any] = {
    "name": "digits",
    "data": {"source": {"digits": {}}, "prepare": [{"Rescaling": {"scale": 0.0625}}], "targets": None},
    "layers": [
        {"Flatten": {}},
        {"Dense": {"units": 64, "activation": "relu"}},
        {"Conv2D": {"filters": 4, "kernel_size": [3, 3], "name": "first.one"}},
        {"Dense": {"units": 10}},
        {"residual": {"layers": [{"BatchNormalization": {}}, {"Dense": {"units": 3}}]}},
    ],
    "loss": {"sparse_categorical_crossentropy": {}},
    "optimizer": {"Adam": {"learning_rate": {"CosineDecay": {"decay_steps": 5}}}},
    "metrics": [{"accuracy": {}}],
    "train": {"epochs": 5, "early_stopping": None, "phases": [], "callbacks": []},
}
PATHS = {
    "data.source": "digits",
    "data.prepare.rescaling.scale": 0.0625,
    "data.targets": None,
    "layers.flatten": "Flatten",
    "layers.dense.units": 64,
    "layers.dense.activation": "relu",
    'layers."first.one"': "Conv2D",
    'layers."first.one".filters': 4,
    'layers."first.one".kernel_size': [3, 3],
    'layers."first.one".name': "first.one",
    "layers.dense_1.units": 10,
    "layers.residual.layers.batch_normalization": "BatchNormalization",
    "layers.residual.layers.dense.units": 3,
    "loss": "sparse_categorical_crossentropy",
    "optimizer": "Adam",
    "optimizer.learning_rate": "CosineDecay",
    "optimizer.learning_rate.decay_steps": 5,
    "metrics.accuracy": "accuracy",
    "train.epochs": 5,
    "train.early_stopping": None,
    "train.phases": [],
    "train.callbacks": [],
    "name": "digits",
}


def test_each_value_has_a_path_without_the_names_of_things() -> None:
    configuration = configuration_of(TREE)
    assert {path: configuration.value(path) for path in configuration.shape.by_path} == PATHS
    assert configuration.tree == TREE
    assert configuration.value("layers.1.units") == 64
    assert configuration.value("layers.4.layers.1.units") == 3
    assert configuration.value("data.prepare.0.scale") == 0.0625
    assert configuration.value("layers.9.units") is None


def test_configurations_that_differ_in_values_alone_share_a_shape() -> None:
    other = copy.deepcopy(TREE)
    other["layers"][1]["Dense"]["units"], other["train"]["callbacks"] = None, ["x"]
    assert configuration_of(other).shape == configuration_of(TREE).shape
    other["layers"][2]["Conv2D"]["name"] = "second"
    assert configuration_of(other).shape != configuration_of(TREE).shape


@pytest.mark.parametrize("path", ["layers.dense.units", "layers.1.units", "layers.dense_1.units", "layers.3.units"])
def test_a_path_is_what_set_takes(path: str, tmp_path: Path, write_experiment: Callable[..., Path]) -> None:

    units = {
        "layers": [
            {"Flatten": {}},
            {"Dense": {"units": 8}},
            "Flatten",
            {"Dense": {"units": 3, "activation": "softmax"}},
        ]
    }
    config = write_experiment(tmp_path, units)
    changed, _ = load_config(str(config), settings=[f"{path}=5"])
    before, _ = load_config(str(config))
    assert configuration_of(before.plain()).value(path) in {8, 3}
    assert configuration_of(changed.plain()).value(path) == 5


@pytest.fixture
def varied(root: Path, record_run: Callable[..., Run]) -> Path:
    """Three runs with other rates, of which one has a layer more and one a name of its own."""
    deeper = merged(TREE, {"optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}})
    deeper["layers"] = [*deeper["layers"][:2], {"Dropout": {"rate": 0.5}}, *deeper["layers"][2:]]
    metrics = {"train": {"loss": 1.0}, "validation": {"loss": 2.0}}
    record_run(
        root, "a", number=1, tree=merged(TREE, {"optimizer": {"Adam": {"learning_rate": 0.01}}}), metrics=metrics
    )
    record_run(root, "b", number=2, tree=merged(TREE, {"optimizer": {"Adam": {"learning_rate": 0.001}}, "name": "b"}))
    record_run(root, "c", number=3, tree=deeper)
    return root


def test_the_keys_that_differ_are_those_of_the_runs_at_hand(varied: Path) -> None:
    rows = list_runs(varied)
    assert changed_keys(rows[:2]) == ["optimizer.learning_rate"]
    assert changed_keys(rows) == ["optimizer", "optimizer.learning_rate", "layers.dropout.rate", "optimizer.momentum"]
    assert changed_keys(rows[:1]) == changed_keys([]) == []


TABLE = merged(TREE, {"data.source": {"csv": {"path": "a.csv", "separator": ",", "names": None}}})
STOPPED = merged(TREE, {"train.early_stopping": {"monitor": "val_loss", "patience": 5}})
OF_TABLE = ["data.source.separator", "data.source.names", "train.early_stopping"]


def keys_beside(root: Path, record_run: Callable[..., Run], tree: dict[str, Any], unwritten: list[str]) -> list[str]:
    """The keys that differ from those of a run of a bundled set without early stopping."""
    record_run(root, "a", number=1, tree=TREE, unwritten=["train.early_stopping"])
    record_run(root, "b", number=2, tree=tree, unwritten=unwritten)
    return changed_keys(list_runs(root))


def test_what_only_some_runs_have_is_told_where_it_was_written(root: Path, record_run: Callable[..., Run]) -> None:
    """Keys of another kind of source, which has a dozen, are those that stand in the file."""
    assert keys_beside(root, record_run, TABLE, OF_TABLE) == ["data.source", "data.source.path"]


@pytest.mark.parametrize(
    ("unwritten", "told"),
    [([], ["data.source", "data.source.path", "data.source.separator"]), (OF_TABLE[1:], [OF_TABLE[0]])],
    ids=["of an older dlcli", "written"],
)
def test_a_written_key_of_another_source_is_told(
    unwritten: list[str], told: list[str], root: Path, record_run: Callable[..., Run]
) -> None:
    found = keys_beside(root, record_run, TABLE, unwritten)
    assert set(told) <= set(found)
    assert "data.source.names" not in found


def test_a_block_that_only_one_run_has_is_told_by_one_key(root: Path, record_run: Callable[..., Run]) -> None:
    inside = ["train.early_stopping.monitor", "train.early_stopping.patience"]
    assert keys_beside(root, record_run, STOPPED, inside) == inside[:1]
    (root / "b").rename(root / "was")
    record_run(root, "b", number=2, tree=STOPPED, unwritten=inside[:1])
    assert changed_keys([row for row in list_runs(root) if row.run in "ab"]) == inside[1:]


def test_a_key_that_differs_among_all_is_told_though_most_left_it(root: Path, record_run: Callable[..., Run]) -> None:
    other = merged(TREE, {"train.epochs": 7})
    assert keys_beside(root, record_run, other, ["train.epochs", "train.early_stopping"]) == ["train.epochs"]


def test_an_index_knows_what_was_written(
    root: Path, record_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "LEAST", 2)
    monkeypatch.setattr(index, "SETTLED", 0)
    first = keys_beside(root, record_run, TABLE, OF_TABLE)
    assert (root / index.NAME).exists()
    assert changed_keys(list_runs(root)) == first == ["data.source", "data.source.path"]


def test_a_run_whose_configuration_is_damaged_says_nothing_of_what_differs(varied: Path) -> None:
    (varied / "c" / "config.resolved.json").write_text("{}")
    rows = list_runs(varied)
    assert changed_keys(rows) == ["optimizer.learning_rate"]
    assert [row.value("optimizer.learning_rate") for row in rows] == [0.01, 0.001, None]


FILTERED = [
    ("optimizer.learning_rate<0.05", ["a", "b"]),
    ("optimizer.learning_rate<=0.001", ["b"]),
    ("optimizer.learning_rate=1e-2", ["a"]),
    ("optimizer=SGD", ["c"]),
    ("optimizer.momentum!=", ["c"]),
    ("optimizer.momentum=", ["a", "b"]),
    ("layers.dropout.rate=0.5", ["c"]),
    ("layers.2.rate=0.5", ["c"]),
    ("layers.dense.units>=64", ["a", "b", "c"]),
    ('layers."first.one".kernel_size~3', ["a", "b", "c"]),
    ("train.loss=1", ["a"]),
    ("train.epochs=5", ["a", "b", "c"]),
]


@pytest.mark.parametrize(("expression", "left"), FILTERED)
def test_keys_are_filtered_like_metrics(varied: Path, expression: str, left: list[str]) -> None:
    assert [row.run for row in filter_runs(list_runs(varied), [expression])] == left


def test_runs_are_sorted_by_a_key(varied: Path) -> None:
    rows = list_runs(varied)
    assert [row.run for row in sort_runs(rows, "optimizer.learning_rate")] == ["b", "a", "c"]
    assert [row.run for row in sort_runs(rows, "-optimizer.momentum")] == ["c", "a", "b"]
    assert [row.run for row in sort_runs(rows, "-optimizer")] == ["c", "a", "b"]
    with pytest.raises(UsageError) as caught:
        sort_runs(rows, "optimizer.lerning_rate")
    assert caught.value.hint is not None
    assert "optimizer.learning_rate" in caught.value.hint


def test_what_nobody_has_written_is_known_of_a_file(tmp_path: Path, write_experiment: Callable[..., Path]) -> None:
    stopping = {"train.early_stopping": {"patience": 3}, "data.split": {"validation": 0.2}}
    config, _ = load_config(str(write_experiment(tmp_path, stopping)), settings=["train.until=loss < 1"])
    left = [*unwritten(config)]
    assert {"train.early_stopping.monitor", "data.split.by", "train.phases", "weights"} <= set(left)
    assert not {"train", "train.early_stopping", "train.early_stopping.patience", "train.until", "data.split"} & set(
        left
    )
    plain = configuration_of(config.plain(), left)
    positions = plain.shape.by_position
    assert all(
        any(f"{each}.".startswith(f"{one}.") for each in positions) for one in left if one != "loss_weights"
    )  # {}
    assert "train.early_stopping.monitor" in plain.shape.left_alone
    assert "train.early_stopping.patience" not in plain.shape.left_alone
    assert len(left) > 20
    kept = written_tree(config.plain(), left)
    assert kept["train"]["early_stopping"] == {"patience": 3}
    assert kept["data"]["split"] == {"validation": 0.2}
    assert kept["layers"] == config.plain()["layers"]
    assert "phases" not in kept["train"]
    assert written_tree(config.plain(), []) == config.plain()
