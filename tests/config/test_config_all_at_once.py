"""A file with many mistakes is told all of them in one go, each at its line, in the order of the file."""

from __future__ import annotations

from dlcli.data.sources import SOURCES

TWELVE = """\
name: digits
seed: -1
data:
  source: digit
  split: {validation: 2, test: 0.15}
  prepare:
    - Rescalin: {scale: 0.0625}
layers:
  - Flatten
  - Dense:
      unit: 64
      activation: rellu
  - Dropout: "0.2"
  - Dense: {units: 10, activation: softmax}
loss: sparse_categorical_crossentropyy
optimizer:
  Adam: {learning_rate: fast}
metrics: [acuracy]
train:
  epochz: 30
  batch_size: yes
  early_stopping: {monitor: val_loss, patience: 5}
"""
LOSS = "sparse_categorical_crossentropy"
KNOWN = ", ".join(SOURCES)
EXPECTED = [
    (2, 7, "'seed' must be at least 0, found the number -1"),
    (4, 11, f"unknown source 'digit'; there are: {KNOWN}"),
    (5, 23, "'validation' must be less than 1, found the number 2"),
    (7, 7, "unknown layer 'Rescalin'"),
    (11, 7, "unknown argument 'unit' for Dense"),
    (12, 19, "unknown activation 'rellu'"),
    (13, 14, "'rate' must be a number, found the text '0.2'"),
    (15, 7, f"unknown loss '{LOSS}y'"),
    (17, 25, "'learning_rate' must be a number or a schedule, found the text 'fast'"),
    (18, 11, "unknown metric 'acuracy'"),
    (20, 3, "unknown key 'epochz' in 'train'"),
    (21, 15, "'batch_size' must be a whole number, found the text 'yes'"),
]
SUGGESTIONS = [
    None,
    "did you mean 'digits'?",
    None,
    "did you mean 'Rescaling'?",
    "did you mean 'units'?",
    "did you mean 'relu'?",
    "write 0.2 without quotes",
    f"did you mean '{LOSS}'?",
    None,
    "did you mean 'accuracy'?",
    "did you mean 'epochs'?",
    None,
]


def test_twelve_mistakes_are_told_in_one_go(problems):
    found = problems(TWELVE)
    assert [each.at for each in found] == EXPECTED
    assert [each.suggestion for each in found] == SUGGESTIONS
    assert len(found) == 12


def test_the_error_itself_is_the_first_of_them(read):
    import pytest

    from dlcli.errors import ConfigError

    with pytest.raises(ConfigError) as caught:
        read(TWELVE)
    error = caught.value
    assert (error.message, error.line, error.column) == (EXPECTED[0][2], 2, 7)
    assert (error.code, error.name) == (3, "config")
    assert error.file is not None
    assert error.file.endswith("/config.yaml")


def test_each_mistake_alone_is_told_at_the_same_place(problem):
    mended = {
        "seed: -1": "seed: 1",
        "source: digit\n": "source: digits\n",
        "validation: 2": "validation: 0.2",
        "Rescalin:": "Rescaling:",
        "unit: 64": "units: 64",
        "rellu": "relu",
        '"0.2"': "0.2",
        f"{LOSS}y": LOSS,
        "fast": "1e-3",
        "acuracy": "accuracy",
        "epochz": "epochs",
        "yes": "32",
    }
    assert len(mended) == len(EXPECTED)
    for kept, expected in zip(mended, EXPECTED, strict=True):
        text = TWELVE
        for old, new in mended.items():
            if old != kept:
                assert text.count(old) == 1
                text = text.replace(old, new)
        assert problem(text).at == expected


def test_every_mistake_of_the_text_itself_is_told_before_any_of_its_meaning(problems):
    text = "seed: 012\nseed: 1\nname: !tag x\ntrain: {<<: {a: 1}, epochs: 99999999999999999999}\nfoo: 1\n"
    assert [each.at for each in problems(text)] == [
        (1, 7, "a number with a leading zero is ambiguous: 012"),
        (2, 1, "duplicate key 'seed', first written at line 1"),
        (3, 7, "tags are not allowed, found '!tag'"),
        (4, 9, "merge keys ('<<') are not allowed"),
        (4, 29, "the number does not fit in 64 bits: 99999999999999999999"),
    ]


def test_every_mistake_of_one_layer_is_told(problems, change):
    text = change(
        (
            "units: 64, activation: relu",
            "unit: 64, activation: rellu, use_bias: yes, kernel_regularizer: {L2: x}, foo: 1",
        )
    )
    assert [each.at for each in problems(text)] == [
        (15, 13, "unknown argument 'unit' for Dense"),
        (15, 35, "unknown activation 'rellu'"),
        (15, 52, "'use_bias' must be true or false, found the text 'yes'"),
        (15, 82, "'l2' must be a number, found the text 'x'"),
        (15, 86, "unknown argument 'foo' for Dense"),
    ]


FIFTEEN = """\
name: many
seed: -1
data:
  source: iris
  split: {validation: 0.9, test: 0.3}
blocks:
  head: {parameters: {units: 8}, layers: [Dense: "${units}"]}
layers:
  - Dense: {unit: 8, name: stem}
  - block: {use: haed}
  - block: {use: head, unis: 3}
  - Dense: {units: "${data.clases}"}
  - residual: {layers: [Dense: 8], shortcutt: []}
  - Dense: {units: 4, from: nowhere}
  - Dense: {units: 1, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer:
  Adam: {learning_rate: -1}
metrics: [accuracy, acuracy]
train:
  epochs: 0
  batch_size: 010
  early_stopping: {monitor: val_los, patience: 5}
  until: val_accuracy > x
  epochs: 3
"""


def test_mistakes_of_every_kind_are_told_together_each_at_its_line(problems):
    found = {each.at[0]: each.at[2] for each in problems(FIFTEEN)}
    assert found == {
        2: "'seed' must be at least 0, found the number -1",
        5: "validation 0.9 and test 0.3 together take 1.2 of the samples; at most 0.9, so that some are left for training",
        9: "unknown argument 'unit' for Dense",
        10: "no block is called 'haed'; there are: head",
        11: "the block 'head' has no parameter 'unis'",
        12: "nothing is named '${data.clases}'",
        13: "unknown key 'shortcutt' in 'layers.4.residual'",
        14: "'from' names 'nowhere', which is no layer above and no input",
        15: "softmax over one unit is always 1, so Dense cannot learn",
        18: "'learning_rate' must be greater than 0, found -1",
        19: "unknown metric 'acuracy'",
        22: "a number with a leading zero is ambiguous: 010",
        23: "nothing is called 'val_los'; there are: loss, accuracy, val_loss, val_accuracy",
        24: "'until' must be a condition such as 'val_accuracy >= 0.98', found the text 'val_accuracy > x'",
        25: "duplicate key 'epochs', first written at line 21",
    }
    assert len(problems(FIFTEEN)) == 15
