"""Slips of the pen and of other languages, each told at its place with what to write."""

from __future__ import annotations

import pytest

from dlcli.config import load_config
from dlcli.config.catalogue import keras_catalogue
from dlcli.config.catalogue.written_elsewhere import ELSEWHERE, as_in_yaml
from dlcli.errors import ConfigError

WHOLE = """\
name: a
data: {source: digits}
layers:
  - Flatten
  - Dense: {units: 10, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
metrics: [accuracy]
train:
  epochs: 5
  batch_size: 32
"""
DENSE = "- Dense: {units: 10, activation: softmax}"
SPACE, WIDE = "a space is missing behind the ':'", "'：' is a full-width colon, which YAML does not know"
SLIPS = {
    "no space": ("epochs: 5", "epochs:5", 10, 9, SPACE, "write epochs: 5"),
    "no space in the first line": ("name: a", "name:a", 1, 5, SPACE, "write name: a"),
    "no space in the last line": ("batch_size: 32", "batch_size:32", 11, 13, SPACE, "write batch_size: 32"),
    "no space before a comment": ("epochs: 5", "epochs:5\n  # so many", 10, 9, SPACE, "write epochs: 5"),
    "no space before braces": ("Dense: {", "Dense:{", 5, 10, SPACE, "write Dense: {units: 10, activation: softmax}"),
    "full-width colon": ("epochs: 5", "epochs：5", 10, 9, WIDE, "write epochs: 5"),
    "full-width colon and a space": ("epochs: 5", "epochs： 5", 10, 9, WIDE, "write epochs: 5"),
    "no dash": ("- Flatten", "Flatten", 4, 3, "a '- ' is missing before this", "write - Flatten"),
    "no colon": (
        DENSE, "- Dense\n    units: 10\n    activation: softmax", 5, 10,
        "a ':' is missing behind Dense, whose arguments stand below", "write - Dense: {units: 10, activation: softmax}",
    ),
    "two colons": (
        DENSE, "- Dense: units: 10, activation: softmax", 5, 17, "a second ':' may not stand on one line",
        "write Dense: {units: 10, activation: softmax}, or put quotes around text that holds ': '",
    ),
    "indented too much": (
        "  batch_size: 32", "    batch_size: 32", 11, 5, "this line is indented more than the one above",
        "indent it like the line above, which has a value already",
    ),
    "full-width comma": (
        "10, activation", "10，activation", 5, 33,
        "expected ',' or '}' here, to go on or to close the '{' of line 5", "'，' is a full-width comma: write ', '",
    ),
}  # fmt: skip
WRITTEN = {
    "units": ("units: 10", "units:10", "a space is missing behind the ':': write units: 10"),
    "wide units": ("units: 10", "units：10", "this is a full-width colon: write units: 10"),
    "layer": ("- Flatten", "- Dropout:0.2", "a space is missing behind the ':': write Dropout: 0.2"),
    "step": ("data: {", "data：{", "this is a full-width colon: write data: …"),
    "too high": ("  batch_size: 32", "batch_size: 32", "it belongs under train: indent it below"),
    "split": ("layers:", "split: {validation: 0.2}\nlayers:", "it belongs under data: indent it below"),
    "too deep": ("  batch_size: 32", "  batch_size: 32\n  metrics: [mae]", "it belongs one level higher, to the file"),
    "linear": (DENSE, "- Linear: 10", "write Dense: {units: 10}"),
    "call": (DENSE, "- Dense(10, softmax)", "write Dense: {units: 10, activation: softmax}"),
    "optimizer": ("Adam", "Adam(1e-3)", "write Adam: {learning_rate: 0.001}"),
    "empty call": ("loss: sparse_categorical_crossentropy", "loss: Poisson()", "write Poisson"),
    "data": ("data: {source: digits}", "data: digits", "write data: {source: digits}"),
    "only key": ("epochs: 5\n  batch_size: 32", "epochs:5", "a space is missing behind the ':': write epochs: 5"),
    "wide only key": ("epochs: 5\n  batch_size: 32", "epochs：5", "this is a full-width colon: write epochs: 5"),
    "alone": ("data: {source: digits}", "data:\n  source:digits", "a space is missing behind the ':': write source: digits"),
    "address": ("data: {source: digits}", "data: a:b.csv", "write data: {source: a:b.csv}"),
    "loss": (
        "loss: sparse_categorical_crossentropy", "loss: cross_entropy",
        "write sparse_categorical_crossentropy (one of several classes) or binary_crossentropy (yes or no)",
    ),
    "no train": ("train:\n  epochs: 5\n  batch_size: 32\n", "", "write train: {epochs: 20}"),
    "no optimizer": ("optimizer: Adam\n", "", "write optimizer: Adam"),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_told_at_its_place(problem, slip):
    old, new, line, column, message, suggestion = SLIPS[slip]
    assert WHOLE.count(old) == 1
    found = problem(WHOLE.replace(old, new))
    assert (*found.at, found.suggestion) == (line, column, message, suggestion)


@pytest.mark.parametrize("slip", WRITTEN)
def test_what_is_written_elsewhere_is_told_as_it_is_written_here(problem, slip):
    old, new, suggestion = WRITTEN[slip]
    assert WHOLE.count(old) == 1
    assert problem(WHOLE.replace(old, new)).suggestion == suggestion


def test_the_file_without_slips_is_well(read):
    assert read(WHOLE).train.epochs == 5
    assert read(WHOLE.replace("name: a", "name: 'a: b'")).name == "a: b"


def test_a_thing_of_a_step_one_level_too_high_belongs_below_it(write):
    text = WHOLE.replace("optimizer: Adam", "optimizer:\nAdam: {learning_rate: 0.01}")
    with pytest.raises(ConfigError) as caught:
        load_config(str(write("a.yaml", text)))
    found = {each.line: each.suggestion for each in caught.value.problems}
    assert found[8] == "it belongs under optimizer: indent it below"


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in ELSEWHERE.items() for name in names])
def test_every_name_of_another_library_leads_to_one_that_there_is(catalogue, kind, name):
    assert name not in catalogue.spellings[kind]
    written = ELSEWHERE[kind][name].replace(" (one of several classes) or", "").replace(" (yes or no)", "")
    for each in written.split(" ") if ":" not in written else [written.partition(":")[0]]:
        assert each in catalogue.spellings[kind]


