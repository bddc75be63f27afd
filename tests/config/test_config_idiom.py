"""The three forms of the idiom, things within things, and configurations that read back as the same."""

from __future__ import annotations

import json

import pytest

from dlcli.config import load_resolved
from dlcli.spec import Epochs, Fact, Text, plain

LAYER = "Dense: {units: 64, activation: relu}"
OPTIMIZER = "Adam: {learning_rate: 1e-3}"
SAME = [
    (
        "  - Flatten",
        ["  - Flatten", "  - Flatten:", "  - Flatten: null", "  - Flatten: {}", "  - {Flatten: {}}", "  - 'Flatten'"],
    ),
    (
        "  - Dropout: 0.2",
        ["  - Dropout: 0.2", "  - Dropout: {rate: 0.2}", "  - {Dropout: 0.2}", "  - Dropout:\n      rate: 0.2"],
    ),
    (f"  - {LAYER}", [f"  - {LAYER}", "  - Dense:\n      units: 64\n      activation: relu"]),
    (f"  {OPTIMIZER}", ["  Adam: 0.001", "  Adam: {learning_rate: 1e-3}", "  {Adam: {learning_rate: 0.001}}"]),
    ("[accuracy]", ["[accuracy]", "[accuracy: {}]", "[{accuracy: }]", "\n  - accuracy", "\n- accuracy:"]),
    ("source: digits", ["source: digits", "source: {digits: }", "source: {digits: {}}", "source:\n    digits:"]),
    ("    - Rescaling: {scale: 0.0625}", ["    - Rescaling: 0.0625", "    - Rescaling: {scale: 0.0625}"]),
    (
        "loss: sparse_categorical_crossentropy",
        ["loss: sparse_categorical_crossentropy", "loss: {sparse_categorical_crossentropy: {}}"],
    ),
]


@pytest.mark.parametrize(("old", "forms"), SAME, ids=range(len(SAME)))
def test_the_forms_of_the_idiom_mean_the_same(read, change, old, forms):
    first = read(change((old, forms[0]))).plain()
    for form in forms[1:]:
        assert read(change((old, form))).plain() == first, form


def test_the_forms_are_twenty_eight():
    assert sum(len(forms) for _, forms in SAME) == 28


def test_a_path_alone_is_a_source(read, change, tmp_path):
    forms = ["d.csv", "{csv: d.csv}", "{csv: {path: d.csv}}"]
    found = [read(change(("source: digits", f"source: {form}"))).data.source for form in forms]
    assert found[0] == found[1] == found[2]
    assert found[0].path == f"{tmp_path}/d.csv"
    tabs = read(change(("source: digits", "source: d.TSV"))).data.source
    assert (tabs.word, tabs.separator) == ("csv", "\t")
    assert read(change(("source: digits", "source: d.npz"))).data.source.word == "npz"


def test_both_spellings_of_keras_mean_the_same_class(read, change):
    spellings = {
        "optimizers": ["Adam", "adam"],
        "losses": ["MeanSquaredError", "mean_squared_error", "mse"],
        "metrics": ["MeanAbsoluteError", "mean_absolute_error", "mae"],
    }
    for name in spellings["optimizers"]:
        assert read(change((OPTIMIZER, name))).optimizer.name == "Adam"
    for name in spellings["losses"]:
        config = read(change(("loss: sparse_categorical_crossentropy", f"loss: {name}"), ("[accuracy]", "[mae]")))
        assert (config.loss.name, config.loss.written) == ("MeanSquaredError", name)
    for name in spellings["metrics"]:
        assert read(change(("[accuracy]", f"[{name}]"), ("val_loss", "loss"))).metrics[0].name == "MeanAbsoluteError"


def nested(depth):
    """A layer inside `depth` wrappers."""
    return "{TimeDistributed: {layer: " * depth + "{Dense: {units: 8}}" + "}}" * depth


