"""Layers that learn from the data where they stand among the layers, and ids that a layer cannot take."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ids 0 to 8, the same with one of -1, numbers far from 0, and two classes."""
    folder = tmp_path_factory.mktemp("ids")
    generator = np.random.default_rng(0)
    ids, labels = np.arange(240).reshape(40, 6) % 9, np.arange(40) % 2
    np.savez(folder / "ids.npz", x=ids, y=labels)
    np.savez(folder / "negative.npz", x=np.where(np.arange(240).reshape(40, 6) == 20, -1, ids), y=labels)
    np.savez(folder / "vec.npz", x=generator.normal(1000, 5, (40, 8)), y=labels)
    np.savez(folder / "large.npz", x=ids + 3, y=labels)
    return folder


def configuration(folder: Path, source: str, layers: list[Any], prepare: list[Any] | None = None) -> Path:
    tree = {
        "data": {"source": {"npz": {"path": f"{source}.npz", "inputs": "x", "target": "y"}}, "prepare": prepare or []},
        "layers": [*layers, "Flatten", {"Dense": {"units": 2, "activation": "softmax"}}],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (folder / "c.yaml").write_text(json.dumps(tree), encoding="utf-8")
    return folder / "c.yaml"


EMBEDDING = {"Embedding": {"input_dim": 9, "output_dim": 2}}
WRONG: dict[str, tuple[str, list[Any], list[Any], str, str | None]] = {
    "one too many": (
        "large",
        [EMBEDDING],
        [],
        "the ids that Embedding takes reach 11, and its input_dim is 9",
        "write input_dim: 12",
    ),
    "just too many": (
        "ids",
        [{"Embedding": {"input_dim": 8, "output_dim": 2}}],
        [],
        "the ids that Embedding takes reach 8, and its",
        "write input_dim: 9",
    ),
    "negative": (
        "negative",
        [EMBEDDING],
        [],
        "Embedding takes ids from 0 on, and row 4 holds -1",
        "ids are counted from 0",
    ),
    "fractions": (
        "vec",
        [EMBEDDING],
        [],
        "Embedding takes ids, which are whole numbers, and row",
        "ids are counted",
    ),
    "behind a shape": (
        "large",
        [{"Reshape": [6, 1]}, EMBEDDING],
        [],
        "the ids that Embedding takes reach 11",
        "write input_dim: 12",
    ),
    "an encoding": (
        "ids",
        [{"CategoryEncoding": {"num_tokens": 8}}],
        [],
        "the ids that CategoryEncoding takes reach 8",
        "write num_tokens: 9",
    ),
    "an encoding as preparation": (
        "ids",
        [],
        [{"CategoryEncoding": {"num_tokens": 3}}],
        "CategoryEncoding cannot prepare 'x' of shape (6,): the ids reach 8, and its num_tokens is 3; write num_tokens: 9",
        None,
    ),
    "learns behind a layer": (
        "vec",
        [{"Dense": 4}, "Normalization"],
        [],
        "Normalization learns from the data before training, and takes here what",
        "let it take an input",
    ),
    "learns in a wrapper": (
        "vec",
        [{"Reshape": [8, 1]}, {"TimeDistributed": {"layer": "Normalization"}}],
        [],
        "Normalization learns from the data",
        "let it take an input",
    ),
    "learns in a submodel": (
        "vec",
        [{"submodel": {"layers": ["Normalization"]}}],
        [],
        "Normalization learns from the data",
        "let it take an input",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_layer_cannot_take_is_refused_before_training(name: str, folder: Path, run_dlcli: Command) -> None:
    source, layers, prepare, message, hint = WRONG[name]
    config = configuration(folder, source, layers, prepare)
    done = run_dlcli("train", config, "--json", "-q", cwd=folder)
    assert done.code == 3
    assert done.error["message"].startswith(message)
    assert (done.error["hint"] or "").startswith(hint or "")
    assert not (folder / "runs" / "c").exists()


def test_new_ids_that_a_model_does_not_know_are_refused(folder: Path, run_dlcli: Command) -> None:
    config = configuration(folder, "ids", [EMBEDDING])
    assert run_dlcli("train", config, "--name", "known", "-q", cwd=folder).code == 0
    assert run_dlcli("predict", "known", "ids.npz", "-o", "a.csv", cwd=folder).code == 0
    for source, message in (
        ("large", "the ids that Embedding takes reach 11"),
        ("negative", "Embedding takes ids from 0"),
    ):
        for command in (
            ("predict", "known", f"{source}.npz", "-o", "b.csv"),
            ("evaluate", "known", "--data", f"{source}.npz"),
        ):
            done = run_dlcli(*command, "--json", cwd=folder)
            assert (done.code, done.error["kind"], done.error["hint"]) == (
                4,
                "ids_do_not_fit",
                "it was trained with ids from 0 to 8",
            )
            assert done.error["message"].startswith(message)


def test_normalization_among_the_layers_learns_from_the_training_split(folder: Path, run_dlcli: Command) -> None:
    config = configuration(folder, "vec", ["Normalization"])
    assert run_dlcli("train", config, "--name", "normal", "-q", cwd=folder).code == 0
    import keras

    run = folder / "runs" / "normal"
    rows = np.load(run / "splits.npz")["train"]
    values = np.load(folder / "vec.npz")["x"][rows].astype(np.float32).astype(np.float64)
    layer = next(
        each
        for each in keras.saving.load_model(run / "model" / "model.keras").layers
        if type(each).__name__ == "Normalization"
    )
    np.testing.assert_allclose(np.ravel(layer.mean), values.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(np.ravel(layer.variance), values.var(axis=0), rtol=1e-3)
    for command in (("evaluate", "normal"), ("inspect", "normal"), ("resume", "normal", "--epochs", "2", "-q")):
        assert run_dlcli(*command, cwd=folder).code == 0


@pytest.mark.parametrize(
    "layer", [{"Discretization": {"num_bins": 4}}, {"IntegerLookup": {"output_mode": "multi_hot"}}, "IntegerLookup"]
)
def test_what_else_is_adapted_goes_its_whole_way(layer: Any, folder: Path, run_dlcli: Command) -> None:
    config = configuration(folder, "ids", [layer])
    assert run_dlcli("train", config, "--name", "adapted", "-q", cwd=folder).code == 0
    name = "last"
    for command in (
        ("evaluate", name),
        ("predict", name, "ids.npz", "-o", "c.csv"),
        ("resume", name, "--epochs", "2", "-q"),
    ):
        done = run_dlcli(*command, cwd=folder)
        assert done.code == 0, done.err
