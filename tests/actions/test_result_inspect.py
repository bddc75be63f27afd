"""Inspect: shapes, parameters, multiply-adds and lines of every layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]
NETWORK = """\
# Lines are counted from here.
data:
  source: {npz: {path: classes.npz, inputs: x, target: y}}
layers:
  - Reshape: {target_shape: [4, 4, 1]}

  - Conv2D: {filters: 5, kernel_size: 3, padding: same}
  - BatchNormalization
  - SeparableConv2D:
      filters: 6
      kernel_size: 2
  - Flatten
  - Dense: {units: 7, trainable: false}
  - Dense: {units: "${data.classes}", activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
train: {epochs: 1}
"""


def test_a_model_is_shown_with_the_lines_of_its_layers(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    write_experiment(tmp_path)
    (tmp_path / "network.yaml").write_text(NETWORK)
    value = run_dlcli("inspect", "network.yaml", "--json", cwd=tmp_path).value
    assert [(each["class"], each["line"]) for each in value["layers"]] == [
        ("Reshape", 5),
        ("Conv2D", 7),
        ("BatchNormalization", 8),
        ("SeparableConv2D", 9),
        ("Flatten", 12),
        ("Dense", 13),
        ("Dense", 14),
    ]
    rows = [(each["input_shape"], each["output_shape"], each["parameters"], each["macs"]) for each in value["layers"]]
    assert rows == [
        ([16], [4, 4, 1], 0, 0),
        ([4, 4, 1], [4, 4, 5], 3 * 3 * 1 * 5 + 5, 4 * 4 * 3 * 3 * 1 * 5),
        ([4, 4, 5], [4, 4, 5], 4 * 5, 0),
        ([4, 4, 5], [3, 3, 6], 2 * 2 * 5 + 5 * 6 + 6, 3 * 3 * (2 * 2 * 5 + 5 * 6)),
        ([3, 3, 6], [54], 0, 0),
        ([54], [7], 54 * 7 + 7, 54 * 7),
        ([7], [3], 7 * 3 + 3, 7 * 3),
    ]
    parameters = sum(each["parameters"] for each in value["layers"])
    assert value["parameters"] == parameters
    assert value["trainable"] == parameters - (54 * 7 + 7) - 2 * 5
    assert value["macs"] == sum(each["macs"] for each in value["layers"])
    assert value["bytes"] == 4 * parameters


def test_parameters_are_those_that_keras_counts(tmp_path: Path, write_experiment: Callable[..., Path]) -> None:
    from dlcli.actions.inspect import model_summary
    from dlcli.config import load_config
    from dlcli.training.setup.backend import start_keras
    from dlcli.training.setup.experiment import read_data, set_up

    write_experiment(tmp_path)
    (tmp_path / "network.yaml").write_text(NETWORK)
    config, _ = load_config(str(tmp_path / "network.yaml"))
    dataset = read_data(config)
    start_keras(seed=0)
    built = set_up(config, dataset).built
    found = model_summary(built.model, built.places, config)
    assert found.parameters == built.model.count_params()
    counted = [layer.count_params() for layer in built.model.layers[1:]]
    assert [row.parameters for row in found.layers] == counted
    assert len(counted) == 7


def test_the_model_of_a_run_is_shown_without_lines(
    tmp_path: Path, run_dlcli: Run, write_experiment: Callable[..., Path]
) -> None:
    config = write_experiment(tmp_path, {"train.epochs": 1})
    before = run_dlcli("inspect", config, "--json", cwd=tmp_path).value
    assert run_dlcli("train", config, "--name", "a", "-q", cwd=tmp_path).code == 0
    after = run_dlcli("inspect", "a", "--json", cwd=tmp_path).value
    lines = config.read_text().splitlines()
    written = [number for number, line in enumerate(lines) if '"Dense"' in line]  # each opens on the line before
    assert [row.pop("line") for row in before["layers"]] == written
    assert [row.pop("line") for row in after["layers"]] == [None, None]
    only_before = {"first_loss", "weights", "dead", "separation", "verdict"}
    assert {key for key in before | after if before.get(key) != after.get(key)} == only_before
