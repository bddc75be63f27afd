"""list and show: what there is, what it takes, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dlcli.config.reference import kinds, names, things
from dlcli.view.reference import draw_kinds, draw_names, draw_thing, names_shown

Run = Callable[..., Any]


def drawn(draw: Callable[..., None], value: Any, *, width: int) -> str:
    import io

    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, highlight=False)
    draw(console, value)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_piped_names_stand_one_a_line(tmp_path: Path, run_dlcli: Run) -> None:
    lines = run_dlcli("list", "layers", cwd=tmp_path).out.splitlines()
    assert "Dense" in lines
    assert "Lambda" not in lines
    assert all(line.isidentifier() for line in lines)
    assert run_dlcli("list", cwd=tmp_path).out.split() == kinds().kinds
    assert run_dlcli("list", "graph", cwd=tmp_path).out.split() == [
        "block",
        "branches",
        "repeat",
        "residual",
        "submodel",
    ]


@pytest.mark.parametrize("kind", kinds().kinds)
@pytest.mark.parametrize("width", [60, 120])
def test_every_kind_is_drawn_in_the_width(kind: str, width: int) -> None:
    value = names(kind)
    text = drawn(draw_names, names_shown(value), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert all(name[: width - 4] in text for name in value.names)
    assert sorted(name for group in value.groups.values() for name in group) == sorted(value.names)
    assert kinds().counts[kind] == len(value.names) > 0


def test_the_kinds_are_told_with_what_they_are_for() -> None:
    text = drawn(draw_kinds, kinds(), width=100)
    assert "dlcli's own words among the layers, which hold layers themselves" in text
    assert "losses" in text


def test_a_thing_tells_kind_arguments_and_an_example() -> None:
    text = drawn(draw_thing, things("Dense"), width=80)
    assert text.startswith("Dense (layer)\n")
    assert "units                  required         whole number, at least 1" in text
    assert "  - Dense: {units: 64}" in text


def test_a_name_of_two_kinds_tells_both() -> None:
    found = things("MeanSquaredError")
    assert [found.kind, *(each.kind for each in found.also)] == ["loss", "metric"]
    text = drawn(draw_thing, found, width=80)
    assert "loss: MeanSquaredError" in text
    assert "metrics: [MeanSquaredError]" in text


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


def test_the_name_of_an_argument_keeps_its_line_in_sixty_columns() -> None:
    text = drawn(draw_thing, things("adam"), width=60)
    assert "\ngradient_accumulation_steps   none" in text
    assert max(map(len, text.splitlines())) <= 60


def test_a_refused_name_that_the_catalogue_does_not_have_says_why() -> None:
    assert things("LearningRateScheduler").refused == (
        "it runs Python code; give the optimizer a schedule: learning_rate: {CosineDecay: …}"
    )
    assert list(things("LearningRateScheduler").arguments) == []
