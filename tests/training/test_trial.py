"""What Keras says only when it works is told at its line, with the argument to blame: layers, losses, metrics, optimizers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]
SHAPES = {"img": (8, 8, 3), "vec": (8,), "seq": (10, 4)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images, vectors and sequences of three classes, and vectors with numbers to learn."""
    folder = tmp_path_factory.mktemp("trial")
    generator = np.random.default_rng(0)
    for name, shape in SHAPES.items():
        np.savez(folder / f"{name}.npz", x=generator.random((40, *shape)), y=np.arange(40) % 3)
    np.savez(folder / "ids.npz", x=generator.integers(0, 9, (40, 6)), y=np.arange(40) % 3)
    np.savez(folder / "numbers.npz", x=generator.random((40, 8)), y=generator.random(40))
    return folder


def written(source: str, **changes: Any) -> dict[str, Any]:
    """A configuration over one of the files; `layers` stand before its head, `prepare` and `augment` in its data."""
    numbers = source == "numbers"
    head = {"Dense": {"units": 1} if numbers else {"units": 3, "activation": "softmax"}}
    layers = [*changes.pop("layers", []), "Flatten", head]
    data = {key: changes.pop(key) for key in ("prepare", "augment") if key in changes}
    return {
        "data": {"source": {"npz": {"path": f"{source}.npz", "inputs": "x", "target": "y"}}, **data},
        "layers": layers,
        "loss": "mse" if numbers else "sparse_categorical_crossentropy",
        "optimizer": "Adam",
        "train": {"epochs": 1},
        **changes,
    }


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "an axis": (
        written("img", layers=[{"BatchNormalization": {"axis": 9}}]),
        "BatchNormalization cannot have axis: 9 on the shape (8, 8, 3): tuple index out of range",
    ),
    "valid arguments that no graph takes": (
        written("img", layers=[{"AdaptiveAveragePooling2D": {"output_size": [3, 1]}}]),
        "AdaptiveAveragePooling2D cannot have output_size: [3, 1] on the shape (8, 8, 3): Negative dimension size",
    ),
    "an argument that cannot be left out": (
        written("img", layers=[{"RandomRotation": {"factor": 2}}]),
        "RandomRotation cannot have factor: 2 on the shape (8, 8, 3): The `factor` argument should be a number",
    ),
    "weights that are whole numbers": (
        written("img", layers=[{"Dense": {"units": 3, "dtype": "int32"}}]),
        "Dense cannot have dtype: int32: its weights are whole numbers, and gradients fractions",
    ),
    "a layer that another cannot wrap": (
        written("seq", layers=[{"Bidirectional": {"layer": {"Dense": 3}}}]),
        "Bidirectional cannot have layer: {Dense: {units: 3}} on the shape (10, 4): ",
    ),
    "a spectrogram of what is no sound": (
        written("img", layers=["MelSpectrogram"]),
        "MelSpectrogram cannot take the shape (8, 8, 3): paddings must be less than the dimension size: 1024, 1024 not less",
    ),
    "a spectrogram as preparation": (
        written("seq", prepare=["MelSpectrogram"]),
        "MelSpectrogram cannot prepare 'x' of shape (10, 4): paddings must be less than the dimension size: 1024, 1024 not less",
    ),
    "a preparation that says another shape than it has": (
        written("img", prepare=[{"Rescaling": 0.0}, {"CategoryEncoding": {"num_tokens": 5}}]),
        "CategoryEncoding cannot prepare 'x' of shape (8, 8, 3): it puts out (8, 3, 5), and Keras makes the layers behind it",
    ),
    "a regularizer": (
        written(
            "img", layers=[{"Conv2D": {"filters": 2, "kernel_size": 3, "kernel_regularizer": "OrthogonalRegularizer"}}]
        ),
        "Conv2D cannot have kernel_regularizer: {OrthogonalRegularizer: {}} on the shape (8, 8, 3): Inputs to Orthogonal",
    ),
    "one-hot vectors of several ids, which Keras takes for one": (
        written("ids", layers=[{"Hashing": {"num_bins": 5, "output_mode": "one_hot"}}]),
        "Hashing cannot have output_mode: one_hot on the shape (6,): it puts out (6, 5), and Keras makes the layers behind",
    ),
    "a crop larger than the picture": (
        written("img", layers=[{"RandomCrop": {"height": 20, "width": 20}}]),
        "RandomCrop cannot take the shape (8, 8, 3): it puts out (8, 8, 3), and Keras makes the layers behind it for (20, 20, 3)",
    ),
    "first values of another shape": (
        written("seq", layers=[{"Conv1D": {"filters": 2, "kernel_size": 2, "kernel_initializer": "STFT"}}]),
        "Conv1D cannot have kernel_initializer: {STFT: {}} on the shape (10, 4): the first values of kernel have the shape",
    ),
    "a loss without a sum": (
        written("numbers", loss={"MeanSquaredError": {"reduction": "none"}}),
        "MeanSquaredError cannot have reduction: none: it gives (8,) numbers for a batch, and training needs one",
    ),
    "an axis of a loss": (
        written("vec", loss={"SparseCategoricalCrossentropy": {"axis": 0}}),
        "SparseCategoricalCrossentropy cannot have axis: 0: Only axis=-1 is currently supported.",
    ),
    "a metric": (
        written("vec", metrics=["mae"]),
        "mae cannot be computed of a target of shape () and an output of shape (3,): Incompatible shapes: [8] vs. [8,3]",
    ),
    "a pattern of an optimizer": (
        written("vec", optimizer={"Muon": {"exclude_layers": ["["]}}),
        "Muon cannot have exclude_layers: [[]: unterminated character set at position 0",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_keras_says_when_it_works_is_told_at_its_line(name: str, folder: Path, run_dlcli: Command) -> None:
    tree, message = CASES[name]
    (folder / "c.yaml").write_text(json.dumps(tree, indent=1), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--json", "-q", cwd=folder)
    assert done.code == 3, done.err
    assert done.error["message"].startswith(message)
    line = (folder / "c.yaml").read_text(encoding="utf-8").splitlines()[done.error["line"] - 1]
    word = message.split()[0]
    blamed = message.split(" cannot have ")[1].split(":")[0] if " cannot have " in message else word
    assert f'"{blamed}"' in line
    assert not (folder / "runs" / "c").exists()


FACTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a layer": ({"layers": [{"Dense": {"units": "${data.classes}"}}]}, "data.classes", "units"),
    "a layer of one argument": ({"layers": [{"Dense": "${data.x.length}"}]}, "data.x.length", "Dense"),
    "a schedule": (
        {
            "optimizer": {
                "Adam": {
                    "learning_rate": {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": "${data.classes}"}}
                }
            }
        },
        "data.classes",
        "decay_steps",
    ),
}


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_that_the_data_does_not_have_is_told_first(name: str, folder: Path, run_dlcli: Command) -> None:
    """Nothing of shapes, which have nothing to do with it; at the argument that asks for it."""
    changes, fact, word = FACTS[name]
    (folder / "c.yaml").write_text(json.dumps(written("numbers", **changes), indent=1), encoding="utf-8")
    done = run_dlcli("train", "c.yaml", "--json", "-q", cwd=folder)
    assert done.code == 3, done.err
    assert done.error["message"].startswith(f"the data has no '{fact}'; it has: data.steps_per_epoch, data.features")
    assert f'"{word}"' in (folder / "c.yaml").read_text(encoding="utf-8").splitlines()[done.error["line"] - 1]


@pytest.mark.parametrize("last", [0.0, 1e-6])
def test_weights_of_classes_that_leave_nothing_are_refused(last: float, folder: Path, run_dlcli: Command) -> None:
    tree = written("vec", train={"epochs": 1, "class_weight": {"0": 0, "1": 0, "2": last}})
    (folder / "c.yaml").write_text(json.dumps(tree, indent=1), encoding="utf-8")
    done = run_dlcli("validate", "--build", "c.yaml", "--json", cwd=folder)
    problems = [each["message"] for each in done.value["files"][0]["problems"]]
    assert problems == ["all classes have the weight 0 (0, 1, 2): nothing would be learnt"] * (last == 0)


def test_a_crop_that_no_layer_behind_it_minds_is_taken(folder: Path, run_dlcli: Command) -> None:
    crop = [{"RandomCrop": {"height": 4, "width": 5}}, {"Conv2D": {"filters": 2, "kernel_size": 2}}]
    tree = written("img", layers=[*crop, "GlobalAveragePooling2D"])
    (folder / "c.yaml").write_text(json.dumps(tree), encoding="utf-8")
    assert run_dlcli("validate", "--build", "c.yaml", cwd=folder).code == 0


def test_all_commands_before_training_say_the_same(folder: Path, run_dlcli: Command) -> None:
    tree, message = CASES["an axis"]
    (folder / "c.yaml").write_text(json.dumps(tree), encoding="utf-8")
    for command in (("inspect",), ("check",), ("train",)):
        done = run_dlcli(*command, "c.yaml", "--json", cwd=folder)
        assert (done.code, done.error["message"]) == (3, message), command
    assert run_dlcli("validate", "--build", "c.yaml", cwd=folder).code == 3


def test_a_trial_leaves_the_model_as_it_was() -> None:
    from dlcli.config import load_config
    from dlcli.training.setup import experiment as setup
    from dlcli.training.setup.backend import start_keras

    root = Path(__file__).parents[2]
    config, _ = load_config(str(root / "configs" / "digits.yaml"))
    dataset, values = setup.read_data(config), list[list[Any]]()
    for tried in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not tried:
                patch.setattr(setup, "try_batch", lambda *arguments: None)
            start_keras(seed=3)
            values.append([each.numpy() for each in setup.set_up(config, dataset).model.variables])
    assert len(values[0]) == len(values[1]) > 2
    for one, other in zip(*values, strict=True):
        np.testing.assert_array_equal(one, other)
