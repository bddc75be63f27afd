"""Inspect: shapes, parameters, multiply-adds and lines of every layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
    only_before = {"first_loss", "weights", "dead", "separation"}
    assert {key for key in before | after if before.get(key) != after.get(key)} == only_before


MACS: dict[str, tuple[Any, list[int], int]] = {
    "Dense on a vector": ({"Dense": 7}, [5], 5 * 7),
    "Dense on a sequence": ({"Dense": 7}, [4, 5], 4 * 5 * 7),
    "EinsumDense": ({"EinsumDense": {"equation": "abc,cd->abd", "output_shape": [4, 6]}}, [4, 5], 4 * 5 * 6),
    "Conv1D": ({"Conv1D": {"filters": 3, "kernel_size": 2}}, [6, 4], 5 * 2 * 4 * 3),
    "Conv2D with strides": ({"Conv2D": {"filters": 3, "kernel_size": 3, "strides": 2}}, [7, 7, 2], 9 * 9 * 2 * 3),
    "Conv2D in groups": ({"Conv2D": {"filters": 4, "kernel_size": 1, "groups": 2}}, [3, 3, 6], 9 * 3 * 4),
    "Conv2DTranspose": ({"Conv2DTranspose": {"filters": 3, "kernel_size": 2, "strides": 2}}, [4, 4, 5], 16 * 4 * 5 * 3),
    "DepthwiseConv2D": ({"DepthwiseConv2D": {"kernel_size": 3, "padding": "same"}}, [4, 4, 5], 16 * 9 * 5),
    "SeparableConv1D": ({"SeparableConv1D": {"filters": 3, "kernel_size": 2}}, [6, 4], 5 * (2 * 4 + 4 * 3)),
    "SeparableConv2D": (
        {"SeparableConv2D": {"filters": 3, "kernel_size": 3, "depth_multiplier": 2}},
        [5, 5, 4],
        9 * (9 * 4 * 2 + 8 * 3),
    ),
    "LSTM": ({"LSTM": 6}, [5, 4], 5 * 4 * (4 * 6 + 6 * 6)),
    "GRU": ({"GRU": 6}, [5, 4], 5 * 3 * (4 * 6 + 6 * 6)),
    "SimpleRNN": ({"SimpleRNN": 6}, [5, 4], 5 * (4 * 6 + 6 * 6)),
    "RNN": ({"RNN": {"cell": {"LSTMCell": 6}}}, [5, 4], 5 * 4 * (4 * 6 + 6 * 6)),
    "Bidirectional": ({"Bidirectional": {"layer": {"LSTM": 6}}}, [5, 4], 2 * 5 * 4 * (4 * 6 + 6 * 6)),
    "ConvLSTM1D": (
        {"ConvLSTM1D": {"filters": 3, "kernel_size": 2, "padding": "same"}},
        [5, 6, 4],
        5 * 6 * 4 * 2 * (4 * 3 + 3 * 3),
    ),
    "TimeDistributed": ({"TimeDistributed": {"layer": {"Dense": 7}}}, [4, 5], 4 * 5 * 7),
    "SpectralNormalization": ({"SpectralNormalization": {"layer": {"Dense": 7}}}, [5], 5 * 7),
    "BatchNormalization": ("BatchNormalization", [5], 0),
    "Embedding": ({"Embedding": {"input_dim": 9, "output_dim": 3}}, [4], 0),
}


@pytest.mark.parametrize("name", MACS)
def test_multiply_adds_are_those_counted_by_hand(name: str) -> None:
    import keras

    from dlcli.config.catalogue import keras_catalogue
    from dlcli.config.catalogue.live import layer_traits
    from dlcli.layers.macs import macs_of

    written, shape, expected = MACS[name]
    layer = keras_catalogue().read("layers", written).build({})
    output = layer(keras.Input(tuple(shape)))
    assert macs_of(layer, shape, output.shape[1:], traits=layer_traits) == expected


@pytest.mark.parametrize(("key", "value"), [(3, None), (3, 5)])
def test_attention_counts_projections_scores_and_sums(key: int, value: int | None) -> None:
    import keras

    from dlcli.config.catalogue.live import layer_traits
    from dlcli.layers.macs import macs_of

    layer, length, width, heads = keras.layers.MultiHeadAttention(2, key, value_dim=value), 6, 8, 2
    tensor = keras.Input((length, width))
    layer(tensor, tensor)
    inner = value or key
    projections = length * width * heads * (key + key + inner + inner)
    assert macs_of(
        layer, (length, width), (length, width), traits=layer_traits
    ) == projections + length * length * heads * (key + inner)


def test_grouped_attention_counts_fewer_keys_and_values() -> None:
    import keras

    from dlcli.config.catalogue.live import layer_traits
    from dlcli.layers.macs import macs_of

    layer = keras.layers.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
    tensor = keras.Input((6, 8))
    layer(tensor, tensor)
    assert macs_of(layer, (6, 8), (6, 8), traits=layer_traits) == 6 * 8 * 3 * (4 + 2 + 2 + 4) + 2 * 6 * 6 * 4 * 3
