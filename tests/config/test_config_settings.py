"""`--set PATH=VALUE`: every form, paths through the idiom, relative paths, and errors that name the option."""

from __future__ import annotations

import pytest

from dlcli.data.sources import endings

STACK = [
    {"Flatten": {}},
    {"Dense": {"units": 64, "activation": "relu"}},
    {"Dropout": {"rate": 0.2}},
    {"Dense": {"units": 10, "activation": "softmax"}},
]


def stack(position, layer):
    return {"layers": [*STACK[:position], layer, *STACK[position + 1 :]]}


@pytest.fixture
def plain(read, digits):
    """What settings change of digits.yaml, as plain data."""
    before = read(digits).plain()

    def plain(*settings):
        after = read(digits, *settings).plain()
        return {key: value for key, value in after.items() if value != before[key]}

    return plain


ADAM = {"Adam": {"learning_rate": 0.01}}
RATE = {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": "4 epochs"}}
FORMS = {
    ("name=other",): {"name": "other"},
    ("name=a=b",): {"name": "a=b"},
    ("name=a # b",): {"name": "a"},
    ("name='a # b'",): {"name": "a # b"},
    ("name=한글 😀",): {"name": "한글 😀"},
    ("name=${train.epochs} epochs",): {"name": "30 epochs"},
    ("seed=1", "seed=2"): {"seed": 2},
    ("seed = 3",): {"seed": 3},
    ("optimizer.learning_rate=0.01",): {"optimizer": ADAM},
    ("optimizer.Adam.learning_rate=0.01",): {"optimizer": ADAM},
    ("optimizer.adam.learning_rate=0.01",): {"optimizer": ADAM},
    ("optimizer.Adam=0.01",): {"optimizer": ADAM},
    ("optimizer={Adam: 0.01}",): {"optimizer": ADAM},
    ("optimizer=Adam", "optimizer.learning_rate=0.01"): {"optimizer": ADAM},
    ("optimizer={Adam: 0.1}", "optimizer.learning_rate=0.01"): {"optimizer": ADAM},
    ("optimizer=SGD",): {"optimizer": {"SGD": {}}},
    ("optimizer={SGD: 0.5}", "optimizer.momentum=0.9"): {"optimizer": {"SGD": {"learning_rate": 0.5, "momentum": 0.9}}},
    (
        "optimizer.learning_rate={CosineDecay: {initial_learning_rate: 0.1, decay_steps: 3 epochs}}",
        "optimizer.learning_rate.decay_steps=4 epochs",
    ): {"optimizer": {"Adam": {"learning_rate": RATE}}},
    ("loss.ignore_class=3",): {"loss": {"sparse_categorical_crossentropy": {"ignore_class": 3}}},
    ("metrics+=mae",): {"metrics": [{"accuracy": {}}, {"mae": {}}]},
    ("metrics += mae",): {"metrics": [{"accuracy": {}}, {"mae": {}}]},
    ("metrics+=[mae, mse]",): {"metrics": [{"accuracy": {}}, {"mae": {}}, {"mse": {}}]},
    ("metrics+={MeanSquaredError: {name: error}}",): {
        "metrics": [{"accuracy": {}}, {"MeanSquaredError": {"name": "error"}}]
    },
    ("metrics=[]", "metrics+=mae"): {"metrics": [{"mae": {}}]},
    ("metrics.0=mae",): {"metrics": [{"mae": {}}]},
    ("layers.1.units=128",): stack(1, {"Dense": {"units": 128, "activation": "relu"}}),
    ("layers.1.Dense.units=128",): stack(1, {"Dense": {"units": 128, "activation": "relu"}}),
    ("layers.1.Dense=128",): stack(1, {"Dense": {"units": 128}}),
    ("layers.2=Flatten",): stack(2, {"Flatten": {}}),
    ("layers.2={GaussianNoise: 0.1}",): stack(2, {"GaussianNoise": {"stddev": 0.1}}),
    ("layers.2.rate=0.5",): stack(2, {"Dropout": {"rate": 0.5}}),
    ("layers.2.Dropout=0.5",): stack(2, {"Dropout": {"rate": 0.5}}),
    ("layers.2.Dropout.rate=0.5",): stack(2, {"Dropout": {"rate": 0.5}}),
    ("layers.2.seed=3",): stack(2, {"Dropout": {"rate": 0.2, "seed": 3}}),
    ("layers.2.Dropout.seed=3",): stack(2, {"Dropout": {"rate": 0.2, "seed": 3}}),
    ("layers.0.name=flat", "layers.flat.data_format=channels_first"): stack(
        0, {"Flatten": {"name": "flat", "data_format": "channels_first"}}
    ),
    ("layers.1.name=숨은층", "layers.숨은층.units=8"): stack(
        1, {"Dense": {"units": 8, "activation": "relu", "name": "숨은층"}}
    ),
    ("layers.1.kernel_regularizer={L2: 0.1}", "layers.1.kernel_regularizer.l2=0.2"): stack(
        1, {"Dense": {"units": 64, "activation": "relu", "kernel_regularizer": {"L2": {"l2": 0.2}}}}
    ),
}


@pytest.mark.parametrize("settings", FORMS, ids=[" ".join(settings) for settings in FORMS])
def test_a_setting_changes_what_it_names_and_nothing_else(plain, settings):
    assert plain(*settings) == FORMS[settings]


def test_the_forms_are_thirty_eight():
    assert len(FORMS) == 38


TRAIN = {
    "train.epochs=5": ("epochs", 5),
    "train.early_stopping=null": ("early_stopping", None),
    "train.early_stopping=": ("early_stopping", None),
    "train.class_weight.cat=2": ("class_weight", {"cat": 2.0}),
    "train.class_weight={cat: 2}": ("class_weight", {"cat": 2.0}),
    "train.batch_size=${train.epochs}": ("batch_size", 30),
    "train.callbacks+=SwapEMAWeights": ("callbacks", [{"SwapEMAWeights": {}}]),
}


def test_a_block_that_is_missing_is_made(plain):
    for setting, (key, value) in TRAIN.items():
        changed = plain(setting)
        assert list(changed) == ["train"]
        assert changed["train"][key] == value
    changed = plain("train.reduce_on_plateau.factor=0.5")
    assert changed["train"]["reduce_on_plateau"]["factor"] == 0.5
    assert len(TRAIN) == 7


def test_paths_of_a_setting_are_relative_to_the_working_directory(read, change, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    text = change(("source: digits", "source: d.csv"))
    assert read(text).data.source.path == f"{tmp_path}/d.csv"
    assert read(text, "data.source=x.csv").data.source.path == f"{here}/x.csv"
    assert read(text, "data.source={csv: {path: x.csv}}").data.source.path == f"{here}/x.csv"
    assert read(text, "data.source.path=x.csv").data.source.path == f"{here}/x.csv"
    assert read(text, "data.source.csv=x.csv").data.source.path == f"{here}/x.csv"
    assert read(text, "data.source=csv", "data.source.path=[x.csv, /y.csv]").data.source.path == [
        f"{here}/x.csv",
        "/y.csv",
    ]
    assert read(text, "data.source.separator=;").data.source.path == f"{tmp_path}/d.csv"


def test_a_setting_reaches_into_a_wrapper(read, change):
    text = change(("Dense: {units: 64, activation: relu}", "TimeDistributed: {layer: {Dense: {units: 64}}}"))
    config = read(text, "layers.1.layer.units=8")
    assert config.layers[1].keras.arguments["layer"].arguments == {"units": 8}


def test_a_setting_is_laid_upon_what_a_file_extends(write, read, digits):
    write("base.yaml", digits)
    config = read("extends: base.yaml\ntrain: {epochs: 3}\n", "train.epochs=5", "optimizer.beta_1=0.8")
    assert config.train.epochs == 5
    assert config.optimizer.arguments == {"learning_rate": 0.001, "beta_1": 0.8}


SET = "for example --set train.epochs=5"
POSITION = "address it by its position, counted from 0"
WRONG = {
    "train.epochs": (1, "expected PATH=VALUE", SET, "train.epochs"),
    "=5": (1, "expected PATH=VALUE", SET, "=5"),
    "train..epochs=5": (1, "expected PATH=VALUE", SET, "train..epochs=5"),
    ".=5": (1, "expected PATH=VALUE", SET, ".=5"),
    "+=5": (1, "expected PATH=VALUE", SET, "+=5"),
    "train.epochs=yes": (14, "'epochs' must be a whole number, found the text 'yes'", None, "yes"),
    "train.epochs=0": (14, "'epochs' must be at least 1, found the number 0", None, "0"),
    "train.epochs='5'": (14, "'epochs' must be a whole number, found the text '5'", "write 5 without quotes", "'5'"),
    "train.epochs=012": (
        14,
        "a number with a leading zero is ambiguous: 012",
        'write 12, or "012" for text',
        "012",
    ),
    "train.epochs=[1": (14, "the '[' that opens here is not closed", "write ']' at its end", "["),
    "train.epochs=!!int 3": (14, "tags are not allowed, found '!!int'", "leave the tag out", "!!int 3"),
    "train.epochs=&a [*a]": (18, "'*a' stands inside what it names, so it would never end", None, "*a"),
    "train.epochs=1\nseed: 2": (14, "a value ends with its line", None, "1"),
    "trian.epochs=5": (1, "unknown key 'trian'", "did you mean 'train'?", "trian.epochs"),
    "train.epochz=5": (1, "unknown key 'epochz' in 'train'", "did you mean 'epochs'?", "train.epochz"),
    "train.epochs.x=5": (1, "on this path stands the number 30, which has no keys of its own", None, "train.epochs.x"),
    "optimizer.learning_rat=1": (
        1,
        "unknown argument 'learning_rat' for Adam",
        "did you mean 'learning_rate'?",
        "optimizer.learning_rat",
    ),
    "optimizer.learning_rate=fast": (
        25,
        "'learning_rate' must be a number or a schedule, found the text 'fast'",
        None,
        "fast",
    ),
    "optimizer.SGD.momentum=1": (1, "here stands Adam, not SGD", "set the whole: {SGD: {…}}", "optimizer.SGD.momentum"),
    "optimizer=SDG": (11, "unknown optimizer 'SDG'", "did you mean 'SGD'?", "SDG"),
    "optimizer=": (10, "expected an optimizer, found nothing", None, "="),
    "metrics=mae": (9, "'metrics' must be a list, found the text 'mae'", "write [mae]", "mae"),
    "metrics+=auc": (
        10,
        "auc reads one probability a sample, but the output has one for each class",
        "write accuracy, or data.target: {column: …, encode: one_hot} with loss: categorical_crossentropy",
        "auc",
    ),
    "metrics+=acuracy": (10, "unknown metric 'acuracy'", "did you mean 'accuracy'?", "acuracy"),
    "name+=x": (1, "'+=' appends to a list, and here stands the text 'digits'", "use '='", "name"),
    "layers.9=Flatten": (1, "there is no position 9; the list has 4, counted from 0", None, "layers.9"),
    "layers.hidden.units=3": (1, "nothing in the list is named 'hidden'", POSITION, "layers.hidden.units"),
    "layers.-1.units=3": (1, "nothing in the list is named '-1'", POSITION, "layers.-1.units"),
    f"layers.{'9' * 5000}=3": (1, f"nothing in the list is named '{'9' * 5000}'", POSITION, f"layers.{'9' * 5000}"),
    "layers.1.unit=3": (1, "unknown argument 'unit' for Dense", "did you mean 'units'?", "layers.1.unit"),
    "train.early_stopping.monitor=val_acc": (
        30,
        "nothing is called 'val_acc'; there are: loss, accuracy, val_loss, val_accuracy",
        "did you mean 'val_accuracy'?",
        "val_acc",
    ),
    "extends=base.yaml": (1, "'extends' stands in a file and cannot be set", None, "extends"),
    "name=${nothing}": (6, "nothing is named '${nothing}'", None, "${nothing}"),
    "data.source=x.foo": (
        13,
        f"cannot tell from its name what 'x.foo' holds; known endings: {', '.join(endings())}",
        "name the source: csv: x.foo",
        "x.foo",
    ),
    "name=\0": (6, "the character U+0000 may not stand in a text file", None, "\0"),
}


@pytest.mark.parametrize("setting", WRONG, ids=range(len(WRONG)))
def test_an_error_in_a_setting_names_the_option_and_the_place_in_it(problem, digits, setting):
    found = problem(digits, setting)
    column, message, suggestion, marked = WRONG[setting]
    assert found.file == f"--set {setting}"
    assert found.at == (1, column, message)
    assert found.suggestion == suggestion
    assert found.marked == marked


def test_the_wrong_settings_are_thirty_five():
    assert len(WRONG) == 35


def test_a_layer_is_addressed_by_the_nearest_name(problem, change):
    text = change(("units: 64", "units: 64, name: hidden"))
    found = problem(text, "layers.hiden.units=3")
    assert found.at == (1, 1, "nothing in the list is named 'hiden'")
    assert found.suggestion == "did you mean 'hidden'?"


def test_bytes_that_are_no_text_are_refused(problem, digits):
    for byte in ("\udcff", "\ud800"):
        found = problem(digits, f"name={byte}")
        assert found.file == "--set name=?"
        assert found.at == (1, 1, "the option is not UTF-8")


def test_every_wrong_setting_and_line_is_told(problems, change):
    found = problems(change(("units: 64", "unit: 64")), "seed=-1", "train.epochs=0")
    assert [(each.file.rpartition("/")[2], *each.at) for each in found] == [
        ("--set seed=-1", 1, 6, "'seed' must be at least 0, found the number -1"),
        ("--set train.epochs=0", 1, 14, "'epochs' must be at least 1, found the number 0"),
        ("config.yaml", 15, 13, "unknown argument 'unit' for Dense"),
    ]


def test_every_setting_that_cannot_be_read_is_told(problems, digits):
    found = problems(digits, "seed", "layers.9=Flatten", "name=[", "train.epochs=0")
    assert [each.file for each in found] == ["--set seed", "--set layers.9=Flatten", "--set name=["]


def test_a_setting_mends_what_the_file_has_wrong(read, change):
    assert read(change(("epochs: 30", "epochs: x")), "train.epochs=3").train.epochs == 3


NESTED = """\
data: {source: digits}
layers:
  - Flatten
  - residual: {layers: [Dense: {units: 64, name: first}], name: sum}
  - residual:
      - repeat: {times: 2, layers: [Dense: {units: 64, name: deep}]}
  - branches: {paths: [[Dense: {units: 4, name: left}], [Dense: {units: 5, name: right}]]}
  - Dense: {units: 10, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""


@pytest.mark.parametrize(
    ("name", "position", "way"),
    [
        ("first", 1, ("residual", "layers", 0)),
        ("deep", 2, ("residual", "layers", 0, "repeat", "layers", 0)),
        ("left", 3, ("branches", "paths", 0, 0)),
        ("right", 3, ("branches", "paths", 1, 0)),
    ],
)
def test_a_layer_inside_a_group_is_addressed_by_its_name(read, name, position, way):
    entry = read(NESTED, f"layers.{name}.units=7").plain()["layers"][position]
    for part in way:
        entry = entry[part]
    assert entry == {"Dense": {"units": 7, "name": name}}


def test_an_argument_of_a_group_is_set_like_any_other(read):
    changed = read(NESTED, "layers.2.residual.layers.0.repeat.times=3", "layers.sum.name=total").plain()["layers"]
    assert changed[2]["residual"]["layers"][0]["repeat"]["times"] == 3
    assert changed[1]["residual"]["name"] == "total"
    assert (
        read(NESTED, "layers.2.layers.0.times=4").plain()["layers"][2]["residual"]["layers"][0]["repeat"]["times"] == 4
    )
