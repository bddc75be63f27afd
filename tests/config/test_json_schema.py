"""The JSON Schema: what is valid for dlcli is valid under it, and what is broken is not, as jsonschema judges."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from dlcli.config.catalogue import SINGULAR, keras_catalogue
from dlcli.config.json_schema import schema_text
from dlcli.config.reference.lists import KINDS, kind_names
from dlcli.config.reference.show import things
from dlcli.errors import ConfigError

CONFIGS = sorted((Path(__file__).parents[2] / "configs").rglob("*.yaml"))


class Loader(yaml.SafeLoader):
    """Reads 1e-3 as a number, as YAML 1.2 and editors do."""


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"),
    list("-+0123456789."),
)


def load(text: str) -> Any:
    return yaml.load(text, Loader)


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads(schema_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_every_configuration_of_the_gallery_is_valid(validator: Any) -> None:
    seen = 0
    for path in CONFIGS:
        text = path.read_text(encoding="utf-8")
        for tree in (load(text), yaml.safe_load(text)):  # the second, of YAML 1.1, takes 1e-3 for text
            assert [each.message[:200] for each in validator.iter_errors(tree)] == [], path.name
            seen += 1
    assert seen == 2 * 50


WHOLE = load(
    """\
data: {source: iris}
layers: [Dense: {units: 3, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""
)
TWO_CLASSES = {
    "data": {"source": "moons"},
    "layers": [{"Dense": {"units": 1, "activation": "sigmoid"}}],
    "loss": "binary_crossentropy",
}
ONE_HOT = {"data": {"source": "iris", "target": {"encode": "one_hot"}}, "loss": "categorical_crossentropy"}
NUMBERS = {"data": {"source": "diabetes"}, "layers": [{"Dense": 1}], "loss": "mse"}
WORDS = {"data": {**WHOLE["data"], "prepare": [{"TextVectorization": {"output_sequence_length": 9}}]}}
WHOLES = [WHOLE, *({**WHOLE, **other} for other in (TWO_CLASSES, ONE_HOT, NUMBERS, WORDS))]
"""What an example may be a part of: a loss and a metric fit one of them."""


def completed(example: Any, whole: Any) -> Any:
    """An example with what it leaves out, and the last layer of the whole behind its own."""
    made = {**copy.deepcopy(whole), **example}
    for key in {"data", "train"} & {*example}:
        made[key] = {**whole[key], **example[key]}
    if "phases" in made["train"]:
        del made["train"]["epochs"]
    if "layers" in example and "loss" not in example:
        made["layers"] = [*example["layers"], *whole["layers"]]
    return made


def examples() -> Iterator[tuple[str, Any]]:
    for kind in KINDS:
        for name in kind_names(kind) if kind != "templates" else ():
            for each in (first := things(name), *first.also):
                if each.example:
                    yield f"{kind} {name}", load(each.example)


def faults(tree: Any, read: Callable[..., Any]) -> list[str]:
    """What dlcli says is wrong with a configuration."""
    try:
        read(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True))
    except ConfigError as error:
        return [each.message for each in error.problems]
    return []


