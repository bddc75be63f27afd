"""Row 5 of the table of faults: unknown keys, with the nearest name; missing keys; values that may be of several types."""

from __future__ import annotations

import pytest

from dlcli.data.sources import SOURCES, endings

TOP = "there are: name, seed, data, layers, loss, loss_weights, optimizer, metrics, train, weights, plugins, sweep, blocks, "
TOP += "extends"


def test_row_5_a_misspelt_key_is_told_once_with_the_nearest_name(problem, change):
    found = problem(change(("  epochs: 30", "  epochz: 30")))
    assert found.at == (27, 3, "unknown key 'epochz' in 'train'")
    assert found.suggestion == "did you mean 'epochs'?"
    assert found.marked == "epochz"


NEAREST = {
    ("name: digits", "naem: digits"): ((4, 1, "unknown key 'naem'"), "did you mean 'name'?"),
    ("seed: 0", "Seed: 0"): ((5, 1, "unknown key 'Seed'"), "did you mean 'seed'?"),
    ("optimizer:  ", "optimiser:  "): ((21, 1, "unknown key 'optimiser'"), "did you mean 'optimizer'?"),
    ("loss: sparse", "losss: sparse"): ((19, 1, "unknown key 'losss'"), "did you mean 'loss'?"),
    ("train:\n", "trian:\n"): ((26, 1, "unknown key 'trian'"), "did you mean 'train'?"),
    ("seed: 0", "extend: base.yaml"): ((5, 1, "unknown key 'extend'"), "did you mean 'extends'?"),
    ("seed: 0", "zzz: 0"): ((5, 1, "unknown key 'zzz'"), TOP),
    ("  split: ", "  splitt: "): ((9, 3, "unknown key 'splitt' in 'data'"), "did you mean 'split'?"),
    ("validation: 0.15", "valid: 0.15"): ((9, 11, "unknown key 'valid' in 'data.split'"), "did you mean 'validation'?"),
    ("patience: 5", "patient: 5"): (
        (29, 39, "unknown key 'patient' in 'train.early_stopping'"),
        "did you mean 'patience'?",
    ),
    ("units: 64", "unit: 64"): ((15, 13, "unknown argument 'unit' for Dense"), "did you mean 'units'?"),
    ("learning_rate: 1e-3", "lr: 1e-3"): (
        (22, 10, "unknown argument 'lr' for Adam"),
        "did you mean 'learning_rate'?",
    ),
    ("scale: 0.0625", "scale: 1, zzz: 2"): (
        (11, 29, "unknown argument 'zzz' for Rescaling"),
        "it takes scale, offset, name, dtype, trainable",
    ),
    ("  - Flatten", "  - Flaten"): ((14, 5, "unknown layer 'Flaten'"), "did you mean 'Flatten'?"),
    ("  - Flatten", "  - flatten"): ((14, 5, "unknown layer 'flatten'"), "did you mean 'Flatten'?"),
    ("  - Flatten", "  - Adam"): ((14, 5, "unknown layer 'Adam'; Adam is an optimizer"), None),
    ("activation: relu", "activation: rellu"): ((15, 36, "unknown activation 'rellu'"), "did you mean 'relu'?"),
    ("    - Rescaling", "    - Rescalin"): ((11, 7, "unknown layer 'Rescalin'"), "did you mean 'Rescaling'?"),
    ("sparse_categorical_crossentropy", "sparse_categorical_crossentropi"): (
        (19, 7, "unknown loss 'sparse_categorical_crossentropi'"),
        "did you mean 'sparse_categorical_crossentropy'?",
    ),
    ("  Adam: {", "  Adan: {"): ((22, 3, "unknown optimizer 'Adan'"), "did you mean 'Adam'?"),
    ("[accuracy]", "[acuracy]"): ((24, 11, "unknown metric 'acuracy'"), "did you mean 'accuracy'?"),
    ("source: digits", "source: digit"): (
        (
            8,
            11,
            f"unknown source 'digit'; there are: {', '.join(SOURCES)}",
        ),
        "did you mean 'digits'?",
    ),
    ("monitor: val_loss", "mode: maxi"): (
        (29, 26, "'mode' must be 'auto', 'min' or 'max', found the text 'maxi'"),
        "did you mean 'max'?",
    ),
}


