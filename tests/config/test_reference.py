"""list and show: what there is, what it takes, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.config.reference import kinds, names, things

Run = Callable[..., Any]


def test_piped_names_stand_one_a_line(tmp_path: Path, run_dlcli: Run) -> None:
    lines = run_dlcli("list", "layers", cwd=tmp_path).out.splitlines()
    assert "Dense" in lines
    assert "Lambda" not in lines
    assert all(line.isidentifier() for line in lines)
    assert run_dlcli("list", cwd=tmp_path).out.split() == kinds().kinds
    assert run_dlcli("list", "graph", cwd=tmp_path).out.split() == [
        "block",
        "branches",
        "positions",
        "repeat",
        "residual",
        "sample",
        "submodel",
        "token",
    ]


def test_a_refused_thing_says_why_and_what_to_write() -> None:
    found = things("Lambda")
    assert (
        found.refused == "it runs Python code; write the same with Keras's layers (Rescaling, Reshape, Activation, …)"
    )
    assert found.example is None


def test_inner_blocks_and_keys_are_shown(tmp_path: Path, run_dlcli: Run) -> None:
    assert "patience" in run_dlcli("show", "train.early_stopping", cwd=tmp_path).out
    assert things("data.split").kind == "block"
    assert [each.name for each in things("train.class_weight").arguments] == ["class_weight"]
    assert things("blocks").example is not None
    assert things("lenet5").kind == "template"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("Dens", "did you mean 'Dense'?"), ("residul", "did you mean 'residual'?"), ("losses", "dlcli list losses")],
)
def test_an_unknown_name_leads_to_the_nearest(name: str, hint: str, tmp_path: Path, run_dlcli: Run) -> None:
    done = run_dlcli("show", name, "--json", cwd=tmp_path)
    assert (done.code, done.error["hint"]) == (2, hint)


def test_an_unknown_kind_leads_to_the_nearest(tmp_path: Path, run_dlcli: Run) -> None:
    done = run_dlcli("list", "layer", "--json", cwd=tmp_path)
    assert (done.code, done.error["message"], done.error["hint"]) == (
        2,
        "there is no kind 'layer'",
        "did you mean 'layers'?",
    )


def test_the_groups_of_layers_are_those_of_keras() -> None:
    import keras

    modules: dict[str, set[str]] = {}
    for group, layers in names("layers").groups.items():
        modules[group] = {getattr(keras.layers, name).__module__.removeprefix("keras.src.layers.") for name in layers}
    packages = {group: {module.rsplit(".", 1)[0] for module in found} for group, found in modules.items()}
    assert packages == {
        "dense and embedding": {"core"},
        "activation": {"activations"},
        "convolution": {"convolutional"},
        "pooling": {"pooling"},
        "recurrent, and over time": {"rnn"},
        "attention": {"attention"},
        "normalization": {"normalization"},
        "regularization": {"regularization"},
        "merging": {"merging"},
        "shape": {"reshaping"},
        "numbers, names and text": {"preprocessing"},
        "sound": {"preprocessing"},
        "images": {"preprocessing.image_preprocessing"},
    }


def test_a_refused_name_that_the_catalogue_does_not_have_says_why() -> None:
    assert things("LearningRateScheduler").refused == (
        "it runs Python code; give the optimizer a schedule: learning_rate: {CosineDecay: …}"
    )
    assert list(things("LearningRateScheduler").arguments) == []
