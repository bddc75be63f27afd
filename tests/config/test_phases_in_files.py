"""`train.phases` in a file: each phase is the file with its settings, and what may not be set is told at its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dlcli.config import Config, config_of, load_config, load_resolved
from dlcli.config.setting_path import setting_parts, setting_path
from dlcli.errors import ConfigError

TEXT = """\
data: {source: iris}
layers:
  - submodel: {name: "a.base", trainable: false, layers: [{Dense: 8}]}
  - residual: {layers: [{Dense: {units: 8, name: my layer}}, BatchNormalization]}
  - Dense: {units: "${data.classes}", activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: {Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 0.01, decay_steps: "${train.epochs} epochs"}}}}
metrics: [accuracy]
train:
  batch_size: 16
  phases:
    - {epochs: 3}
    - epochs: 4
      set:
        layers."a.base".trainable: true
        optimizer.learning_rate: 1e-3
        train.batch_size: 8
"""


def loaded(tmp_path: Path, text: str = TEXT, *settings: str) -> Config:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(str(path), settings=settings)[0]


def told(tmp_path: Path, text: str, *settings: str) -> list[Any]:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text, *settings)
    return caught.value.problems


def test_each_phase_is_the_file_with_its_settings(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    first, second = config.phases
    assert (config.train.epochs, first.train.epochs, second.train.epochs) == (7, 3, 4)
    assert (first.train.batch_size, second.train.batch_size) == (16, 8)
    assert [phase.layers[0].trainable for phase in (first, second)] == [False, True]
    assert second.optimizer.arguments == {"learning_rate": 0.001}
    # A value of the file that counts the epochs counts those of the phase.
    assert str(first.optimizer.arguments["learning_rate"].arguments["decay_steps"]) == "3 epochs"


def test_what_a_run_records_reads_back_as_the_same(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    tree = config.plain()
    assert "epochs" not in tree["train"]
    again = config_of(json.dumps(tree).encode(), file="a.json")
    assert again.plain() == tree
    assert [phase.plain() for phase in again.phases] == [phase.plain() for phase in config.phases]
    assert load_resolved(tree).plain() == tree
    assert load_resolved(tree).train.epochs == 7


@pytest.mark.parametrize(
    ("epochs", "wanted", "total"),
    [(1, [3, 4], 1), (3, [3, 4], 3), (6, [3, 4], 6), (7, [3, 4], None), (8, [3, 5], None), (20, [3, 17], None)],
)
def test_epochs_of_the_command_line_are_those_of_all_phases(
    tmp_path: Path, epochs: int, wanted: list[int], total: int | None
) -> None:
    config = loaded(tmp_path, TEXT, f"train.epochs={epochs}")
    assert [phase.train.epochs for phase in config.phases] == wanted
    assert config.train.epochs == epochs
    tree = config.plain()
    assert tree["train"].get("epochs") == total
    assert load_resolved(tree).plain() == tree
    again = config_of(json.dumps({"schema": 1, **tree}).encode(), file="a.json")
    assert (again.plain(), again.train.epochs) == (tree, epochs)
    whole = config_of(json.dumps({"schema": 1, **tree}).encode(), file="a.json", settings=["train.epochs=30"])
    assert [phase.train.epochs for phase in whole.phases] == [3, 27]


def test_what_the_last_phase_has_is_no_part_of_the_others(tmp_path: Path) -> None:
    """A rate that counts the epochs of the first phase is not another because the last one is longer."""
    short, long = (loaded(tmp_path, TEXT, f"train.epochs={epochs}").plain() for epochs in (7, 9))
    assert short["train"]["phases"][1].pop("epochs") == 4
    assert long["train"]["phases"][1].pop("epochs") == 6
    assert short == long


def test_a_setting_reaches_into_a_phase(tmp_path: Path) -> None:
    settings = ("train.phases.1.set.optimizer.learning_rate=0.5", "train.phases.0.epochs=9")
    first, second = loaded(tmp_path, TEXT, *settings).phases
    assert (first.train.epochs, second.optimizer.arguments) == (9, {"learning_rate": 0.5})
    dotted = loaded(tmp_path, TEXT, 'train.phases.0.set.layers."a.base".trainable=true').phases[0]
    assert dotted.layers[0].trainable


@pytest.mark.parametrize("path", [
    'layers."a.base".trainable', "layers.0.submodel.trainable", "layers.my layer.trainable",
    "optimizer", "optimizer.beta_1", "train.early_stopping", "train.early_stopping.patience", "train.reduce_on_plateau.factor",
    "train.batch_size",
])  # fmt: skip
def test_what_may_be_set(tmp_path: Path, path: str) -> None:
    value = {"optimizer": "SGD", "train.early_stopping": "{patience: 2}"}.get(path)
    value = value or ("true" if path.endswith("trainable") else "0.5" if "_1" in path or "factor" in path else "3")
    loaded(tmp_path, TEXT.replace("- {epochs: 3}", f"- {{epochs: 3, set: {{{path}: {value}}}}}"))


WRONG = [
    (
        "layers.0.units: 3",
        "'layers.0.units' cannot be set in a phase",
        "a phase may set layers.NAME.trainable, optimizer,",
    ),
    ("layers.trainable: true", "'layers.trainable' cannot be set in a phase", "a phase may set"),
    ("train.epochs: 5", "'train.epochs' cannot be set in a phase", ""),
    ("train.time_limit: 5s", "'train.time_limit' cannot be set in a phase", ""),
    ("optimizr: SGD", "'optimizr' cannot be set in a phase", "did you mean 'optimizer'?"),
    ("batch_size: 3", "'batch_size' cannot be set in a phase", ""),
    ("data.split.test: 0.5", "'data.split.test' cannot be set in a phase", "a phase may set"),
    ("loss: mse", "'loss' cannot be set in a phase", ""),
    ("layers.nope.trainable: true", "nothing in the list is named 'nope'", ""),
    ("train.batch_size: 0", "'batch_size' must be at least 1, found the number 0", ""),
    ("train.early_stopping: {monitor: val_los}", "nothing is called 'val_los'", "did you mean 'val_loss'?"),
    ("optimizer: Adm", "unknown optimizer 'Adm'", "did you mean 'Adam'?"),
    ("a..b: 1", "'a..b' cannot be set in a phase", "a phase may set"),
]


@pytest.mark.parametrize(("setting", "message", "suggestion"), WRONG)
def test_anything_else_is_told_at_its_line(tmp_path: Path, setting: str, message: str, suggestion: str) -> None:
    text = TEXT.replace("    - {epochs: 3}\n", f"    - epochs: 3\n      set:\n        {setting}\n")
    (problem,) = told(tmp_path, text)
    assert problem.message.startswith(message)
    assert problem.line == 14
    assert suggestion in (problem.suggestion or "")


def test_the_problems_of_all_phases_are_told_at_once_and_once(tmp_path: Path) -> None:
    text = (
        TEXT.replace("units: 8,", "units: -8,")
        .replace("1e-3", "-1")
        .replace("{epochs: 3}", "{epochs: 3, set: {loss: a}}")
    )
    problems = told(tmp_path, text)
    assert [problem.line for problem in problems] == [4, 12, 16]


def test_epochs_beside_phases_are_an_error(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, TEXT.replace("batch_size: 16", "epochs: 7"))
    assert (problem.line, problem.kind, problem.suggestion) == (10, "epochs_beside_phases", "leave it out")
    assert loaded(tmp_path, TEXT.replace("batch_size: 16", "epochs: null")).train.epochs == 7


@pytest.mark.parametrize(
    "phases", ["5", "[]", "[{}]", "[{epochs: 0}]", "[{epochs: a}]", "[{epochs: 1, st: {}}]", "[3]"]
)
def test_phases_that_are_none_are_told(tmp_path: Path, phases: str) -> None:
    text = TEXT[: TEXT.index("  phases:")].replace("${train.epochs} epochs", "3 epochs") + f"  phases: {phases}\n"
    assert len(told(tmp_path, text)) == 1


def test_a_value_that_a_phase_would_change_elsewhere_is_told(tmp_path: Path) -> None:
    text = TEXT.replace("units: 8, name: my layer", 'units: "${train.batch_size}", name: my layer')
    (problem,) = told(tmp_path, text)
    assert problem.kind == "not_settable_in_phase"
    assert "units' would be another in this phase" in problem.message
    assert problem.line == 13


@pytest.mark.parametrize(("path", "parts"), [
    ("a", ["a"]),
    ("a.b.0", ["a", "b", "0"]),
    ('layers."a.b".units', ["layers", "a.b", "units"]),
    ("layers.my layer.units", ["layers", "my layer", "units"]),
    ("train.phases.1.set.optimizer.learning_rate", ["train", "phases", "1", "set", "optimizer.learning_rate"]),
    ("", None), (".a", None), ("a.", None), ("a..b", None), ('a."b', None), ('""', None), ('"a"b', None),
])  # fmt: skip
def test_the_parts_of_a_path(path: str, parts: list[str] | None) -> None:
    assert setting_parts(path) == parts
    if parts is not None and "set" not in parts:
        assert setting_path(parts) == path
