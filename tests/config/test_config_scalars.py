"""Rows 1, 2, 3, 6 and 10 of the table of faults: what a scalar is, and what it may be."""

from __future__ import annotations

import json

import pytest

LEADING = "a number with a leading zero is ambiguous"
LARGE = "the number does not fit in 64 bits"


def rate(config):
    return config.optimizer.arguments["learning_rate"]


FLOATS = {
    "1e-3": 0.001,
    "1e3": 1000.0,
    "1E-3": 0.001,
    "1.5e3": 1500.0,
    ".5": 0.5,
    "1.": 1.0,
    "+1e2": 100.0,
    "3": 3.0,
    "0x1F": 31.0,
    "0o12": 10.0,
}


def test_row_1_a_float_with_an_exponent_is_a_number(read, change):
    seen = 0
    for written, value in FLOATS.items():
        found = rate(read(change(("1e-3", written))))
        assert found == value, written
        assert type(found) is float, written
        seen += 1
    assert seen == 10


def test_row_1_a_number_in_quotes_is_text_and_the_message_says_how_to_mend_it(problem, change):
    found = problem(change(("1e-3", '"1e-3"')))
    assert found.at == (22, 25, "'learning_rate' must be a number or a schedule, found the text '1e-3'")
    assert found.suggestion == "write 1e-3 without quotes"
    assert found.marked == '"1e-3"'


TEXTS = [
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "Yes",
    "NO",
    "ON",
    "12:30",
    "NA",
    "1_000",
    "0b1",
    "2024-01-01",
    "1,5",
    "e3",
]


def test_row_2_and_3_words_times_and_underscores_stay_text(read, change):
    for written in TEXTS:
        assert read(change(("name: digits", f"name: {written}"))).name == written
    assert len(TEXTS) == 16


def test_row_2_classes_named_no_and_se_stay_text(read, change):
    config = read(change(("  source: digits\n", "  source: iris\n  target: {column: species, classes: [NO, SE]}\n")))
    assert config.data.target.classes == ["NO", "SE"]


def test_row_2_keys_named_on_and_yes_stay_text(read, digits):
    config = read(digits + "  class_weight: {on: 1, yes: 3, 012: 2, 1.0: 4, null: 5}\n")
    assert config.train.class_weight == {"on": 1.0, "yes": 3.0, "012": 2.0, "1.0": 4.0, "null": 5.0}


def test_row_2_a_bare_yes_where_a_boolean_is_expected_is_refused(problem, change):
    words = ["yes", "no", "on", "off", "y", "n", "Yes", "NO", "oN"]
    for word in words:
        found = problem(change(("units: 64", f"units: 64, use_bias: {word}")))
        assert found.at == (15, 34, f"'use_bias' must be true or false, found the text '{word}'")
        assert found.suggestion == "write true or false"
    assert len(words) == 9


def test_true_and_false_are_booleans_in_three_spellings(read, change):
    spellings = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
    for written, value in spellings.items():
        config = read(change(("units: 64", f"units: 64, use_bias: {written}")))
        assert config.layers[1].keras.arguments["use_bias"] is value
    assert len(spellings) == 6


def test_row_3_a_leading_zero_is_refused_with_both_ways_out(problem, change):
    for written, without in {"012": "12", "08": "8", "007": "7", "-012": "-12", "00": "0"}.items():
        found = problem(change(("epochs: 30", f"epochs: {written}")))
        assert found.at == (27, 11, f"{LEADING}: {written}")
        assert found.suggestion == f'write {without}, or "{written}" for text'
        assert found.marked == written


def test_row_3_octal_and_hexadecimal_are_those_of_yaml_1_2(read, change):
    assert read(change(("epochs: 30", "epochs: 0o12"))).train.epochs == 10
    assert read(change(("epochs: 30", "epochs: 0x1f"))).train.epochs == 31


TRAPS = {
    "epochs: true": (27, 11, "'epochs' must be a whole number, found the boolean true"),
    'epochs: "10"': (27, 11, "'epochs' must be a whole number, found the text '10'"),
    "epochs: 3.0": (27, 11, "'epochs' must be a whole number, found the number 3.0"),
    "epochs: 1e1": (27, 11, "'epochs' must be a whole number, found the number 10.0"),
    "epochs: yes": (27, 11, "'epochs' must be a whole number, found the text 'yes'"),
    "epochs: null": (27, 11, "'epochs' must be a whole number, found nothing"),
    "epochs: ~": (27, 11, "'epochs' must be a whole number, found nothing"),
    "epochs: [30]": (27, 11, "'epochs' must be a whole number, found a list"),
    "epochs: {a: 1}": (27, 11, "'epochs' must be a whole number, found a mapping"),
    "epochs: .nan": (27, 11, "'epochs' must be a whole number, found the number nan"),
    "epochs: 99999999999999999999": (27, 11, f"{LARGE}: 99999999999999999999"),
}


@pytest.mark.parametrize("written", TRAPS)
def test_row_6_epochs_are_a_whole_number_and_nothing_like_one(problem, change, written):
    assert problem(change(("epochs: 30", written))).at == TRAPS[written]


def test_row_6_the_traps_are_eleven():
    assert len(TRAPS) == 11


UNITS = {
    "True": "'units' must be a whole number, found the boolean true",
    "'10'": "'units' must be a whole number, found the text '10'",
    "10.0": "'units' must be a whole number, found the number 10.0",
    ".inf": "'units' must be a finite number, found inf",
    "[64]": "'units' must be a whole number, found a list",
    "{a: 1}": "'units' must be a whole number, found a mapping",
    "null": "'units' must be a whole number, found nothing",
}