def test_things_are_read_at_any_depth(read, change):
    for depth in (1, 2, 5, 20):
        layer = read(change((LAYER, nested(depth)))).layers[1].keras
        for _ in range(depth):
            assert layer.name == "TimeDistributed"
            layer = layer.arguments["layer"]
        assert (layer.name, layer.arguments) == ("Dense", {"units": 8})


def test_a_mistake_is_found_at_any_depth(problem, change):
    for depth in (1, 2, 5, 20):
        text = nested(depth).replace("units", "unitz")
        found = problem(change((LAYER, text)))
        assert found.at == (15, 5 + text.index("unitz"), "unknown argument 'unitz' for Dense")
        assert len(found.path) == 2 + 2 * depth + 2


DEEP = (
    "Bidirectional: {layer: {LSTM: {units: 32, kernel_regularizer: {L2: 1e-4}, kernel_initializer: he_normal, "
    "recurrent_constraint: {MaxNorm: 2}}}}"
)


def test_everything_that_a_layer_holds_is_read(read, change):
    lstm = read(change((LAYER, DEEP))).layers[1].keras.arguments["layer"].arguments
    assert lstm["units"] == 32
    assert (lstm["kernel_regularizer"].name, lstm["kernel_regularizer"].arguments) == ("L2", {"l2": 0.0001})
    assert (lstm["kernel_initializer"].name, lstm["kernel_initializer"].arguments) == ("HeNormal", {})
    assert lstm["recurrent_constraint"].arguments == {"max_value": 2}


def test_a_mistake_of_every_kind_is_found_inside_a_layer(problem, change):
    swaps = {
        "units: 32": ("unit: 32", 36, "unknown argument 'unit' for LSTM"),
        "L2: 1e-4": ("L2: x", 72, "'l2' must be a number, found the text 'x'"),
        "L2: 1e-4}": ("L4: 1}", 68, "unknown regularizer 'L4'"),
        "he_normal": ("he_norml", 99, "unknown initializer 'he_norml'"),
        "{MaxNorm: 2}": ("MaxNorn", 132, "unknown constraint 'MaxNorn'"),
        "{LSTM: {units: 32": ("{LSTN: {units: 32", 29, "unknown layer 'LSTN'"),
    }
    for old, (new, column, message) in swaps.items():
        assert problem(change((LAYER, DEEP.replace(old, new)))).at == (15, column, message)
    assert len(swaps) == 6


def test_several_things_stand_in_a_list_where_keras_takes_several(read, problem, change):
    cells = read(change((LAYER, "RNN: {cell: [{LSTMCell: 3}, {GRUCell: 4}]}"))).layers[1].keras.arguments["cell"]
    assert [(cell.name, cell.arguments) for cell in cells] == [("LSTMCell", {"units": 3}), ("GRUCell", {"units": 4})]
    layers = read(change((LAYER, "Pipeline: {layers: [Flatten, {Dropout: 0.1}]}"))).layers[1].keras.arguments["layers"]
    assert [layer.name for layer in layers] == ["Flatten", "Dropout"]
    found = problem(change((LAYER, "RNN: {cell: [{LSTMCell: 3}, {GRUCell: x}]}")))
    assert found.at == (15, 43, "'units' must be a whole number, found the text 'x'")
    found = problem(change((LAYER, "Dense: {units: 3, kernel_regularizer: [{L2: 1}]}")))
    assert found.at == (15, 43, "expected a regularizer, found a list")


def test_a_thing_that_is_needed_may_not_be_nothing(problem, change):
    found = problem(change((LAYER, "Bidirectional: {layer: null}")))
    assert found.at == (15, 28, "expected a layer, found nothing")
    found = problem(change((LAYER, "Activation: {activation: null}")))
    assert found.at == (15, 30, "'activation' must be the name of an activation, found nothing")


def test_a_thing_that_is_not_needed_may_be_nothing(read, change):
    config = read(change((LAYER, "Dense: {units: 64, kernel_regularizer: null, activation: null}")))
    assert config.layers[1].keras.arguments["kernel_regularizer"] is None


