"""What the catalogue knows of classes beyond their arguments, and what plugins say of theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from dlcli.config import load_config
from dlcli.config.catalogue import keras_catalogue
from dlcli.config.catalogue.traits import WORDS, inherited, wrong_traits
from dlcli.config.reference.groups import LAYERS

Run = Callable[..., Any]


def test_every_class_that_needs_a_line_has_one_with_known_words() -> None:
    seen = 0
    needed = {"layers": "group", "losses": "target", "metrics": "direction"}
    for kind, trait in needed.items():
        for name, entry in keras_catalogue().kinds[kind].items():
            traits = entry["traits"]
            assert trait in traits or "refused" in traits, name
            known = {key: value for key, value in traits.items() if key in WORDS[kind]}
            assert wrong_traits(kind, known) == [], name
            seen += 1
    assert seen == 142 + 23 + 49
    assert {entry["traits"]["group"] for entry in keras_catalogue().kinds["layers"].values()} == set(LAYERS)


def test_no_line_is_of_a_class_or_an_argument_that_keras_does_not_have() -> None:
    import dlcli.config.catalogue as catalogue

    by_hand = json.loads(Path(catalogue.__file__).with_name("keras.extra.json").read_text(encoding="utf-8"))
    kinds = keras_catalogue().kinds
    arguments = {key for classes in kinds.values() for entry in classes.values() for key in entry["arguments"]}
    lines = 0
    for kind, classes in by_hand.items():
        known = arguments if kind.startswith("arguments") else kinds[kind].keys()
        assert set(classes) <= set(known), kind
        lines += len(classes)
    assert lines > 250


def test_every_default_is_within_the_bounds_of_its_argument() -> None:
    from dlcli.config.catalogue.checks import check_argument_range

    seen = 0
    for classes in keras_catalogue().kinds.values():
        for name, entry in classes.items():
            for key, argument in entry["arguments"].items():
                for default in [argument["default"]] if "default" in argument else []:
                    for value in default if isinstance(default, list) else [default]:
                        if isinstance(value, int | float) and not isinstance(value, bool):
                            check_argument_range(f"{name}.{key}", value, argument)
                            seen += "least" in argument or "above" in argument
    assert seen > 200
    with pytest.raises(ValidationError):
        check_argument_range("k", 0, {"default": 0, "least": 1})


def test_the_ways_to_count_multiply_adds_are_the_words_of_the_trait() -> None:
    from dlcli.layers.macs import COUNTS

    operations = keras_catalogue().kinds["operations"].values()
    of_operations = {entry["traits"]["macs"] for entry in operations if "macs" in entry["traits"]}
    assert len(of_operations) == 3
    assert {*WORDS["layers"]["macs"], *of_operations} == set(COUNTS)


def test_every_word_that_an_argument_knows_is_taken_by_keras() -> None:
    """A word is tried where a class can be made without data; what Keras refuses of its own is counted as a control."""
    import keras

    cell = keras.layers.LSTMCell(2)
    made_of = {"layer": keras.layers.LSTM(2), "cell": cell, "cells": [cell]}
    without_vocabulary = {
        "CategoryEncoding": {"num_tokens": 4},
        "Discretization": {"num_bins": 4},
        "Hashing": {"num_bins": 4, "output_mode": "one_hot"},  # its whole numbers are of two types alone
    }
    seen = refused = 0
    for kind in ("layers", "losses", "metrics", "initializers", "regularizers"):
        for name, entry in keras_catalogue().kinds[kind].items():
            for key, argument in entry["arguments"].items():
                if "values" not in argument or "refused" in entry["traits"]:
                    continue
                made = getattr(getattr(keras, kind), name)
                examples = {
                    each: yaml.safe_load(about["example"])
                    for each, about in entry["arguments"].items()
                    if about.get("required")
                }
                examples |= {each: thing for each, thing in made_of.items() if each in examples}
                needed = without_vocabulary.get(name, examples)
                for word in argument["values"]:
                    extra = {"pad_to_max_tokens": False} if word == "tf_idf" else {}
                    made(**{**needed, **extra, key: word})
                    seen += 1
                try:
                    made(**{**needed, key: "no_such_word"})
                except Exception:
                    refused += 1
    assert seen > 200
    assert refused > 60


@pytest.mark.parametrize(
    ("layer", "message", "hint"),
    [
        (
            {"Conv2D": {"filters": 2, "kernel_size": 3, "padding": "sme"}},
            "'padding' must be valid or same, found 'sme'",
            "did you mean 'same'?",
        ),
        (
            {"Conv2D": {"filters": 2, "kernel_size": 3, "padding": "causal"}},
            "'padding' must be valid or same, found 'causal'",
            None,
        ),
        (
            {"Bidirectional": {"layer": {"LSTM": 2}, "merge_mode": "add"}},
            "'merge_mode' must be concat or sum or mul or ave, found 'add'",
            None,
        ),
    ],
)
def test_a_word_that_no_argument_knows_is_refused(layer: Any, message: str, hint: str | None) -> None:
    with pytest.raises(ValidationError) as caught:
        keras_catalogue().read("layers", layer)
    [error] = caught.value.errors()
    assert error["ctx"]["message"] == message
    if hint is not None:
        assert error["ctx"]["suggestion"] == hint


def test_words_that_an_argument_knows_and_none_are_taken() -> None:
    for layer in (
        {"Conv1D": {"filters": 2, "kernel_size": 3, "padding": "causal"}},
        {"Conv1D": {"filters": 2, "kernel_size": 3, "padding": "CAUSAL"}},
        {"MaxPooling2D": {"padding": "SAME", "data_format": "Channels_Last"}},
        {"Bidirectional": {"layer": {"LSTM": 2}, "merge_mode": None}},
        {"TextVectorization": {"standardize": None}},
    ):
        assert keras_catalogue().read("layers", layer).name in layer


def test_what_a_class_changes_is_not_taken_over_from_its_base() -> None:
    dense = keras_catalogue().kinds["layers"]["Dense"]["traits"]
    assert dense["xla"] is True
    assert "xla" not in inherited(dense)
    assert inherited(dense)["macs"] == "product"


PLUGIN = '''\
"""Losses and metrics of one's own."""
import keras


