"""A model of whose loss nothing arrives at any weight is told at the entry that lets none through, before it is trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
TO_NUMBERS = {"ops.cast": {"dtype": "float32"}}


def write(folder: Path, layers: list[Any]) -> None:
    tree = {
        "data": {"source": "iris"},
        "layers": layers,
        "loss": {"sparse_categorical_crossentropy": {"from_logits": True}},
        "optimizer": "Adam",
        "train": {"epochs": 1},
    }
    (folder / "c.yaml").write_text(json.dumps(tree), encoding="utf-8")


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ([{"ops.argmax": {"axis": -1}}, {"ops.one_hot": {"num_classes": 3}}], "ops.argmax"),
        (["ops.stop_gradient"], "ops.stop_gradient"),
        (["ops.stop_gradient", "ops.tanh", {"ops.multiply": {"x2": 2}}], "ops.stop_gradient"),
        ([{"ops.greater": {"x2": 0}}, TO_NUMBERS], "ops.greater"),
        (["ops.isfinite", TO_NUMBERS], "ops.isfinite"),
        (["ops.round"], "ops.round"),
        (["ops.floor"], "ops.floor"),
        ([{"ops.cast": {"dtype": "int32"}}, TO_NUMBERS], "ops.cast"),
        (["ops.argsort", TO_NUMBERS], "ops.argsort"),
        ([{"Discretization": {"bin_boundaries": [0, 1]}}, TO_NUMBERS], "Discretization"),
        (["ops.tanh"], None),
        (["ops.stop_gradient", {"Dense": 3}], None),
    ],
    ids=str,
)
@pytest.mark.parametrize("flat", [False, True])
def test_what_lets_no_gradient_through_is_told(
    entries: list[Any], word: str | None, flat: bool, tmp_path: Path, run_dlcli: Command
) -> None:
    write(tmp_path, [*(["Flatten"] if flat else []), {"Dense": 3}, *entries])
    done = run_dlcli("validate", "--build", "c.yaml", "--json", cwd=tmp_path)
    problems = done.value["files"][0]["problems"]
    if word is None:
        assert problems == []
        return
    [problem] = problems
    assert problem["message"] == f"{word} lets no gradient through, so that no weight can learn"
    assert problem["kind"] == "no_gradient"
    text = (tmp_path / "c.yaml").read_text()
    assert text[problem["column"] - 1 :].startswith(f'"{word}"')
    for command in ("train", "check"):
        assert run_dlcli(command, "c.yaml", "--json", cwd=tmp_path).error["code"] == 3


@pytest.mark.parametrize("layer", ["activity", "apart"])
def test_the_first_loss_has_no_penalty_of_outputs(layer: str, tmp_path: Path, run_dlcli: Command) -> None:
    plain: list[Any] = [{"Dense": {"units": 3, "name": "d"}}]
    write(tmp_path, plain)
    first = run_dlcli("check", "c.yaml", "--json", cwd=tmp_path).value["first_loss"]["measured"]
    if layer == "activity":
        write(tmp_path, [{"Dense": {"units": 3, "name": "d", "activity_regularizer": {"L2": 0.1}}}])
    else:
        write(tmp_path, [*plain, {"ActivityRegularization": {"l1": 0.1}}])
    done = run_dlcli("check", "c.yaml", "--json", cwd=tmp_path)
    assert done.code == 0, done.out
    assert done.value["first_loss"]["measured"] == pytest.approx(first, rel=1e-5)
    assert run_dlcli("inspect", "c.yaml", "--json", cwd=tmp_path).code == 0
    run_dlcli("train", "c.yaml", "--name", "r", "-q", cwd=tmp_path)
    assert run_dlcli("inspect", "r", "--json", cwd=tmp_path).code == 0
