"""What has been trained can be used again: every layer that wraps others, one-layer models, blocks, masks, several outputs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.config.language import Language

sys.path.insert(0, str(Path(__file__).parent.parent))
from whole_way import GALLERY, whole_way

Command = Callable[..., Any]
SERIES, IMAGE = (6, 4), (8, 8, 3)
CLIP = (5, 8, 8, 2)
DENSE: list[Any] = [{"Dense": 3}, {"LayerNormalization": {}}]
WRAPPERS: dict[str, tuple[tuple[int, ...], list[Any]]] = {
    "both directions, LSTM": (SERIES, [{"Bidirectional": {"layer": {"LSTM": 8}}}]),
    "both directions, GRU": (SERIES, [{"Bidirectional": {"layer": {"GRU": 8}, "merge_mode": "sum"}}]),
    "both directions, SimpleRNN": (SERIES, [{"Bidirectional": {"layer": {"SimpleRNN": 8}, "merge_mode": "ave"}}]),
    "other way back": (
        SERIES,
        [{"Bidirectional": {"layer": {"GRU": 8}, "backward_layer": {"LSTM": {"units": 8, "go_backwards": True}}}}],
    ),
    "both directions, cells": (
        SERIES,
        [{"Bidirectional": {"layer": {"RNN": {"cell": [{"LSTMCell": 4}, {"GRUCell": 5}]}}}}],
    ),
    "twice": (
        SERIES,
        [
            {"Bidirectional": {"layer": {"LSTM": {"units": 8, "return_sequences": True}}}},
            {"Bidirectional": {"layer": {"LSTM": 40}}},
        ],
    ),
    "each step": (SERIES, [{"TimeDistributed": {"layer": {"Dense": 8}}}]),
    "each step a submodel": (SERIES, [{"TimeDistributed": {"layer": {"submodel": {"layers": DENSE}}}}]),
    "each step, each step": (CLIP, [{"TimeDistributed": {"layer": {"TimeDistributed": {"layer": {"Dense": 8}}}}}]),
    "each step both directions": (
        (*CLIP[:3], 2),
        [{"TimeDistributed": {"layer": {"TimeDistributed": {"layer": {"Bidirectional": {"layer": {"GRU": 8}}}}}}}],
    ),
    "spectral": (IMAGE, [{"SpectralNormalization": {"layer": {"Conv2D": {"filters": 8, "kernel_size": 3}}}}]),
    "cells": (SERIES, [{"RNN": {"cell": [{"LSTMCell": 8}, {"SimpleRNNCell": 5}]}}]),
    "a submodel": (SERIES, [{"submodel": {"layers": [{"Bidirectional": {"layer": {"LSTM": 8}}}]}}]),
    "masked attention": (SERIES, [{"Masking": 0.0}, {"MultiHeadAttention": {"num_heads": 2, "key_dim": 4}}]),
    "masked additive attention": (SERIES, [{"Masking": {"name": "m"}}, {"AdditiveAttention": {"from": ["m", "m"]}}]),
    "masked grouped attention": (
        SERIES,
        [
            {"Masking": {"name": "m"}},
            {
                "GroupQueryAttention": {
                    "from": ["m", "m"],
                    "head_dim": 4,
                    "num_query_heads": 4,
                    "num_key_value_heads": 2,
                }
            },
        ],
    ),
    "masked ids": (
        (6,),
        [
            {"Embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": True}},
            {"Bidirectional": {"layer": {"LSTM": 8}}},
        ],
    ),
    "masked ids, attention": (
        (6,),
        [
            {"Embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": True, "name": "m"}},
            {"Attention": {"use_scale": True, "from": ["m", "m"]}},
            "GlobalAveragePooling1D",
        ],
    ),
}


@pytest.mark.filterwarnings("ignore:Layer '.*a mask attached:UserWarning")  # Keras's own, of GroupQueryAttention
@pytest.mark.parametrize("name", WRAPPERS)
def test_a_model_that_dlcli_saved_is_loaded(name: str, tmp_path: Path) -> None:
    from dlcli.layers.graph import build_model
    from dlcli.training.kept.model_folder import load_keras_file
    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    shape, written = WRAPPERS[name]
    built = build_model([Language().entry(each) for each in written], {"a": shape}, facts={}, memory=10**9)
    built.model.save(tmp_path / "model.keras")
    loaded = load_keras_file(tmp_path / "model.keras")
    values = {"a": np.random.default_rng(0).integers(0, 3, (2, *shape)).astype(np.float32)}
    np.testing.assert_allclose(loaded(values), built.model(values), rtol=1e-6, atol=1e-6)
    assert loaded.count_params() == built.model.count_params()


@pytest.mark.parametrize("name", ["basics/line.yaml", "tables/two_outputs.yaml"])
def test_a_configuration_goes_its_whole_way(name: str, tmp_path: Path, run_dlcli: Command) -> None:
    whole_way(GALLERY[name], folder=tmp_path, run_dlcli=run_dlcli)


BLOCKS = """\
data: {source: {npz: {path: x.npz, inputs: x, target: y}}}
blocks:
  deep: {parameters: {units: 4}, layers: [Dense: "${units}", block: {use: flat}]}
  flat: {layers: [LayerNormalization]}
layers:
  - block: {use: deep, units: 5}
  - block: {use: deep}
  - Dense: {units: "${data.classes}", activation: softmax}
loss: sparse_categorical_crossentropy
optimizer: Adam
metrics: [accuracy]
train: {epochs: 1}
"""


def test_a_run_with_blocks_goes_its_whole_way_and_predicts_into_npz(tmp_path: Path, run_dlcli: Command) -> None:
    generator = np.random.default_rng(0)
    np.savez(tmp_path / "x.npz", x=generator.normal(size=(40, 6)), y=np.arange(40) % 3)
    (tmp_path / "blocks.yaml").write_text(BLOCKS, encoding="utf-8")
    whole_way(Path("blocks.yaml"), folder=tmp_path, run_dlcli=run_dlcli, data="x.npz")
    answers = np.load(tmp_path / "answers.npz")
    assert len(answers[answers.files[0]]) == 40


def test_a_column_of_predictions_may_be_called_file() -> None:
    import io

    from dlcli.actions.answered.predictor import Predictions
    from dlcli.actions.prediction_files import as_npz

    columns = {"file": np.array(["a.png", "b.png"], object), "arr": np.arange(2.0)}
    read = np.load(io.BytesIO(as_npz(Predictions("a", 2, columns, []))))
    assert {name: read[name].tolist() for name in read.files} == {"file": ["a.png", "b.png"], "arr": [0.0, 1.0]}