RICH = """\
name: 이름 😀
seed: 7
data:
  source: {csv: {path: [a.csv, 자료/b.csv], separator: ";", encoding: cp949, empty: [NA, "?"]}}
  inputs:
    수: {columns: [길이, 너비], kind: number, prepare: [Normalization]}
    범주: {columns: 색, kind: category}
  target: {column: 종류, encode: index, classes: [no, "1", 개]}
  split: {validation: 0.2, test: 0.1, by: "group:농장"}
  missing: {constant: 0}
layers:
  - Dense: {units: 8, from: 수, name: 왼쪽, kernel_regularizer: {L2: 1e-4}, kernel_initializer: he_normal}
  - Dense: {units: 8, from: [범주], name: right}
  - Concatenate: {from: [왼쪽, right]}
  - Dense: {units: "${data.classes}", activation: softmax}
loss: {sparse_categorical_crossentropy: {ignore_class: 3}}
optimizer:
  AdamW: {learning_rate: {CosineDecay: {initial_learning_rate: 1e-3, decay_steps: 20.5 epochs}}, weight_decay: 0}
metrics: [accuracy, {SparseTopKCategoricalAccuracy: {k: 2, name: top2}}]
train:
  epochs: 3
  batch_size: 1
  early_stopping: {monitor: val_top2, mode: max, min_delta: 1e-7}
  reduce_on_plateau: {}
  class_weight: {no: 0.1, 개: 3}
  time_limit: 1.5h
  until: val_accuracy >= 0.98
  callbacks: [SwapEMAWeights]
"""


def test_a_configuration_reads_back_from_its_plain_data(read, digits):
    for text in (digits, RICH):
        config = read(text)
        recorded = json.loads(json.dumps(config.plain()))
        again = load_resolved(recorded)
        assert again.plain() == config.plain() == recorded
        for field in type(config).model_fields:
            assert getattr(again, field) == getattr(config, field)


def test_plain_data_holds_the_defaults_and_no_type_of_ours(read):
    tree = read(RICH).plain()

    def types(value):
        if isinstance(value, dict):
            return {str}.union(*map(types, value.values())) if value else set()
        if isinstance(value, list):
            return set().union(*map(types, value))
        return {type(value)}

    assert types(tree) - {Text} <= {str, int, float, bool, type(None)}
    assert tree["train"]["engine"] == "auto"
    assert tree["layers"][3]["Dense"]["units"] == "${data.classes}"
    assert tree["layers"][1]["Dense"]["from"] == ["범주"]
    schedule = tree["optimizer"]["AdamW"]["learning_rate"]["CosineDecay"]
    assert schedule == {"initial_learning_rate": 0.001, "decay_steps": "20.5 epochs"}


def test_every_shipped_configuration_reads_back_from_its_plain_data():
    from pathlib import Path

    from dlcli.config import load_config

    files = sorted((Path(__file__).parents[2] / "configs").rglob("*.yaml"))
    for file in files:
        config, content = load_config(str(file))
        assert content == file.read_bytes()
        assert load_resolved(json.loads(json.dumps(config.plain()))).plain() == config.plain()
    assert len(files) >= 8


def test_epochs_are_written_so_that_they_read_back():
    for count in (1.0, 20.0, 2.5, 0.125, 1234567.0, 999999999.0, 0.000000001, 3.141592654):
        written = str(Epochs(count))
        assert float(written.removesuffix(" epochs")) == count
        assert "e" not in written.removesuffix(" epochs")
    assert plain([Epochs(2.0), Fact("data.classes")]) == ["2 epochs", "${data.classes}"]
    assert Epochs(0.001).resolve({"data.steps_per_epoch": 10}) == 1


def test_a_fact_that_the_data_does_not_have_is_an_error():
    with pytest.raises(ValueError, match=r"^the data has no 'data\.classes'; it has: data\.features$"):
        Fact("data.classes").resolve({"data.features": 3})