class Focal(keras.losses.Loss):
    {target}

    def call(self, y_true, y_pred):
        chosen = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        return chosen * (1.0 - keras.ops.exp(-chosen)) ** 2


class PreviousGap(keras.metrics.MeanAbsoluteError):
    pass


class Score(keras.metrics.Metric):
    {direction}

    def __init__(self, name="score", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(1.0)

    def result(self):
        return self.total
'''


def with_plugin(folder: Path, *, target: str = "pass", direction: str = "pass", **changes: Any) -> Path:
    """A configuration with the plugin above; `changes` are blocks in YAML."""
    (folder / "own.py").write_text(PLUGIN.format(target=target, direction=direction), encoding="utf-8")
    blocks = {
        "data": "{source: iris}",
        "plugins": "[own.py]",
        "layers": "[{Dense: {units: 8, activation: relu}}, {Dense: {units: 3, activation: softmax}}]",
        "loss": "Focal",
        "metrics": "[accuracy]",
        "optimizer": "{Adam: 0.01}",
        "train": "{epochs: 3}",
        **changes,
    }
    path = folder / "c.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in blocks.items()), encoding="utf-8")
    return path


@pytest.mark.parametrize("data", ["{source: iris}", "{source: iris, target: {column: species, encode: index}}"])
def test_a_loss_of_ones_own_for_classes_trains_and_says_classes(tmp_path: Path, run_dlcli: Run, data: str) -> None:
    path = with_plugin(tmp_path, target='dlcli_target = "classes"', data=data)
    trained = run_dlcli("train", path, "--allow-code", "--name", "own", "--json", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert trained.value["metrics"]["validation"]["accuracy"] > 0.3
    assert trained.value["baseline"]["method"] == "best constant"
    evaluated = run_dlcli("evaluate", "own", "--allow-code", "--json", cwd=tmp_path)
    assert sum(map(sum, evaluated.value["confusion"])) == evaluated.value["samples"]


def test_a_loss_that_does_not_say_what_it_compares_trains_without_what_would_have_to_know(
    tmp_path: Path, run_dlcli: Run
) -> None:
    path = with_plugin(tmp_path, metrics="[sparse_categorical_accuracy]")
    trained = run_dlcli("train", path, "--allow-code", "--name", "own", "--json", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert trained.value["metrics"]["validation"]["sparse_categorical_accuracy"] > 0.3
    assert trained.value["baseline"] in ({}, None)
    path = with_plugin(tmp_path)
    refused = run_dlcli("validate", path, "--json", cwd=tmp_path)
    [problem] = refused.value["files"][0]["problems"]
    assert problem["message"] == "Focal does not say what it compares, so accuracy does not know what to count"
    assert "dlcli_target = 'classes' in the class Focal" in problem["suggestion"]


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        (
            'dlcli_target = "class"',
            "own.py, Focal: 'dlcli_target' must be 'classes' or 'one_hot' or 'binary' or 'numbers' or 'any' or 'nothing', "
            "found 'class'",
        ),
        ("dlcli_goal = 1", "own.py, Focal: unknown attribute 'dlcli_goal'"),
        (
            "dlcli_reads = 'sco' + 'res'",
            "own.py, Focal: 'dlcli_reads' must be 'probabilities' or 'scores', found a computed value",
        ),
    ],
)
def test_an_attribute_that_nobody_knows_is_refused(
    tmp_path: Path, run_dlcli: Run, attribute: str, message: str
) -> None:
    refused = run_dlcli("validate", with_plugin(tmp_path, target=attribute), "--json", cwd=tmp_path)
    assert message in [each["message"] for each in refused.value["files"][0]["problems"]]


def test_other_attributes_of_a_plugin_are_its_own(tmp_path: Path, run_dlcli: Run) -> None:
    lines = (
        "other = 1\n    unit, size = 1, 2\n    table = {}\n    table['dlcli_goal'] = 1\n    dlcli_target = 'classes'"
    )
    done = run_dlcli("validate", with_plugin(tmp_path, target=lines), "--json", cwd=tmp_path)
    assert [each["message"] for each in done.value["files"][0]["problems"]] == []


ACCOUNTS = "{source: d.csv, inputs: [a, b], targets: {account: account, price: price}}"
TWO_HEADS = (
    "[{Dense: {units: 8, activation: relu, name: stem}}, {Dense: {units: 1, name: account, from: stem}},"
    " {Dense: {units: 1, name: price, from: stem}}]"
)


def test_the_loss_of_a_target_called_account_gets_better_by_falling(tmp_path: Path, run_dlcli: Run) -> None:
    import numpy as np

    generator = np.random.default_rng(2)
    rows = generator.normal(size=(200, 2))
    table = [f"{a},{b},{2 * a - b},{a + b}" for a, b in rows]
    (tmp_path / "d.csv").write_text("a,b,account,price\n" + "\n".join(table) + "\n", encoding="utf-8")
    path = with_plugin(
        tmp_path,
        data=ACCOUNTS,
        layers=TWO_HEADS,
        loss="{account: mse, price: mse}",
        metrics="{account: [mae], price: [mae]}",
        train="{epochs: 8, early_stopping: {monitor: val_account_loss, patience: 20}}",
    )
    trained = run_dlcli("train", path, "--allow-code", "--json", cwd=tmp_path)
    lines = (tmp_path / trained.value["path"] / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    history = [json.loads(line)["validation"]["account_loss"] for line in lines]
    assert trained.value["best"]["epoch"] == history.index(min(history)) + 1
    assert history.index(min(history)) > 0


def watch_of(folder: Path, train: str, **changes: Any) -> Any:
    """The rule that says which epoch of a configuration is best."""
    from dlcli.config.monitors import directions
    from dlcli.training.stopping import Stopping

    config, _ = load_config(str(with_plugin(folder, train=train, **changes)))
    return Stopping.of(config.train, directions=directions(config.heads, validation=True)).watch


DECLARED = {"target": 'dlcli_target = "classes"'}


@pytest.mark.parametrize(
    ("metrics", "monitor", "greater"),
    [
        ("[PreviousGap]", "val_previous_gap", False),
        ("[{PreviousGap: {name: iou}}]", "val_iou", False),
        ("[{sparse_top_k_categorical_accuracy: {name: error}}]", "val_error", True),
        ("[{mean_squared_error: {name: precision_loss}}]", "val_precision_loss", False),
        ("[cosine_similarity]", "val_cosine_similarity", True),
        ("[accuracy]", "val_accuracy", True),
        ("[]", "val_loss", False),
    ],
)
@pytest.mark.parametrize("block", ["early_stopping", "checkpoint"])
def test_a_monitor_is_better_the_way_of_its_metric_whatever_it_is_called(
    tmp_path: Path, metrics: str, monitor: str, greater: bool, block: str
) -> None:
    watch = watch_of(tmp_path, f"{{epochs: 3, {block}: {{monitor: {monitor}}}}}", metrics=metrics, **DECLARED)
    assert (watch.monitor, watch.greater) == (monitor, greater)


@pytest.mark.parametrize(("mode", "greater"), [("max", True), ("min", False)])
@pytest.mark.parametrize("block", ["early_stopping", "checkpoint"])
def test_a_mode_that_is_written_wins(tmp_path: Path, mode: str, greater: bool, block: str) -> None:
    train = f"{{epochs: 3, {block}: {{monitor: val_score, mode: {mode}}}}}"
    assert watch_of(tmp_path, train, metrics="[{Score: {name: score}}]", **DECLARED).greater is greater


def test_a_metric_of_ones_own_says_which_way_it_is_better_or_the_block_does(tmp_path: Path, run_dlcli: Run) -> None:
    train = "{epochs: 3, early_stopping: {monitor: val_score}}"
    declared = with_plugin(tmp_path, direction='dlcli_direction = "up"', metrics="[Score]", train=train, **DECLARED)
    assert run_dlcli("validate", declared, cwd=tmp_path).code == 0
    silent = with_plugin(tmp_path, metrics="[Score]", train=train, **DECLARED)
    refused = run_dlcli("validate", silent, "--json", cwd=tmp_path)
    [problem] = refused.value["files"][0]["problems"]
    assert problem["message"] == "'val_score' does not say whether more or less of it is better"
    until = with_plugin(tmp_path, metrics="[Score]", train="{epochs: 3, until: val_score > 1}", **DECLARED)
    assert run_dlcli("validate", until, cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (
            "{epochs: 3, checkpoint: {mode: max}}",
            "'mode' says which way 'monitor' is better, and there is no 'monitor'",
        ),
        (
            "{epochs: 3, checkpoint: {monitor: loss}, early_stopping: {}}",
            "'checkpoint' and 'early_stopping' say two things of the best epoch: monitor loss and val_loss",
        ),
        (
            "{epochs: 3, checkpoint: {monitor: val_loss, mode: max}, early_stopping: {}}",
            "'checkpoint' and 'early_stopping' say two things of the best epoch: mode max and auto",
        ),
    ],
)
def test_a_word_on_the_best_epoch_that_would_count_for_nothing_is_refused(
    tmp_path: Path, run_dlcli: Run, train: str, message: str
) -> None:
    refused = run_dlcli("validate", with_plugin(tmp_path, train=train, **DECLARED), "--json", cwd=tmp_path)
    [problem] = refused.value["files"][0]["problems"]
    assert problem["message"] == message


@pytest.mark.parametrize(
    "train",
    [
        "{epochs: 3, checkpoint: {every: 1 step}, early_stopping: {monitor: loss}}",
        "{epochs: 3, checkpoint: {monitor: loss}, early_stopping: {monitor: loss}}",
        "{epochs: 3, checkpoint: {monitor: loss, mode: max}}",
    ],
)
def test_words_on_the_best_epoch_that_agree_are_taken(tmp_path: Path, run_dlcli: Run, train: str) -> None:
    assert run_dlcli("validate", with_plugin(tmp_path, train=train, **DECLARED), cwd=tmp_path).code == 0


RAISING = {
    "loss": "def call(self, y_true, y_pred): raise KeyError('missing thing')",
    "name": "def call(self, y_true, y_pred): return undefined_name",
    "bare": "def call(self, y_true, y_pred): assert False",
}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (RAISING["loss"], "Raising.call raised KeyError: 'missing thing'"),
        (RAISING["name"], "Raising.call raised NameError: name 'undefined_name' is not defined"),
        (RAISING["bare"], "Raising.call raised AssertionError without a message"),
    ],
)
def test_what_a_plugin_raises_while_it_trains_is_told_at_its_own_line(
    tmp_path: Path, run_dlcli: Run, body: str, said: str
) -> None:
    path = with_plugin(tmp_path, loss="Raising", metrics="[]", plugins="[raising.py]")
    text = f"import keras\n\n\nclass Raising(keras.losses.Loss):\n    dlcli_target = 'classes'\n    {body}\n"
    (tmp_path / "raising.py").write_text(text, encoding="utf-8")
    failed = run_dlcli("train", path, "--allow-code", "--json", cwd=tmp_path)
    assert (failed.code, failed.error["message"]) == (3, said)
    assert (Path(failed.error["file"]).name, failed.error["line"]) == ("raising.py", 6)
    assert failed.error["kind"] == "own_code_raised"


def test_what_a_metric_of_ones_own_raises_is_no_question_of_shapes(tmp_path: Path, run_dlcli: Run) -> None:
    path = with_plugin(tmp_path, metrics="[Raising]", plugins="[own.py, raising.py]", **DECLARED)
    (tmp_path / "raising.py").write_text(
        "import keras\n\n\nclass Raising(keras.metrics.Metric):\n"
        "    def update_state(self, y_true, y_pred, sample_weight=None):\n        raise ValueError\n\n"
        "    def result(self):\n        return 0.0\n",
        encoding="utf-8",
    )
    failed = run_dlcli("train", path, "--allow-code", "--json", cwd=tmp_path)
    assert (failed.code, failed.error["line"]) == (3, 6)
    assert failed.error["message"] == "Raising.update_state raised ValueError without a message"