@pytest.mark.parametrize("swap", NEAREST, ids=[new.strip() for _, new in NEAREST])
def test_row_5_an_unknown_name_is_told_with_the_nearest(problem, change, swap):
    found = problem(change(swap))
    assert (found.at, found.suggestion) == NEAREST[swap]


def test_row_5_the_unknown_names_are_twenty_three():
    assert len(NEAREST) == 23


def test_row_5_an_unknown_name_says_where_the_names_are_listed(problem, change):
    seen = {
        ("  - Flatten", "  - Flaten"): "dlcli list layers",
        ("units: 64", "unit: 64"): "dlcli show Dense",
        ("  Adam: {", "  Adan: {"): "dlcli list optimizers",
        ("activation: relu", "activation: rellu"): "dlcli list activations",
    }
    for swap, see in seen.items():
        assert problem(change(swap)).see == see


def test_every_missing_key_of_the_file_is_told(problems):
    found = problems("seed: 1\n")
    assert [each.at for each in found] == [
        (0, 0, f"'{key}' is missing from the file") for key in ("data", "layers", "loss", "optimizer", "train")
    ]


def test_a_missing_key_of_a_block_stands_at_the_block(problem, change):
    found = problem(change(("  epochs: 30\n", "")))
    assert found.at == (26, 1, "'epochs' is missing from 'train'")
    assert found.marked == "train"


def test_a_missing_argument_stands_at_the_name(problem, change):
    found = problem(change(("    - Rescaling: {scale: 0.0625}", "    - Rescaling")))
    assert found.at == (11, 7, "Rescaling needs 'scale'")
    assert found.see == "dlcli show Rescaling"


def test_every_missing_argument_is_named(problem, change):
    found = problem(change(("1e-3", "{CosineDecay: {}}")))
    assert found.at == (22, 26, "CosineDecay needs 'initial_learning_rate', 'decay_steps'")


def test_two_names_where_one_is_expected_say_how_to_indent(problem, change):
    found = problem(change(("  - Dropout: 0.2", "  - Dropout:\n    rate: 0.2")))
    assert found.at == (
        16,
        5,
        "expected one name with its arguments behind it, found 2 names: 'Dropout', 'rate'",
    )
    assert found.suggestion == "indent the arguments below the name, or start each thing with '- '"


SEVERAL = {
    "target: 3": [(9, 11, "'target' must be text or a list or a mapping, found the number 3")],
    "target: []": [(9, 11, "'target' must have at least 1 item, found 0")],
    "target: {colum: x}": [(9, 12, "unknown key 'colum' in 'data.target'")],
    "target: {column: 3}": [(9, 20, "'column' must be text or a list, found the number 3")],
    "target: {encode: foo}": [(9, 20, "'encode' must be 'index', 'one_hot' or 'none', found the text 'foo'")],
    "inputs: 3": [(9, 11, "'inputs' must be a list or a mapping, found the number 3")],
    "inputs: [x, 2]": [(9, 15, "'inputs' must hold text, found the number 2")],
    "inputs: {a: {}}": [(9, 12, "'columns' is missing from 'data.inputs.a'")],
    "inputs: {a: [x]}": [(9, 15, "'a' must be a mapping, found a list")],
    "inputs: {a: {columns: 3}}": [(9, 25, "'columns' must be a list or text, found the number 3")],
    "inputs: {a: {columns: [1]}}": [(9, 26, "'columns' must hold text, found the number 1")],
    "inputs: {a: {columns: []}}": [(9, 25, "'columns' must have at least 1 item, found 0")],
    "inputs: {a: {columns: [x], knd: number}}": [(9, 30, "unknown key 'knd' in 'data.inputs.a'")],
    "inputs: {a: {columns: x, prepare: [Flaten]}}": [(9, 38, "unknown layer 'Flaten'")],
    "missing: 3": [
        (
            9,
            12,
            "'missing' must be 'error', 'drop', 'mean', 'median' or 'most_frequent' or a mapping, found the number 3",
        )
    ],
    "missing: {constan: 0}": [(9, 13, "unknown key 'constan' in 'data.missing'")],
    "missing: {constant: true}": [(9, 23, "'constant' must be a number or text, found the boolean true")],
}


@pytest.mark.parametrize("line", SEVERAL)
def test_a_value_of_several_types_is_told_once_at_what_is_wrong_in_it(problems, change, line):
    found = problems(change(("  source: digits\n", f"  source: iris\n  {line}\n")))
    assert [each.at for each in found] == SEVERAL[line]


