"""`${…}`: values of the file, facts of the data, and everything that stands for nothing or for too much."""

from __future__ import annotations

import pytest

from dlcli.config.interpolation import FACTS
from dlcli.spec import Fact

SEE = f"facts of the data: {', '.join(FACTS)}, data.NAME.vocabulary, data.NAME.length"


def name(read, change, written):
    return read(change(("name: digits", f"name: {written}"))).name


def units(read, change, written):
    return read(change(("units: 64", f"units: '{written}'"))).layers[1].keras.arguments["units"]


def test_a_value_of_the_file_keeps_its_type(read, change):
    values = {
        "${train.epochs}": 30,
        "${ train.batch_size }": 32,
        "${layers.3.units}": 10,
        "${layers.3.Dense.units}": 10,
        "${train.early_stopping.patience}": 5,
    }
    for written, value in values.items():
        assert units(read, change, written) == value
        assert type(units(read, change, written)) is int
    assert name(read, change, "${train.early_stopping.monitor}") == "val_loss"
    assert name(read, change, "${metrics.0}") == "accuracy"
    assert name(read, change, "${loss}") == "sparse_categorical_crossentropy"


def test_a_layer_is_addressed_by_its_name(read, change):
    text = change(("units: 64", "units: '${layers.last.units}'"), ("units: 10", "units: 10, name: last"))
    assert read(text).layers[1].keras.arguments["units"] == 10


def test_values_stand_inside_text(read, change):
    values = {
        "${seed}-${train.epochs}": "0-30",
        "x${optimizer.learning_rate}": "x0.001",
        "'${data.source} ${train.epochs}'": "digits 30",
        "'{${seed}}'": "{0}",
        "$${seed}": "$0",
        "'${'": "${",
        "'${seed'": "${seed",
        "'$seed'": "$seed",
    }
    for written, value in values.items():
        assert name(read, change, written) == value, written
    assert len(values) == 8


def test_a_boolean_inside_text_is_written_as_in_yaml(read, change):
    text = change(("name: digits", "name: 'bias ${layers.1.use_bias}'"), ("units: 64", "units: 64, use_bias: false"))
    assert read(text).name == "bias false"


def test_a_number_alone_is_no_text(problem, change):
    found = problem(change(("name: digits", "name: ${train.epochs}")))
    assert found.at == (4, 7, "'name' must be text, found the number 30")


def test_references_lead_on(read, change):
    text = change(
        ("units: 64", "units: '${train.epochs}'"),
        ("epochs: 30", "epochs: ${train.batch_size}"),
        ("batch_size: 32", "batch_size: ${layers.3.units}"),
    )
    config = read(text)
    assert (config.layers[1].keras.arguments["units"], config.train.epochs, config.train.batch_size) == (10, 10, 10)


def test_a_whole_block_may_be_referred_to(read, digits):
    text = digits.replace("{monitor: val_loss, patience: 5}", "{monitor: loss, patience: 5}")
    config = read(text + "  reduce_on_plateau: ${train.early_stopping}\n")
    assert config.train.reduce_on_plateau.monitor == "loss"
    assert config.train.reduce_on_plateau.patience == 5


def test_a_path_through_a_reference_is_relative_to_the_file_of_the_reference(write, read, change, tmp_path):
    write("sub/base.yaml", change(("name: digits", "name: d.csv")))
    config = read("extends: sub/base.yaml\ndata: {source: '${name}'}\n")
    assert config.data.source.path == f"{tmp_path}/d.csv"


def test_facts_are_left_to_the_data(read, change):
    for fact in FACTS:
        found = units(read, change, f"${{{fact}}}")
        assert found == Fact(fact)
        assert found.resolve({fact: 7}) == 7
    assert FACTS == ("data.classes", "data.features", "data.steps_per_epoch")


def test_facts_may_stand_in_a_list(read, change):
    config = read(change(("  - Flatten", "  - Reshape: {target_shape: ['${data.features}', 1]}")))
    assert config.layers[0].keras.arguments["target_shape"] == [Fact("data.features"), 1]


ONLY = "which only the data can tell"
NO_FACT = {
    ("epochs: 30", "epochs: ${data.classes}"): (
        27,
        11,
        f"'epochs' must be a whole number, found ${{data.classes}}, {ONLY}",
    ),
    ("name: digits", "name: ${data.classes}"): (4, 7, f"'name' must be text, found ${{data.classes}}, {ONLY}"),
    ("name: digits", "name: x${data.classes}"): (4, 7, "'${data.classes}' is no text and cannot stand inside one"),
    ("1e-3", "'${data.classes}'"): (
        22,
        25,
        f"'learning_rate' must be a number or a schedule, found ${{data.classes}}, {ONLY}",
    ),
    ("activation: relu", "activation: '${data.classes}'"): (
        15,
        36,
        f"'activation' must be the name of an activation, found ${{data.classes}}, {ONLY}",
    ),
    ("units: 64", "units: 64, name: '${data.classes}'"): (
        15,
        30,
        f"'name' must be text, found ${{data.classes}}, {ONLY}",
    ),
    ("units: 64", "units: 64, use_bias: '${data.classes}'"): (
        15,
        34,
        f"'use_bias' must be true or false, found ${{data.classes}}, {ONLY}",
    ),
    ("  - Flatten", "  - '${data.classes}'"): (14, 5, f"expected a layer, found ${{data.classes}}, {ONLY}"),
}


@pytest.mark.parametrize("swap", NO_FACT, ids=range(len(NO_FACT)))
def test_a_fact_stands_only_where_a_number_of_keras_stands(problem, change, swap):
    assert problem(change(swap)).at == NO_FACT[swap]


