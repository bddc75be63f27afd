"""Published models with as many parameters here as there; docs/experiments.md lists all that were looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

WORDS = ["red", "green", "blue", "old", "new"]
LETTERS = "2345678bcdefgmnpwxy"
TEXT = "{words: {columns: line, kind: text, prepare: [TextVectorization: {max_tokens: 20000, output_sequence_length: 600}]}}"
PUBLISHED: dict[str, tuple[int, str]] = {
    # keras.io, OCR model for reading captchas
    "captcha": (
        432_725,
        """
data:
  source: {npz: {path: captcha.npz, inputs: image, target: text}}
  split: {validation: 0, test: 0}
  target: {column: text, prepare: [TextVectorization: {split: character, standardize: null, output_sequence_length: 5}]}
layers:
  - Conv2D: {filters: 32, kernel_size: 3, activation: relu, padding: same}
  - MaxPooling2D
  - Conv2D: {filters: 64, kernel_size: 3, activation: relu, padding: same}
  - MaxPooling2D
  - Reshape: {target_shape: [50, 768]}
  - Dense: {units: 64, activation: relu}
  - Dropout: 0.2
  - Bidirectional: {layer: {LSTM: {units: 128, return_sequences: true, dropout: 0.25}}}
  - Bidirectional: {layer: {LSTM: {units: 64, return_sequences: true, dropout: 0.25}}}
  - Dense: "${data.text.vocabulary}"
loss: CTC
""",
    ),
    # Chollet, Deep Learning with Python, second edition, chapter 11: a Transformer encoder with positions
    "positions": (
        5_817_633,
        f"""
data: {{source: lines.csv, inputs: {TEXT}, target: y}}
layers:
  - Embedding: {{input_dim: 20000, output_dim: 256}}
  - positions
  - residual: {{layers: [MultiHeadAttention: {{num_heads: 2, key_dim: 256}}]}}
  - LayerNormalization
  - residual: {{layers: [Dense: {{units: 32, activation: relu}}, Dense: 256]}}
  - LayerNormalization
  - GlobalMaxPooling1D
  - Dropout: 0.5
  - Dense: {{units: 1, activation: sigmoid}}
loss: binary_crossentropy
""",
    ),
    # the same book: vectors of words that were learnt before
    "vectors": (
        2_034_113,
        f"""
data: {{source: lines.csv, inputs: {TEXT.replace("600", "20")}, target: y}}
layers:
  - Embedding: {{input_dim: 20000, output_dim: 100, mask_zero: true, trainable: false, vectors: vectors.txt}}
  - Bidirectional: {{layer: {{LSTM: 32}}}}
  - Dropout: 0.5
  - Dense: {{units: 1, activation: sigmoid}}
loss: binary_crossentropy
""",
    ),
    # the same book, chapter 12: a variational autoencoder, 69,076 parameters before the draw and 65,089 behind it
    "autoencoder": (
        69_076 + 65_089,
        """
data:
  source: mnist_5k
  targets: {again: image}
  prepare: [Rescaling: 0.00392156862745098, Reshape: {target_shape: [28, 28, 1]}]
layers:
  - Conv2D: {filters: 32, kernel_size: 3, strides: 2, padding: same, activation: relu}
  - Conv2D: {filters: 64, kernel_size: 3, strides: 2, padding: same, activation: relu}
  - Flatten
  - Dense: {units: 16, activation: relu, name: seen}
  - Dense: {units: 2, name: mean, from: seen}
  - Dense: {units: 2, name: log_variance, from: seen}
  - sample: {from: [mean, log_variance], name: z}
  - Dense: {units: 3136, activation: relu, from: z}
  - Reshape: {target_shape: [7, 7, 64]}
  - Conv2DTranspose: {filters: 64, kernel_size: 3, strides: 2, padding: same, activation: relu}
  - Conv2DTranspose: {filters: 32, kernel_size: 3, strides: 2, padding: same, activation: relu}
  - Conv2D: {filters: 1, kernel_size: 3, padding: same, activation: sigmoid, name: again}
  - ops.square: {from: mean, name: squares}
  - ops.exp: {from: log_variance, name: variance}
  - Add: {from: [squares, variance], name: both}
  - ops.subtract: {from: [both, log_variance]}
  - Rescaling: {scale: 0.5, offset: -0.5, name: divergence}
loss: {again: mse, divergence: minimize}
""",
    ),
}


def write_data(folder: Path) -> None:
    rng = np.random.default_rng(0)
    texts = [(LETTERS * 2)[start : start + 5] for start in range(0, 20, 2)]
    np.savez(folder / "captcha.npz", image=rng.random((10, 200, 50, 1), np.float32), text=np.array(texts))
    rows = [f"{' '.join(rng.choice(WORDS, 6))},{row % 2}" for row in range(10)]
    (folder / "lines.csv").write_text("\n".join(["line,y", *rows]), encoding="utf-8")
    vectors = [f"{word} {' '.join(['0.5'] * 100)}" for word in WORDS[:3]]
    (folder / "vectors.txt").write_text("\n".join(vectors), encoding="utf-8")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_model_has_its_parameters(name: str, tmp_path: Path) -> None:
    from dlcli.config import load_config
    from dlcli.training.setup.experiment import set_up_config

    parameters, text = PUBLISHED[name]
    write_data(tmp_path)
    content = {**yaml.safe_load(text), "optimizer": "Adam", "train": {"epochs": 1, "batch_size": 2}}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    experiment = set_up_config(load_config(str(tmp_path / "c.yaml"))[0])
    assert experiment.model.count_params() == parameters