def test_the_values_of_several_types_are_seventeen():
    assert len(SEVERAL) == 17


def test_class_weights_are_balanced_or_numbers_by_name(problem, digits):
    wrong = {
        "3": (30, 17, "'class_weight' must be 'balanced' or a mapping, found the number 3"),
        "balance": (30, 17, "'class_weight' must be 'balanced' or a mapping, found the text 'balance'"),
        "{a: -1}": (30, 21, "'a' must be at least 0, found the number -1"),
        "{a: x}": (30, 21, "'a' must be a number, found the text 'x'"),
    }
    for written, expected in wrong.items():
        assert problem(digits + f"  class_weight: {written}\n").at == expected


WRITTEN = {
    "3": (8, 11, "expected a source, found the number 3"),
    "null": (8, 11, "expected a source, found nothing"),
    "[a.csv]": (8, 11, "expected a source, found a list"),
    "csv": (8, 3, "'path' is missing from 'data.source.csv'"),
    "{csv: {}}": (8, 12, "'path' is missing from 'data.source.csv'"),
    "{csv: {path: 3}}": (8, 24, "'path' must be text or a list, found the number 3"),
    "{csv: {path: [x.csv, 3]}}": (8, 32, "'path' must hold text, found the number 3"),
    "{csv: []}": (8, 17, "'csv' must have at least 1 item, found 0"),
    "{csv: 3}": (8, 17, "'csv' must be text or a list, found the number 3"),
    "{csv: {path: x.csv, seperator: ','}}": (8, 31, "unknown key 'seperator' in 'data.source.csv'"),
    "{npz: {path: d.npz, inputs: [a, 3]}}": (8, 43, "'inputs' must hold text, found the number 3"),
    "{iris: 3}": (8, 18, "iris takes no arguments, found the number 3"),
    "{iris: {a: 1}}": (8, 19, "unknown key 'a' in 'data.source.iris'"),
    "table.foo": (8, 11, f"cannot tell from its name what 'table.foo' holds; known endings: {', '.join(endings())}"),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_a_source_is_checked_like_a_layer(problem, change, written):
    assert problem(change(("source: digits", f"source: {written}"))).at == WRITTEN[written]


def test_a_list_that_is_none_says_how_to_write_one(problem, change):
    found = problem(change(("[accuracy]", "accuracy")))
    assert found.at == (24, 10, "'metrics' must be a list, found the text 'accuracy'")
    assert found.suggestion == "write [accuracy]"


def test_lengths_are_told_in_words(problem, change):
    assert problem(change(("name: digits", "name: ''"))).at == (
        4,
        7,
        "'name' must have at least 1 character, found 0",
    )
    assert problem(change(("name: digits", f"name: {'a' * 101}"))).at == (
        4,
        7,
        "'name' must have at most 100 characters, found 101",
    )


def test_a_name_of_several_lines_is_told_in_one(problem, change):
    found = problem(change(("  - Flatten", '  - "Flat\\nten"')))
    assert found.at == (14, 5, "unknown layer 'Flat↵ten'")
    assert problem(change(("  - Flatten", "  - Flat\n\n    ten"))).message == "unknown layer 'Flat↵ten'"


def test_thousands_of_unknown_keys_are_not_all_told(problems, digits):
    found = problems("".join(f"k{each}: 1\n" for each in range(1200)) + digits)
    assert len(found) == 1000
    assert found[0].at == (1, 1, "unknown key 'k0'")


@pytest.mark.parametrize(
    ("old", "new", "said", "suggestion"),
    [
        (
            "metrics: [accuracy]",
            "metrics: accuracy",
            "'metrics' must be a list, found the text 'accuracy'",
            "[accuracy]",
        ),
        (
            "metrics: [accuracy]",
            "metrics: [accuracy]\nplugins: mine.py",
            "'plugins' must be a list, found the text 'mine.py'",
            "[mine.py]",
        ),
        ("epochs: 30", 'epochs: "30"', "'epochs' must be a whole number, found the text '30'", "30 without quotes"),
    ],
)
def test_a_value_of_the_wrong_type_is_answered_with_what_to_write(change, problem, old, new, said, suggestion) -> None:
    found = problem(change((old, new)))
    assert found.at[2] == said
    assert found.suggestion == f"write {suggestion}"