def test_row_6_units_of_a_layer_of_keras_are_as_strict(problem, change):
    for written, message in UNITS.items():
        assert problem(change(("units: 64", f"units: {written}"))).at == (15, 20, message)
    assert len(UNITS) == 7


RATES = {
    ".nan": "'learning_rate' must be a finite number, found nan",
    ".inf": "'learning_rate' must be a finite number, found inf",
    "-.INF": "'learning_rate' must be a finite number, found -inf",
    "1e400": "'learning_rate' must be a finite number, found inf",
    "true": "'learning_rate' must be a number or a schedule, found the boolean true",
    "null": "'learning_rate' must be a number or a schedule, found nothing",
    "[0.1]": "'learning_rate' must be a number or a schedule, found a list",
    "fast": "'learning_rate' must be a number or a schedule, found the text 'fast'",
}


def test_row_6_a_learning_rate_is_a_finite_number(problem, change):
    for written, message in RATES.items():
        assert problem(change(("1e-3", written))).at == (22, 25, message)
    assert len(RATES) == 8


def test_row_6_a_share_that_is_no_number_is_refused(problem, change):
    found = problem(change(("validation: 0.15", "validation: .nan")))
    assert found.at == (9, 23, "'validation' must be a finite number, found the number nan")


def test_row_6_where_keras_documents_no_type_its_default_tells_it(problem, change):
    wrong = {
        "{beta_1: foo}": (22, 18, "'beta_1' must be a number, found the text 'foo'"),
        "{beta_1: true}": (22, 18, "'beta_1' must be a number, found the boolean true"),
        "{epsilon: .nan}": (22, 19, "'epsilon' must be a finite number, found nan"),
        "{beta_2: {a: 1}}": (22, 18, "'beta_2' must be a number, found a mapping"),
    }
    for written, expected in wrong.items():
        assert problem(change(("{learning_rate: 1e-3}", written))).at == expected


def test_row_6_the_numbers_of_a_list_are_checked_one_by_one(problem, change):
    wrong = {
        "[3, 0]": (15, 43, "'kernel_size' must be at least 1, found 0"),
        "[3, a]": (15, 43, "'kernel_size' must hold numbers, found the text 'a'"),
        "[true, 3]": (15, 40, "'kernel_size' must hold numbers, found the boolean true"),
        "[.nan, 3]": (15, 40, "'kernel_size' must hold finite numbers, found nan"),
        "[3, {a: 1}]": (15, 43, "'kernel_size' must hold plain values, found a mapping"),
    }
    for written, expected in wrong.items():
        text = change(("Dense: {units: 64, activation: relu}", f"Conv2D: {{filters: 8, kernel_size: {written}}}"))
        assert problem(text).at == expected


def test_row_6_the_largest_and_the_smallest_number_of_64_bits_are_read(problem, change):
    most, least = 2**63 - 1, -(2**63)
    assert problem(change(("seed: 0", f"seed: {most}"))).message == (
        f"'seed' must be at most 4294967295, found the number {most}"
    )
    assert (
        problem(change(("seed: 0", f"seed: {least}"))).message == f"'seed' must be at least 0, found the number {least}"
    )
    for beyond in (most + 1, least - 1):
        assert problem(change(("seed: 0", f"seed: {beyond}"))).at == (5, 7, f"{LARGE}: {beyond}")


def test_row_10_a_number_of_a_million_digits_is_refused_at_its_place(problem, change):
    million = 10**6
    for prefix, digit, count in (("", "9", million), ("0x", "f", million), ("0o", "7", 10**5), ("-", "1", 10**5)):
        found = problem(change(("seed: 0", f"seed: {prefix}{digit * count}")))
        shown = f"{prefix}{digit * 20}"[:20]
        assert found.at == (5, 7, f"{LARGE}: {shown}… ({count + len(prefix):,} digits)")


def test_row_10_a_float_of_too_many_digits_is_text(problem, change):
    found = problem(change(("seed: 0", f"seed: {'1' * 10**5}.5")))
    assert found.at == (5, 7, f"'seed' must be a whole number, found the text '{'1' * 39}…'")


def test_row_10_many_digits_behind_a_zero_are_shortened(problem, change):
    found = problem(change(("seed: 0", f"seed: 0{'9' * 10**5}")))
    assert found.at == (5, 7, f"{LEADING}: 0{'9' * 39}")
    assert found.suggestion == f'write the number without zeros, or "0{"9" * 39}" for text'


def test_a_character_that_json_writes_as_two_escapes_is_one():
    from pathlib import Path

    from dlcli.config.yaml import read_yaml

    text = json.dumps({"n\U0001f4a5": ["a\U0001f4a5b", "\u02ac"]}).encode()
    assert b"\\ud83d\\udca5" in text
    assert read_yaml(text, file="-", folder=Path()).plain() == {"n\U0001f4a5": ["a\U0001f4a5b", "\u02ac"]}


@pytest.mark.parametrize("half", ["\\ud83d", "\\udca5", "\\udca5\\ud83d"])
def test_half_a_character_is_refused_as_before(half):
    from pathlib import Path

    from dlcli.config.yaml import read_yaml
    from dlcli.errors import ConfigError

    with pytest.raises(ConfigError, match="may not stand in a text"):
        read_yaml(f'{{"a": "{half}"}}'.encode(), file="-", folder=Path())