def test_every_example_of_show_is_valid_for_the_schema_and_for_dlcli(
    validator: Any, read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcli.config.fitting.is_installed", lambda package: True)
    seen = 0
    for name, example in examples():
        trees = [completed(example, whole) for whole in WHOLES]
        assert [each.message[:200] for each in validator.iter_errors(trees[0])] == [], name
        found = [faults(tree, read) for tree in trees]
        assert [] in found, (name, found)
        seen += 1
    assert seen > 450


BROKEN = [
    ("epochz: 1", {"epochz": 1}),
    ("no loss", {"loss": ...}),
    ("misspelt layer", {"layers": ["Dens"]}),
    ("unknown argument", {"layers": [{"Dense": {"unit": 3}}]}),
    ("wrong type of an argument", {"layers": [{"Dense": {"units": "many"}}]}),
    ("boolean for a number", {"layers": [{"Dense": {"units": True}}]}),
    ("missing argument", {"layers": [{"Dense": {"activation": "relu"}}]}),
    ("missing argument alone", {"layers": ["Dense"]}),
    ("two names in one entry", {"layers": [{"Dense": 3, "ReLU": None}]}),
    ("no units", {"layers": [{"Dense": 0}]}),
    ("unknown activation", {"layers": [{"Dense": {"units": 3, "activation": "rellu"}}]}),
    ("unknown initializer", {"layers": [{"Dense": {"units": 3, "kernel_initializer": "he"}}]}),
    ("a refused layer", {"layers": ["Lambda"]}),
    ("a cell in the list", {"layers": [{"GRUCell": 3}]}),
    ("layers no list", {"layers": {"Dense": 3}}),
    ("residual without layers", {"layers": [{"residual": {"shortcut": []}}]}),
    ("misspelt key of residual", {"layers": [{"residual": {"layers": ["ReLU"], "shortcutt": []}}]}),
    ("wrong layer inside a group", {"layers": [{"repeat": {"times": 2, "layers": ["ReLUU"]}}]}),
    ("repeat without times", {"layers": [{"repeat": {"layers": ["ReLU"]}}]}),
    ("branches with one way", {"layers": [{"branches": {"paths": [["ReLU"]]}}]}),
    ("from is a number", {"layers": [{"ReLU": {"from": 3}}]}),
    ("a call it does not have", {"layers": [{"LSTM": {"units": 3, "from": {"sequence": "x"}}}]}),
    ("unknown loss", {"loss": "msee"}),
    ("unknown optimizer argument", {"optimizer": {"Adam": {"lr": 0.1}}}),
    ("negative rate", {"optimizer": {"Adam": -0.1}}),
    ("text for a rate", {"optimizer": {"Adam": {"learning_rate": "fast"}}}),
    ("unknown schedule", {"optimizer": {"Adam": {"learning_rate": {"Cosine": {}}}}}),
    ("unknown metric", {"metrics": ["acuracy"]}),
    ("metrics no list", {"metrics": "accuracy"}),
    ("unknown source", {"data": {"source": {"cvs": "a.csv"}}}),
    ("unknown argument of a source", {"data": {"source": {"csv": {"path": "a.csv", "separater": ";"}}}}),
    ("unknown key of data", {"data": {"source": "iris", "splitt": {}}}),
    ("split by something", {"data": {"source": "iris", "split": {"by": "chance"}}}),
    ("no epochs", {"train": {"batch_size": 3}}),
    ("zero epochs", {"train": {"epochs": 0}}),
    ("fraction of epochs", {"train": {"epochs": 1.5}}),
    ("unknown precision", {"train": {"epochs": 1, "precision": "half"}}),
    ("wrong time", {"train": {"epochs": 1, "time_limit": "soon"}}),
    ("misspelt patience", {"train": {"epochs": 1, "early_stopping": {"patient": 3}}}),
    ("class weight", {"train": {"epochs": 1, "class_weight": "balance"}}),
    ("two sources", {"data": {"source": {"iris": None, "digits": None}}}),
    ("a source without a name", {"data": {"source": {}}}),
    ("the first of two that it needs", {"layers": [{"Conv2D": 8}]}),
    ("two losses", {"loss": {"Huber": {"delta": 1.0}, "mse": None}}),
    (
        "a group called by arguments",
        {"layers": [{"repeat": {"times": 2, "layers": ["ReLU"], "from": {"inputs": "x"}}}]},
    ),
    ("what a nested layer takes", {"layers": [{"TimeDistributed": {"layer": {"Dense": {"units": 3, "from": "x"}}}}]}),
    ("a file of plugins alone", {"plugins": "mine.py"}),
]


@pytest.mark.parametrize(("why", "change"), BROKEN, ids=[why for why, _ in BROKEN])
def test_what_is_broken_is_refused(why: str, change: dict[str, Any], validator: Any) -> None:
    made = {key: value for key, value in {**WHOLE, **change}.items() if value is not ...}
    assert not validator.is_valid(made)
    assert validator.is_valid(WHOLE)


def test_the_broken_are_counted() -> None:
    assert len(BROKEN) == 47


SHORT = [
    {"branches": [[{"Dense": 3}], []]},
    {"residual": [{"Dense": 3}]},
    {"block": [{"Dense": 3}]},
    {"Dense": {"name": "above", "from": "x"}},
    {"block": {"use": "head", "units": 3}},
    {"TimeDistributed": "Flatten"},
    {"TimeDistributed": {"layer": {"submodel": {"layers": [{"Dense": 3}]}}}},
    {"RNN": {"cell": [{"LSTMCell": 3}, {"GRUCell": 3}]}},
    {
        "MultiHeadAttention": {
            "num_heads": 2,
            "key_dim": 3,
            "from": {"query": "x", "value": "y", "use_causal_mask": True},
        }
    },
    {"Dense": "${model.units}"},
    "${model.layer}",
]


@pytest.mark.parametrize("entry", SHORT, ids=str)
def test_every_way_to_write_an_entry_is_valid(entry: Any, validator: Any) -> None:
    assert [each.message for each in validator.iter_errors({**WHOLE, "layers": [entry]})] == []


PROBES: list[Any] = [
    None,
    True,
    0,
    1,
    -1,
    0.5,
    "text",
    "3 epochs",
    [1, 2],
    ["a"],
    {"a": 1},
    "relu",
    {"L2": 0.1},
    "Flatten",
]


def written(name: str, entry: Any) -> Iterator[Any]:
    """A class in every form, and with a probe in the place of each argument."""
    needed = {key: load(each["example"]) for key, each in entry["arguments"].items() if each.get("required")}
    yield from (name, {name: needed}, {name: {**needed, "no_such_argument": 1}}, *({name: probe} for probe in PROBES))
    for spelling in entry["spellings"]:
        yield from (spelling, {spelling: needed})
    for key in entry["arguments"]:
        yield from ({name: {**needed, key: probe}} for probe in PROBES)


@pytest.mark.parametrize("kind", keras_catalogue().kinds)
def test_the_schema_judges_the_things_of_keras_as_dlcli_does(kind: str, validator: Any) -> None:
    definition = "layer" if kind == "applications" else SINGULAR[kind]
    judge = validator.evolve(schema={"$ref": f"#/$defs/{definition}", "$defs": validator.schema["$defs"]})
    valid = broken = 0
    for name, entry in keras_catalogue().kinds[kind].items():
        for value in written(name, entry) if name not in keras_catalogue().refused[kind] else ():
            try:
                keras_catalogue().read("layers" if kind == "applications" else kind, value)
                accepted = True
            except ValidationError as error:
                accepted = False
                if {each["ctx"]["kind"] for each in error.errors() if "ctx" in each} == {"arguments_do_not_fit"}:
                    continue  # what two arguments say together, no schema of each can say
            assert judge.is_valid(value) == accepted, value
            valid, broken = valid + accepted, broken + (not accepted)
    assert valid > 55
    assert broken > 60


def test_a_file_that_extends_another_may_leave_out_what_that_has(validator: Any) -> None:
    assert validator.is_valid({"extends": "base.yaml", "train": {"batch_size": 8}})
    assert not validator.is_valid({"train": {"batch_size": 8}})


def test_classes_of_plugins_are_let_through(validator: Any) -> None:
    made = {**WHOLE, "layers": [{"Mine": {"scale": 2}}]}
    assert not validator.is_valid(made)
    assert validator.is_valid({**made, "plugins": ["mine.py"]})


def test_the_command_writes_the_schema(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    assert run_dlcli("schema", cwd=tmp_path).out == schema_text()
    done = run_dlcli("schema", "-o", "s.json", cwd=tmp_path)
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == schema_text()
    assert "# yaml-language-server: $schema=s.json" in done.err
