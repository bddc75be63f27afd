"""A mapping of one target: its values are called, measured and watched as those of a target without a name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.config import load_config
from dlcli.config.monitors import directions

Run = Callable[..., Any]


def written(named: bool, **train: Any) -> dict[str, Any]:
    """An experiment on iris whose only target has a name, or none."""
    loss = "sparse_categorical_crossentropy"
    return {
        "data": {"source": "iris", **({"targets": {"species": "species"}} if named else {"target": "species"})},
        "layers": [{"Dense": {"units": 3, "activation": "softmax", "name": "species"}}],
        "loss": {"species": loss} if named else loss,
        "metrics": {"species": ["accuracy"]} if named else ["accuracy"],
        "optimizer": "Adam",
        "train": {"epochs": 1, **train},
    }


def results(folder: Path, run_dlcli: Run, *, named: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `inspect` tells of the first loss, and what a training puts out."""
    path = folder / f"{named}.yaml"
    path.write_text(json.dumps(written(named)), encoding="utf-8")
    first = json.loads(run_dlcli("inspect", path, "--json", cwd=folder).out)["first_loss"]
    return first, json.loads(run_dlcli("train", path, "--json", cwd=folder).out)


def test_a_mapping_of_one_is_told_as_one_without_a_name(tmp_path: Path, run_dlcli: Run) -> None:
    (first, trained), (other_first, other) = (results(tmp_path, run_dlcli, named=each) for each in (True, False))
    assert first == other_first
    assert first["expected"] == pytest.approx(1.0986, abs=1e-4)  # ln 3
    assert trained["metrics"] == other["metrics"]
    assert trained["baseline"]["metrics"] == other["baseline"]["metrics"]
    assert {*trained["baseline"]["metrics"]} == {*trained["metrics"]["train"]} == {"loss", "accuracy"}


def test_what_is_measured_of_one_alone_has_no_name_before_it(tmp_path: Path, run_dlcli: Run) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(json.dumps(written(named=True)), encoding="utf-8")
    assert {*directions(load_config(str(path))[0].heads, validation=False)} == {"loss", "accuracy"}
    path.write_text(json.dumps(written(True, early_stopping={"monitor": "val_species_loss"})), encoding="utf-8")
    refused = run_dlcli("validate", path, cwd=tmp_path)
    assert refused.code == 3
    assert "nothing is called 'val_species_loss'" in refused.out
    path.write_text(json.dumps(written(True, early_stopping={"monitor": "val_accuracy"})), encoding="utf-8")
    assert run_dlcli("validate", path, cwd=tmp_path).code == 0


def test_an_output_that_is_minimized_alone_has_a_first_loss(tmp_path: Path, run_dlcli: Run) -> None:
    tree = {
        **written(named=True),
        "data": {"source": "iris", "inputs": ["sepal_length", "sepal_width"]},
        "loss": {"pen": "minimize"},
    }
    del tree["metrics"]
    tree["layers"] = [{"Dense": 1}, {"ops.square": {"name": "pen"}}]
    (tmp_path / "a.yaml").write_text(json.dumps(tree), encoding="utf-8")
    for command in ("inspect", "check"):
        told = run_dlcli(command, tmp_path / "a.yaml", "--json", cwd=tmp_path)
        assert json.loads(told.out)["first_loss"]["measured"] > 0, told.err