def test_the_places_without_facts_are_eight():
    assert len(NO_FACT) == 8


NOTHING = [
    "units",
    "layers.99",
    "layers.x.units",
    "a.b.c",
    "",
    "..",
    "train.",
    "__class__",
    "name.x",
    f"layers.{'9' * 5000}",
]


def test_a_reference_to_nothing_is_told_with_the_facts(problem, change):
    for written in NOTHING:
        found = problem(change(("units: 64", f"units: '${{{written}}}'")))
        assert found.at == (15, 20, f"nothing is named '${{{written}}}'")
        assert found.see == SEE
    assert len(NOTHING) == 10


def test_a_reference_to_nothing_is_told_with_the_nearest_name(problem, change):
    nearest = {
        "data.feature": "data.features",
        "data.class": "data.classes",
        "train.epoch": "train.epochs",
        "optimizer.Adam.learning_rat": "optimizer.Adam.learning_rate",
    }
    for written, meant in nearest.items():
        assert problem(change(("units: 64", f"units: '${{{written}}}'"))).suggestion == f"did you mean '{meant}'?"


def test_of_several_targets_each_has_its_number_of_classes(problems, change):
    targets = "targets: {who: {column: label}, age: {column: image}}"
    written = {"data.who.classes": "data.classes.who", "data.age.classes": "data.classes.age"}
    for name, meant in written.items():
        text = change(("units: 64", f"units: '${{{name}}}'"), ("source: digits", f"source: digits\n  {targets}"))
        (found,) = [each for each in problems(text) if each.message == f"nothing is named '${{{name}}}'"]
        assert found.suggestion == f"did you mean '{meant}'?"
        assert found.see.startswith("facts of the data: data.classes.who, data.classes.age, data.features, ")
        assert "data.classes," not in found.see


def test_every_reference_to_nothing_is_told(problems, change):
    found = problems(change(("name: digits", "name: '${a} ${b}'"), ("units: 64", "units: '${c}'")))
    assert [each.at for each in found] == [
        (4, 7, "nothing is named '${a}'"),
        (4, 7, "nothing is named '${b}'"),
        (15, 20, "nothing is named '${c}'"),
    ]


SELF = {
    "name: ${name}": ["name"],
    "name: a${name}b": ["name"],
    "name: ${a}\na: ${b}\nb: ${name}": ["a", "b", "name"],
    "name: x${a}\na: x${name}": ["a", "name"],
}


def test_a_value_that_refers_to_itself_is_refused(problems, change):
    for written, names in SELF.items():
        found = [each for each in problems(change(("name: digits", written))) if "unknown key" not in each.message]
        assert [each.message for each in found] == [f"'${{{each}}}' refers to itself" for each in names]
        assert [each.at[0] for each in found] == list(range(4, 4 + len(names)))
    assert len(SELF) == 4


def test_a_block_that_refers_to_what_it_is_in_is_refused(problem, change):
    assert problem(change(("units: 64", "units: '${layers.1}'"))).at == (15, 20, "'${layers.1}' refers to itself")
    assert problem(change(("units: 64", "units: '${layers}'"))).at == (15, 20, "'${layers}' refers to itself")


def test_text_that_multiplies_itself_is_refused(problem, digits):
    lines = "".join(f"a{each}: '" + f"${{a{each - 1}}}" * 9 + "'\n" for each in range(1, 12))
    found = problem(digits + "a0: x\n" + lines)
    assert found.at == (35, 5, "what '${…}' stands for here is too large")


def test_empty_text_that_multiplies_itself_is_refused(problem, digits):
    lines = "".join(f"a{each}: '" + f"${{a{each - 1}}}" * 9 + "'\n" for each in range(1, 12))
    assert problem(digits + "a0: ''\n" + lines).message == "what '${…}' stands for here is too large"


def test_long_text_that_multiplies_itself_is_refused(problem, digits):
    found = problem(digits + f"a: {'x' * 100_000}\nb: '{'${a}' * 20}'\nc: '${{b}}'\n")
    assert found.at == (31, 4, "what '${…}' stands for here is too large")


def test_lists_that_multiply_themselves_are_refused(problem, digits):
    lines = "".join(f"a{each}: [" + f"'${{a{each - 1}}}'," * 9 + "]\n" for each in range(1, 12))
    assert problem(digits + "a0: [1,1,1]\n" + lines).message == "what '${…}' stands for here is too large"


def test_a_long_chain_of_references_is_refused(problem, digits):
    lines = "".join(f"a{each}: '${{a{each - 1}}}'\n" for each in range(1, 3000))
    found = problem(digits + "a0: 1\n" + lines)
    assert found.at == (95, 6, "what '${…}' stands for here is nested deeper than 64 levels")


def test_references_do_not_add_levels_unseen(problem, digits):
    lines = "".join(f"a{each}: {'[' * 60}'${{a{each - 1}}}'{']' * 60}\n" for each in range(1, 30))
    found = problem(digits + "a0: 1\n" + lines)
    assert found.message == "what '${…}' stands for here is nested deeper than 64 levels"


def test_quotes_are_needed_inside_braces_and_the_message_says_so(problem, change):
    found = problem(change(("units: 64", "units: ${data.classes}")))
    assert found.at == (15, 21, "expected ',' or '}' here, to go on or to close the '{' of line 15")
    assert found.suggestion == 'put quotes around it: "${…}"'


def test_an_unknown_fact_is_told_once_and_not_as_something_else(problems, change):
    found = problems(change(("units: 64", "units: '${data.vocabulary}'")))
    assert [(each.message, each.suggestion) for each in found] == [("nothing is named '${data.vocabulary}'", None)]