@pytest.mark.parametrize(
    ("call", "written"),
    [
        ("Conv2D(32, (3, 3), padding='same')", "Conv2D: {filters: 32, kernel_size: [3, 3], padding: same}"),
        ("Conv2D(32, use_bias=False, name=None)", "Conv2D: {filters: 32, use_bias: false, name: null}"),
        ("layers.Conv2D(-1)", "Conv2D: {filters: -1}"),
        ("Conv2D(", None),
        ("Conv2D(32 32)", None),
        ("Conv2D", None),
    ],
)
def test_a_call_is_written_as_yaml(catalogue, call, written):
    assert as_in_yaml(call, "Conv2D", catalogue.kinds["layers"]["Conv2D"]["arguments"]) == written


@pytest.mark.parametrize(("rate", "noted"), [("1.0", False), ("1.01", True), ("10", True)])
def test_a_learning_rate_above_one_is_worth_a_note(read, rate, noted):
    notes = read(WHOLE.replace("Adam", f"\n  Adam: {{learning_rate: {rate}}}")).notes
    assert [each.kind for each in notes] == ["large_learning_rate"] * noted
    assert [each.line for each in notes] == [8] * noted


@pytest.mark.parametrize(
    ("epochs", "more", "noted"),
    [(10_000, "", False), (10_001, "", True), (10_001, "  early_stopping: {patience: 3}\n", False),
     (10_001, "  time_limit: 1h\n", False), (10_001, "  until: loss < 0.1\n", False)],
)  # fmt: skip
def test_very_many_epochs_that_nothing_ends_are_worth_a_note(read, epochs, more, noted):
    notes = read(WHOLE.replace("epochs: 5", f"epochs: {epochs}") + more).notes
    assert [each.kind for each in notes] == ["many_epochs"] * noted


@pytest.fixture(scope="module")
def catalogue():
    return keras_catalogue()
