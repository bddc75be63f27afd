"""A sweep block is read strictly, and each of its values is tried at its line before the first trial."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dlcli.config import config_of
from dlcli.config.sweep import MOST_POINTS, Dimension
from dlcli.config.sweep_space import checked_space
from dlcli.errors import ConfigError

CONFIG = """\
data: {source: digits}
layers: [Flatten, Dense: {units: 8, name: hidden}, Dense: {units: 10, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
metrics: [accuracy]
train: {epochs: 3}
sweep:
"""
SPACE = "  space: {optimizer.learning_rate: {log: [1e-4, 1e-1]}}\n"


def problems(block: str, *, config: str = CONFIG) -> list[tuple[int, int, str, str | None]]:
    """Line, column, kind and hint of each problem of a configuration with this block."""
    content = f"{config}{block}".encode()
    try:
        checked_space(content, config_of(content, file="a.yaml"), file="a.yaml")
    except ConfigError as error:
        return [(each.line, each.column, each.kind, each.suggestion) for each in error.problems]
    return []


def sweep_of(block: str) -> Any:
    return config_of(f"{CONFIG}{block}".encode(), file="a.yaml").sweep


def test_a_block_says_nothing_to_a_training() -> None:
    config = config_of(f"{CONFIG}{SPACE}".encode(), file="a.yaml")
    alone = config_of(CONFIG.removesuffix("sweep:\n").encode(), file="a.yaml")
    assert config.sweep is not None
    assert alone.sweep is None
    assert config.plain() == alone.plain()
    assert "sweep" not in config.plain()


def test_what_a_block_says_by_default_and_each_form_of_values() -> None:
    found = sweep_of(
        "  space:\n    optimizer.learning_rate: {log: [1e-4, 1e-1]}\n    layers.hidden.units: {int: [8, 20], step: 4}\n"
        "    layers.hidden.use_bias: [true, false]\n    train.batch_size: {int: [1, 3]}\n"
        "    optimizer.beta_1: {float: [0.5, 0.9], step: 0.1}\n"
        "    optimizer.beta_2: {choices: [0.9, 0.99], when: {layers.hidden.use_bias: true}}\n"
    )
    assert (found.number, found.search, [str(each) for each in found.goals], found.prune) == (
        None, "tpe", ["min val_loss"], "none",
    )  # fmt: skip
    space = found.space
    assert space["optimizer.learning_rate"] == Dimension(kind="log", low=1e-4, high=1e-1)
    assert space["layers.hidden.units"].points == [8, 12, 16, 20]
    assert space["train.batch_size"].points == [1, 2, 3]
    assert space["optimizer.beta_1"].points == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert space["optimizer.beta_2"].when == {"layers.hidden.use_bias": [True]}
    assert space["optimizer.learning_rate"].points is None
    assert Dimension(kind="int", low=1, high=MOST_POINTS, step=1).points is not None
    assert Dimension(kind="int", low=1, high=MOST_POINTS + 1, step=1).points is None


def test_a_path_is_chosen_behind_what_it_depends_on() -> None:
    found = sweep_of(
        "  space:\n    layers.hidden.units: {choices: [4, 8], when: {train.batch_size: [16, 32]}}\n"
        "    optimizer.beta_1: [0.8, 0.9]\n    train.batch_size: [16, 32, 64]\n"
    )
    assert [*found.space] == ["optimizer.beta_1", "train.batch_size", "layers.hidden.units"]


SCALED = """\
data: {source: a.csv, target: {column: y, scale: standard}}
layers: [Flatten, Dense: {units: 8, name: hidden}, Dense: 1]
loss: mse
optimizer: Adam
metrics: [mae]
train: {epochs: 3}
sweep:
"""
L2 = "kernel_regularizer: {L2: 1e-2}"


@pytest.mark.parametrize(
    ("space", "goal", "keys"),
    [
        ("data.target.scale: [standard, log]", "min val_loss", "data.target.scale"),
        ("data.target.scale: [standard, log]", "min val_mae", None),
        ("data.target: [{column: y, scale: standard}, y]", "min val_loss", "data.target.scale"),
        ("loss: [mse, mae]", "min val_loss", "loss"),
        ("loss: [mse, mae]", "min val_mae", None),
        ("loss: [mse, mae]", "[min val_mae, min loss]", "loss"),
        (
            "layers.hidden.kernel_regularizer: [{L2: 1e-3}, {L2: 1e-2}]",
            "min val_loss",
            "layers.1.Dense.kernel_regularizer.L2.l2",
        ),
        (
            "layers.1: [{Dense: 4}, {Dense: {units: 4, kernel_regularizer: {L2: 1e-2}}}]",
            "min val_loss",
            "layers.1.Dense.kernel_regularizer",
        ),
        ("layers.hidden.units: [4, 8]", "min val_loss", None),
        ("optimizer.learning_rate: {log: [1e-3, 1e-1]}", "min val_loss", None),
        ("data.split.validation: [0.1, 0.2]", "min val_loss", None),
    ],
)
def test_a_goal_means_the_same_in_every_trial(space: str, goal: str, keys: str | None) -> None:
    content = f"{SCALED}  goal: {goal}\n  space: {{{space}}}\n".encode()
    if keys is None:
        checked_space(content, config_of(content, file="a.yaml"), file="a.yaml")
        return
    with pytest.raises(ConfigError) as caught:
        checked_space(content, config_of(content, file="a.yaml"), file="a.yaml")
    [problem] = caught.value.problems
    assert (problem.line, problem.column, problem.kind) == (9, 11, "goal_not_comparable")
    assert (
        problem.message.endswith(f" means something else from trial to trial, by {keys}")
        or f", by {keys}." in problem.message
    )


@pytest.mark.parametrize(
    ("block", "wanted"),
    [
        (f"  goal: best\n{SPACE}", [(8, 9, "not_a_goal", None)]),
        (f"  goal: [max val_accuracy, min loss, min seconds]\n{SPACE}", [(8, 9, "wrong_length", None)]),
        (f"  goal: max val_loss\n{SPACE}", [(8, 9, "goal_of_worst", "write min val_loss")]),
        (f"  goal: [min val_loss, max seconds]\n{SPACE}", [(8, 24, "goal_of_worst", "write min seconds")]),
        (f"  goal: min val_acuracy\n{SPACE}", [(8, 9, "unknown_monitor", "did you mean 'val_accuracy'?")]),
        (f"  goal: [min val_loss, min parameters]\n  prune: median\n{SPACE}",
         [(9, 10, "prune_without_metric", "write prune: none")]),
        (f"  goal: min seconds\n  prune: hyperband\n{SPACE}", [(9, 10, "prune_without_metric", "write prune: none")]),
        (f"  search: grid\n{SPACE}", [(9, 36, "range_in_grid", "write a list, or search: random")]),
        ("  search: grid\n  space: {optimizer.beta_1: {float: [0.1, 0.2]}}\n",
         [(9, 29, "range_in_grid", "write a list or a step, or search: random")]),
        (f"  trials: 0\n{SPACE}", [(8, 11, "out_of_range", None)]),
        (f"  tries: 3\n{SPACE}", [(8, 3, "unknown_key", "did you mean 'trials'?")]),
        ("  trials: 3\n", [(7, 1, "missing_key", None)]),
        ("  space: {}\n", [(8, 10, "wrong_type", None)]),
        ("  space: {name: [a, b]}\n",
         [(8, 11, "bad_setting", "for example optimizer.learning_rate, as --set takes it")]),
        ("  space: {train.epochs: 3}\n",
         [(8, 25, "wrong_type", "write a list of values, {log: [a, b]}, {float: [a, b]} or {int: [a, b]}")]),
        ("  space: {train.epochs: []}\n", [(8, 25, "wrong_type", None)]),
        ("  space: {train.epochs: [1, 1]}\n", [(8, 25, "twice_in_list", "leave one out")]),
        ("  space: {train.epochs: {int: [1, 2], log: [1, 2]}}\n",
         [(8, 25, "not_a_choice", "write a list of values, {log: [a, b]}, {float: [a, b]} or {int: [a, b]}")]),
        ("  space: {train.epochs: {lag: [1, 2]}}\n", [(8, 26, "unknown_key", "did you mean 'log'?")]),
        ("  space: {train.epochs: {int: [1, 2.5]}}\n", [(8, 31, "wrong_type", "write [16, 128]")]),
        ("  space: {train.epochs: {int: [3, 2]}}\n", [(8, 31, "out_of_range", "write [2, 3]")]),
        ("  space: {train.epochs: {int: [3, 3]}}\n", [(8, 31, "out_of_range", "write [3] for one value")]),
        ("  space: {optimizer.learning_rate: {float: [.nan, 1.0]}}\n", [(8, 44, "out_of_range", None)]),
        ("  space: {optimizer.learning_rate: {float: [0.1, .inf]}}\n", [(8, 44, "out_of_range", None)]),
        ("  space: {optimizer.learning_rate: {log: [0, 1]}}\n", [(8, 43, "out_of_range", "or use float")]),
        ("  space: {optimizer.learning_rate: {log: [1, 2], step: 1}}\n", [(8, 50, "unknown_key", None)]),
        ("  space: {train.epochs: {int: [1, 3], step: 0}}\n", [(8, 45, "out_of_range", None)]),
        ("  space: {train.epochs: {int: [1, 3], step: 3}}\n", [(8, 45, "out_of_range", None)]),
        ("  space: {train.epochs: {int: [1, 3], step: 2}}\n", []),
        ("  space: {train.epochs: {choices: [1, 2], when: {train.batch: 3}}}\n",
         [(8, 50, "no_such_condition", "name another path of the space")]),
        ("  space: {train.epochs: {choices: [1, 2], when: {train.batch_size: 3}}, train.batch_size: [1, 2]}\n",
         [(8, 68, "no_such_condition", "there are: 1, 2")]),
        ("  space: {train.epochs: {choices: [1, 2], when: {optimizer.beta_1: 3}}, optimizer.beta_1: {float: [0.1, 0.2]}}\n",
         [(8, 50, "no_such_condition", "give it a list or a step")]),
        ("  space: {train.epochs: {choices: [1, 2], when: {train.batch: 3}}, train.batch_size: [1, 1]}\n",
         [(8, 50, "no_such_condition", "did you mean 'train.batch_size'?"), (8, 86, "twice_in_list", "leave one out")]),
        ("  space: {train.epochs: {choices: [1, 2], when: {train.batch_size: 3}}, train.batch_size: [1, 1]}\n",
         [(8, 91, "twice_in_list", "leave one out")]),  # nothing is said of conditions on what is wrong itself
        ("  space: {train.epochs: {choices: [1, 2], when: {train.batch_size: 1}},"
         " train.batch_size: {choices: [1, 2], when: {train.epochs: 2}}}\n",
         [(8, 43, "circle_of_conditions", "leave one of the conditions out"),
          (8, 109, "circle_of_conditions", "leave one of the conditions out")]),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_place(block: str, wanted: list[Any]) -> None:
    found = problems(block)
    assert [(line, column, kind) for line, column, kind, _ in found] == [each[:3] for each in wanted]
    assert [hint for *_, hint in found if hint] == [each[3] for each in wanted if each[3]]


@pytest.mark.parametrize(
    ("space", "wanted"),
    [
        ("layers.hidden.units: [8, 8.5]", (8, 36, "wrong_type")),
        ("layers.hidden.units: {int: [0, 8]}", (8, 39, "out_of_range")),
        ("layers.hidden.activation: [relu, tanhh]", (8, 44, "unknown_name")),
        ("layers.hiden.units: [8, 9]", (8, 11, "no_such_list_item")),
        ("optimizer.lr: {log: [1e-3, 1e-2]}", (8, 11, "unknown_argument")),
        ("train.batch_size: {log: [8, 64]}", (8, 36, "wrong_type")),
        ("layers.1: [{Dense: 8}, {Denze: 8}]", (8, 35, "unknown_name")),
        ("metrics: [[accuracy], [acuracy]]", (8, 34, "unknown_name")),
    ],
)
def test_every_value_is_tried(space: str, wanted: tuple[int, int, str]) -> None:
    found = problems(f"  space: {{{space}}}\n")
    assert found, "nothing was found"
    assert found[0][:3] == wanted


def test_a_value_that_is_not_searched_beside_the_first_of_another_is_tried_beside_its_own() -> None:
    block = (
        "  space:\n    optimizer: [Adam, {SGD: {momentum: 0.9}}]\n"
        "    optimizer.momentum: {choices: [0.1, low], when: {optimizer: {SGD: {momentum: 0.9}}}}\n"
    )
    assert [each[:3] for each in problems(block)] == [(10, 41, "wrong_type")]
    assert problems(block.replace("low", "0.2")) == []


def test_a_problem_elsewhere_says_which_value_makes_it() -> None:
    config = CONFIG.replace("train: {epochs: 3}", "train: {epochs: 3, until: val_accuracy > 0.5}")
    content = f"{config}  space: {{metrics: [[accuracy], []]}}\n".encode()
    with pytest.raises(ConfigError) as caught:
        checked_space(content, config_of(content, file="a.yaml"), file="a.yaml")
    [problem] = caught.value.problems
    assert (problem.line, problem.kind) == (6, "unknown_monitor")
    assert problem.see == "in the sweep with metrics=an empty list"


def test_a_path_of_a_file_counts_from_the_folder_of_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path)
    config = CONFIG.replace("source: digits", "source: a.csv, target: y")
    block = "  space: {data.source: [a.csv, {csv: {path: b.csv, comment: '#'}}], data.split.by: [random, stratified]}\n"
    content = f"{config}{block}".encode()
    found = checked_space(content, config_of(content, file="inner/a.yaml"), file="inner/a.yaml")
    inner = str(tmp_path / "inner")
    assert found["data.source"] == [f"{inner}/a.csv", {"csv": {"path": f"{inner}/b.csv", "comment": "#"}}]
    assert found["data.split.by"] == ["random", "stratified"]
    beside = checked_space(content, config_of(content, file="a.yaml"), file="a.yaml")
    assert beside["data.source"] == ["a.csv", {"csv": {"path": "b.csv", "comment": "#"}}]


@pytest.mark.parametrize(
    ("space", "line"),
    [
        ("    layers.hidden.units: [4, 16]\n    layers.hidden: [{Dense: {units: 8}}, {Dense: {units: 9}}]\n", 8),
        ("    layers.1.units: [4, 16]\n    layers.hidden.units: [8, 9]\n", 8),
        ("    layers.hidden: [{Dense: {units: 8}}, {Dense: {units: 9}}]\n    layers.hidden.units: [4, 16]\n", 8),
        (
            "    layers.hidden: [{Dense: {units: 8}}, {Dense: {units: 8, use_bias: false}}]\n    layers.1.units: [4, 16]\n",
            None,
        ),
    ],
)
def test_a_path_whose_values_change_nothing_is_told(space: str, line: int | None) -> None:
    space = space.replace("units: 8", "units: 8, name: hidden").replace("units: 9", "units: 9, name: hidden")
    found = problems(f"  space:\n{space}")
    assert [(each[0] - 1, each[2]) for each in found] == ([] if line is None else [(line, "searched_in_vain")])


def test_a_goal_that_stands_twice_is_none() -> None:
    found = problems(f"  goal: [max val_accuracy, max val_accuracy]\n{SPACE}")
    assert [(each[0], each[2]) for each in found] == [(8, "goal_twice")]
