"""inspect: memory, first loss, shared and nested layers, the picture, and of a run weights, dead units and separation."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.looks

Run = Callable[..., Any]
CONFIG = """\
data: {source: iris, prepare: [Normalization]}
layers:
  - Dense: {units: 6, activation: relu, name: alive}
  - Dense: {units: 5, activation: relu, bias_initializer: {Constant: -100}, name: dead, trainable: false}
  - Concatenate: {from: [alive, dead]}
  - Dense: {units: 3, activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: {Adam: 0.05}
train: {epochs: 20, batch_size: 16}
"""


def inspected(folder: Path, run_dlcli: Run, *arguments: str) -> dict[str, Any]:
    done = run_dlcli("inspect", *arguments, "--json", cwd=folder)
    assert done.code == 0, done.err
    value: dict[str, Any] = done.value
    return value


def test_a_configuration_tells_memory_and_first_loss(tmp_path: Path, run_dlcli: Run) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    value = inspected(tmp_path, run_dlcli, "c.yaml")
    assert [each["bytes"] for each in value["layers"]] == [4 * 6, 4 * 5, 4 * 11, 4 * 3]
    assert value["activation_bytes"] == 16 * 4 * (6 + 5 + 11 + 3)
    trainable, frozen = 4 * 6 + 6 + 11 * 3 + 3, 6 * 5 + 5
    assert (value["trainable"], value["parameters"]) == (trainable, trainable + frozen)
    assert value["training_bytes"] == 16 * trainable + 4 * frozen
    assert value["first_loss"]["expected"] == pytest.approx(math.log(3))
    assert value["first_loss"]["measured"] > 0
    assert [(each["name"], each["takes"]) for each in value["graph"]] == [
        ("features", []),
        ("alive", [0]),
        ("dead", [1]),
        ("concatenate", [1, 2]),
        ("dense", [3]),
    ]
    half = inspected(tmp_path, run_dlcli, "c.yaml", "--set", "train.precision=mixed_bfloat16")
    assert half["activation_bytes"] == value["activation_bytes"] // 2


def test_a_run_tells_weights_dead_units_and_separation(tmp_path: Path, run_dlcli: Run) -> None:
    import keras

    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    assert run_dlcli("train", "c.yaml", "-q", "--json", cwd=tmp_path).code == 0
    value = inspected(tmp_path, run_dlcli, "last")
    dead = {each["layer"]: (each["dead"], each["units"]) for each in value["dead"]}
    assert dead["dead"] == (5, 5)
    assert dead["alive"][0] < 6
    model = keras.saving.load_model(tmp_path / "runs" / "c" / "model" / "model.keras")
    kernel = np.concatenate([np.ravel(each.numpy()) for each in model.get_layer("alive").weights])
    weights = {each["layer"]: each for each in value["weights"]}
    assert weights["alive"]["mean"] == pytest.approx(float(kernel.mean()), rel=1e-5, abs=1e-6)
    assert weights["alive"]["deviation"] == pytest.approx(float(kernel.std()), rel=1e-5, abs=1e-6)
    assert [each["not_finite"] for each in value["weights"]] == [0, 0, 0]
    apart = {each["layer"]: each["nearest_own_mean"] for each in value["separation"]}
    assert apart["dense"] > 0.7
    assert apart["dead"] < 0.5  # all zeros tell nothing
    drawn = run_dlcli("inspect", "last", cwd=tmp_path).out
    assert "dead      5 of 5 units of dead are 0 for every sample\nverdict   healthy: " in drawn
    assert "├─╮" in drawn


@pytest.mark.parametrize(
    ("severity", "advised", "severity_of_weights", "kept"),
    [
        ("note", False, "warning", False),
        ("note", True, "warning", True),
        ("warning", False, "warning", True),
        ("note", False, "error", True),
    ],
)
def test_what_the_verdict_calls_well_has_no_advice_beside_it(
    severity: Any, advised: bool, severity_of_weights: Any, kept: bool
) -> None:
    from dlcli.actions.inspect import beside_verdict
    from dlcli.finding import Command, Finding
    from dlcli.view.sentences import judgement_of_training, told_of_model

    facts = {"layer": "a", "dead": 3, "units": 5}
    told = told_of_model(Finding(code="dead_units", severity=severity_of_weights, where="a", facts=facts))
    advice = [Command(command="dlcli resume a --epochs 9", why="there is more")] if advised else []
    losses = {"split": "validation", "first": 1.0, "last": 0.5, "best": 0.5, "epochs": 9, "best_epoch": 9}
    verdict = [judgement_of_training(Finding(code="healthy", severity=severity, facts=losses, advice=advice))]
    beside = beside_verdict(told, verdict)
    assert beside.evidence == told.evidence == "3 of 5 units of a are 0 for every sample"
    assert (beside.advice is not None) == kept
    assert beside_verdict(told, []) == told  # a run without a verdict


def test_separation_is_the_share_nearest_to_the_own_mean() -> None:
    from dlcli.actions.layers_apart import nearest_mean

    labels = np.array([0, 0, 1, 1] * 10)
    apart = np.where(labels == 0, 0.0, 5.0)[:, None] + np.linspace(0, 1, 40)[:, None]
    assert nearest_mean(apart, labels) == 1.0
    swapped = labels.copy()
    swapped[1::2] = 1 - swapped[1::2]
    assert nearest_mean(apart, swapped) == 0.0
    wide = np.random.default_rng(0).normal(size=(40, 40, 40, 4))
    wide[labels == 1, ..., 0] += 1
    assert nearest_mean(wide, labels) == 1.0


def test_a_run_whose_data_is_gone_still_shows_its_model(tmp_path: Path, run_dlcli: Run) -> None:
    rows = "".join(f"{row},{'uv'[row % 2]}\n" for row in range(40))
    (tmp_path / "t.csv").write_text("x,y\n" + rows, encoding="utf-8")
    text = CONFIG.replace("{source: iris,", "{source: t.csv, target: y,").replace("units: 3", "units: 2")
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    assert run_dlcli("train", "c.yaml", "-q", "--json", "--epochs", "1", cwd=tmp_path).code == 0
    (tmp_path / "t.csv").unlink()
    value = inspected(tmp_path, run_dlcli, "last")
    assert len(value["layers"]) == 4
    assert len(value["weights"]) == 3
    assert (value["dead"], value["separation"]) == ([], [])
    assert value["notes"][0].startswith("what the layers do with the data is not shown: ")


def test_shared_and_nested_layers_are_rows_of_their_own(tmp_path: Path, run_dlcli: Run) -> None:
    text = (
        CONFIG.split("layers:")[0]
        + """\
layers:
  - Dense: {units: 4, name: shared}
  - Dense: {name: shared}
  - submodel: {name: tower, layers: [Dense: 8, ReLU, Dense: 3]}
  - Softmax
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""
    )
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    value = inspected(tmp_path, run_dlcli, "c.yaml", "--svg", "model.svg")
    rows = {each["name"]: each for each in value["layers"]}
    assert (rows["shared"]["parameters"], rows["shared"]["macs"]) == (20, 2 * 16)
    assert (rows["tower"]["parameters"], rows["tower"]["macs"]) == (40 + 27, 4 * 8 + 8 * 3)
    assert [each["name"] for each in value["graph"]] == ["features", "shared", "shared", "tower", "softmax"]
    assert (tmp_path / "model.svg").read_text(encoding="utf-8").startswith("<svg ")
    refused = run_dlcli("inspect", "c.yaml", "--svg", "none/model.svg", "--json", cwd=tmp_path)
    assert refused.code == 7


