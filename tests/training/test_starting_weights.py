"""`weights`: a training starts with weights that were trained before, all of them or those of some layers."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.runs import Run, read_state

Command = Callable[..., Any]
Arrays = dict[str, list[Any]]
LAYERS = [
    {"submodel": {"name": "the base", "layers": [{"Dense": {"units": 6, "activation": "relu"}}, "BatchNormalization"]}},
    {"Dense": {"units": 5, "name": "층.b"}},
    {"Dense": {"units": 3, "activation": "softmax"}},
]
BASE = "the.u20.base"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command, write_experiment: Callable[..., Path]) -> Path:
    """A folder with a run `first` of two epochs, and `next.yaml` that trains the same layers from another seed."""
    place = tmp_path_factory.mktemp("weights")
    config = write_experiment(place, {"layers": LAYERS, "train.epochs": 2})
    done = run_dlcli("train", config, "--name", "first", "-q", cwd=place)
    assert done.code == 0, done.err
    write_experiment(place, {"layers": LAYERS, "seed": 9, "train.epochs": 1}, file="next.yaml")
    return place


def kept(run: Path) -> Any:
    """The model of a run."""
    import keras

    return keras.saving.load_model(run / "model" / "model.keras", compile=False)


def begun_with(folder: Path, *settings: str, file: str = "next.yaml") -> Any:
    """The model of a configuration as its training begins."""
    from dlcli.config import load_config
    from dlcli.training.kept.starting_weights import set_up_started

    config, _ = load_config(str(folder / file), settings=settings)
    return set_up_started(config, runs=folder / "runs", allow_code=False)


def arrays(layer: Any) -> list[Any]:
    return [each.numpy() for each in layer.weights]


def equal(one: Any, other: Any) -> bool:
    """Whether two layers or models have the same weights."""
    pairs = list(zip(arrays(one), arrays(other), strict=True))
    assert pairs
    return all(np.array_equal(*pair) for pair in pairs)


@pytest.mark.parametrize("form", ["run", "folder", "keras", "h5", "layer of h5"])
def test_all_weights_or_those_of_a_layer_are_taken(folder: Path, form: str) -> None:
    first = kept(folder / "runs" / "first")
    first.save_weights(folder / "first.weights.h5")
    places = {"run": "first", "folder": str(folder / "runs" / "first"), "h5": str(folder / "first.weights.h5")}
    places |= {"keras": str(folder / "runs/first/model/model.keras"), "layer of h5": str(folder / "first.weights.h5")}
    settings = [f"weights.from={places[form]}"]
    if form == "layer of h5":
        settings.append("weights.layers=[the base, 층.b]")
    experiment, fresh = begun_with(folder, *settings), begun_with(folder)
    model = experiment.model
    assert not equal(model.get_layer(BASE), fresh.model.get_layer(BASE))
    for layer in model.layers:
        if layer.weights:
            taken = form != "layer of h5" or layer.name != "dense_1"
            assert equal(layer, first.get_layer(layer.name)) is taken, layer.name
    assert equal(model, first) is (form != "layer of h5")
    assert experiment.weights is not None
    assert experiment.weights.parameters == (16 * 6 + 6 + 4 * 6 + 6 * 5 + 5 + (5 * 3 + 3) * (form != "layer of h5"))
    assert fresh.weights is None


def test_the_hash_stands_in_the_run_and_inspect_shows_it(folder: Path, run_dlcli: Command) -> None:
    arguments = ("train", "next.yaml", "--set", "weights={from: first, layers: [the base]}", "--name", "second", "-q")
    assert run_dlcli(*arguments, cwd=folder).code == 0
    file = folder / "runs" / "first" / "model" / "model.keras"
    wanted = {
        "file": str(file),
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "layers": ["the base"],
        "parameters": 16 * 6 + 6 + 4 * 6,
    }
    recorded = json.loads((folder / "runs" / "second" / "env.json").read_text())["weights"]
    assert recorded == wanted
    shown = run_dlcli("inspect", "second", "--json", cwd=folder).value
    assert shown["started_from"] == wanted
    assert run_dlcli("inspect", "first", "--json", cwd=folder).value["started_from"] is None
    before = run_dlcli("inspect", "next.yaml", "--set", "weights.from=first", "--json", cwd=folder).value
    assert before["started_from"]["sha256"] == wanted["sha256"]


def test_resume_does_not_load_them_again_unless_it_begins_anew(
    folder: Path, run_dlcli: Command, write_experiment: Callable[..., Path]
) -> None:
    shutil.copytree(folder / "runs" / "first", folder / "moving")
    arguments = ("train", "next.yaml", "--set", "weights.from=moving", "--epochs", "3", "-q", "--name")
    keeping = ("--set", "train.checkpoint={keep_after: 2}")
    for name in ("whole", "cut", "anew"):
        assert run_dlcli(*arguments, name, *keeping, cwd=folder).code == 0
    runs = folder / "runs"
    lines = [(runs / name / "metrics.jsonl").read_bytes() for name in ("whole", "cut", "anew")]
    assert lines[0] == lines[1] == lines[2]
    # Its checkpoint of the second epoch is the newest: what is in it came from the weights, which are gone.
    for path in sorted((runs / "cut" / "checkpoints").iterdir())[-1:]:
        shutil.rmtree(path)
    for path in (runs / "anew" / "checkpoints").iterdir():
        shutil.rmtree(path)
    for name in ("cut", "anew"):
        state = read_state(Run(runs / name))
        replace(state, status="running", resumable=name == "cut").write(Run(runs / name))
    shutil.rmtree(folder / "moving" / "model")
    done = run_dlcli("resume", "cut", "-q", cwd=folder)
    assert done.code == 0, done.err
    assert (runs / "cut" / "metrics.jsonl").read_bytes() == lines[0]
    assert equal(kept(runs / "cut"), kept(runs / "whole"))
    gone = run_dlcli("resume", "anew", "--json", cwd=folder)
    assert gone.error["kind"] == "no_model"
    shutil.copytree(runs / "whole" / "model", folder / "moving" / "model")
    changed = run_dlcli("resume", "anew", "--json", cwd=folder)
    assert (changed.code, changed.error["kind"]) == (8, "weights_changed")
    shutil.rmtree(folder / "moving" / "model")
    shutil.copytree(runs / "first" / "model", folder / "moving" / "model")
    again = run_dlcli("resume", "anew", "-q", cwd=folder)
    assert again.code == 0, again.err
    assert (runs / "anew" / "metrics.jsonl").read_bytes() == lines[0]


WRONG = [
    ("weights={from: nope}", "no_such_run", "there is no run 'nope' in runs"),
    ("weights={from: nope.keras}", "missing_file", "nope.keras is not there"),
    ("weights={from: nope.weights.h5}", "missing_file", "nope.weights.h5 is not there"),
    ("weights={from: classes.npz}", "wrong_ending", "classes.npz is no file of weights that is known"),
    ("weights={from: ./runs}", "missing_file", "is no run"),
    ("weights={from: first, layers: [thebase]}", "no_such_layer", "the model has no layer 'thebase'"),
    ("weights={from: first, layers: [the base, 층.c]}", "no_such_layer", "the model has no layer '층.c'"),
    ("weights={from: first, layers: []}", "wrong_length", "layers"),
    ("weights={layers: [the base]}", "missing_key", "from"),
    ("weights=first", "wrong_type", "weights"),
]


@pytest.mark.parametrize(("setting", "kind", "words"), WRONG)
def test_what_cannot_be_taken_is_told_at_its_line(
    folder: Path, run_dlcli: Command, setting: str, kind: str, words: str
) -> None:
    done = run_dlcli("validate", "next.yaml", "--build", "--set", setting, "--json", cwd=folder)
    (problem,) = done.value["files"][0]["problems"]
    assert done.code == 3
    assert words in problem["message"]
    assert problem["kind"] == kind
    assert problem["line"] == 1


def test_a_mismatch_names_the_layer_and_both_shapes(folder: Path, run_dlcli: Command) -> None:
    wider = ["--set", "layers.the base.layers.0.units=7", "--json"]
    some = run_dlcli(
        "validate", "next.yaml", "--build", "--set", "weights={from: first, layers: [the base]}", *wider, cwd=folder
    )
    (problem,) = some.value["files"][0]["problems"]
    assert problem["message"] == (
        "the layer 'the base' (dense in it) has weights of (16, 7), (7), and model.keras (16, 6), (6)"
    )
    assert (problem["line"], problem["column"]) == (1, 32)
    every = run_dlcli("validate", "next.yaml", "--build", "--set", "weights.from=first", *wider, cwd=folder)
    (problem,) = every.value["files"][0]["problems"]
    assert "'the base'" in problem["message"]
    assert problem["suggestion"] == "write layers: [dense_1], which match"
    fitting = run_dlcli("validate", "next.yaml", "--build", "--set", "weights.from=first", cwd=folder)
    assert fitting.code == 0, fitting.out


def test_a_file_with_code_in_it_is_refused(folder: Path, run_dlcli: Command) -> None:
    with zipfile.ZipFile(folder / "runs/first/model/model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    tree = json.loads(members["config.json"])
    next(each for each in tree["config"]["layers"] if each["class_name"] == "Dense")["class_name"] = "Lambda"
    with zipfile.ZipFile(folder / "code.keras", "w") as archive:
        for name, content in {**members, "config.json": json.dumps(tree).encode()}.items():
            archive.writestr(name, content)
    done = run_dlcli("train", "next.yaml", "--set", "weights.from=code.keras", "--json", cwd=folder)
    assert (done.code, done.error["kind"]) == (10, "unknown_thing")
    (folder / "torn.keras").write_bytes((folder / "code.keras").read_bytes()[:200])
    torn = run_dlcli("train", "next.yaml", "--set", "weights.from=torn.keras", "--json", cwd=folder)
    assert (torn.code, torn.error["kind"]) == (5, "damaged_model")


def test_a_run_without_a_model_is_told_with_what_to_do(folder: Path, run_dlcli: Command) -> None:
    run = Run(folder / "runs" / "crashed")
    shutil.copytree(folder / "runs" / "first", run.path)
    replace(read_state(run), run="crashed", status="running").write(run)
    noted = run_dlcli("train", "next.yaml", "--set", "weights.from=crashed", "--name", "noted", cwd=folder)
    assert noted.code == 0
    assert "note: 'crashed' was killed before its end" in noted.err
    shutil.rmtree(run.model)
    done = run_dlcli("train", "next.yaml", "--set", "weights.from=crashed", "--json", cwd=folder)
    assert (done.code, done.error["kind"]) == (5, "no_model")
    assert "dlcli resume crashed" in done.error["hint"]


def test_weights_of_keras_alone_are_taken_by_name_and_a_cut_backbone_takes_a_whole_one(tmp_path: Path) -> None:
    import keras

    keras.utils.set_random_seed(5)
    base = keras.applications.MobileNetV2(
        include_top=False, weights=None, alpha=0.35, input_shape=(32, 32, 1), name="base"
    )
    x = keras.layers.Input((32, 32, 1))
    keras.Model(x, keras.layers.Dense(7, name="other")(keras.layers.Flatten()(base(x)))).save(tmp_path / "whole.keras")
    text = """\
data: {source: digits, prepare: [{Reshape: {target_shape: [8, 8, 1]}}, {Resizing: {height: 32, width: 32}}]}
layers:
  - MobileNetV2: {weights: null, include_top: false, alpha: 0.35, name: base}
  - GlobalAveragePooling2D: {from: base.block_2_add}
  - Dense: 10
loss: {SparseCategoricalCrossentropy: {from_logits: true}}
optimizer: Adam
train: {epochs: 1}
weights: {from: whole.keras, layers: [base]}
"""
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    cut = begun_with(tmp_path, file="a.yaml").model.get_layer("base")
    compared = 0
    for layer in cut.layers:
        if layer.weights:
            compared += 1
            assert equal(layer, base.get_layer(layer.name)), layer.name
    assert 10 < compared < sum(bool(layer.weights) for layer in base.layers)
