"""Multiply-adds of each kind of layer, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

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