def test_separation_is_judged_on_samples_that_the_means_have_not_seen() -> None:
    from sklearn.neighbors import NearestCentroid

    from dlcli.actions.layers_apart import nearest_mean

    generator = np.random.default_rng(0)
    noise, labels = generator.normal(size=(200, 400)), generator.integers(0, 2, 200)
    independent = NearestCentroid().fit(noise[::2], labels[::2])
    assert nearest_mean(noise, labels) == independent.score(noise[1::2], labels[1::2])
    assert independent.score(noise[::2], labels[::2]) > 0.9  # of the samples that made the means


@pytest.mark.parametrize(("features", "share"), [(4, 1.0), (5, 0.5)])
def test_outputs_of_more_than_4096_numbers_are_averaged_over_their_places(features: int, share: float) -> None:
    from dlcli.actions.layers_apart import nearest_mean

    labels = np.arange(40) // 2 % 2
    output = np.zeros((40, 1024, features))
    output[:, 0], output[:, 1] = labels[:, None] - 0.5, 0.5 - labels[:, None]  # a mean over places is 0 for all
    assert nearest_mean(output, labels) == share


@pytest.mark.parametrize(("dead", "told"), [(25, False), (26, True)])
def test_units_are_dead_from_more_than_a_quarter_on(dead: int, told: bool) -> None:
    from dlcli.actions.model_findings import model_findings
    from dlcli.view.layer_states import DeadUnits, LayerStates

    states = LayerStates([], [DeadUnits("hidden", 100, dead)], [])
    assert [(each.code, each.where) for each in model_findings(states)] == [("dead_units", "hidden")] * told
