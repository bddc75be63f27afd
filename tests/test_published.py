"""Published models with as many parameters here as there; docs/experiments.md lists all that were looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

WORDS = ["red", "green", "blue", "old", "new"]
LETTERS = "2345678bcdefgmnpwxy"
TEXT = "{words: {columns: line, kind: text, prepare: [TextVectorization: {max_tokens: 20000, output_sequence_length: 600}]}}"
FAR = -100.0


def edges(sides: list[int], *, rows: bool) -> str:
    """What keeps places of the last windows from those beyond the edge of the picture: (8, 1, 1, 4, 4) or (1, 8, 1, 4, 4)."""
    nothing = [[0.0] * 4] * 4
    last = [[FAR if one != other else 0.0 for other in sides] for one in sides]
    windows = [[nothing]] * 7 + [[last]]
    return str([[each] for each in windows] if rows else [windows])


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
    # keras.io, Swin transformers: patches of 2 × 2 of 32 × 32 pictures, two blocks of which the second shifts its windows, as the
    # page's code counts: a table of 9 relative places for 8 heads in each
    "shifted windows": (
        832 + 16_384 + 2 * (12_480 + 4_160 + 9 * 8 + 4 * 64 + 33_088) + 32_768 + 12_900,
        f"""
data: {{source: {{npz: {{path: pictures.npz, inputs: x, target: y}}}}, split: {{validation: 0, test: 0}}}}
blocks:
  windows:
    parameters: {{rows: 0.0, columns: 0.0}}
    layers:
      - Reshape: {{target_shape: [8, 2, 8, 2, 64], name: grid}}
      - Permute: [1, 3, 2, 4, 5]
      - Dense: 192
      - Reshape: {{target_shape: [8, 8, 4, 3, 8, 8]}}
      - ops.split: {{indices_or_sections: 3, axis: 4, name: parts}}
      - ops.squeeze: {{from: parts.0, axis: 4, name: queries}}
      - ops.squeeze: {{from: parts.1, axis: 4, name: keys}}
      - ops.squeeze: {{from: parts.2, axis: 4, name: values}}
      - ops.einsum: {{from: [queries, keys], subscripts: 'brcqhd,brckhd->brchqk'}}
      - Rescaling: {{scale: 0.35355339, name: scores}}
      - ops.sum: {{from: grid, axis: [1, 2, 3, 4, 5]}}
      - ops.reshape: {{newshape: [-1, 1, 1]}}
      - ops.zeros_like
      - ops.cast: int32
      - ops.add: {{x2: [[[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]]}}
      - Embedding: {{input_dim: 9, output_dim: 8}}
      - Permute: [3, 1, 2]
      - Reshape: {{target_shape: [1, 1, 8, 4, 4], name: places}}
      - ops.add: {{from: [scores, places]}}
      - ops.add: {{x2: "${{rows}}"}}
      - ops.add: {{x2: "${{columns}}"}}
      - Reshape: {{target_shape: [64, 32, 4]}}  # oneDNN takes softmax of five axes at most
      - ops.softmax
      - Reshape: {{target_shape: [8, 8, 8, 4, 4], name: shares}}
      - ops.einsum: {{from: [shares, values], subscripts: 'brchqk,brckhd->brcqhd'}}
      - Reshape: {{target_shape: [8, 8, 2, 2, 64]}}
      - Permute: [1, 3, 2, 4, 5]
      - Reshape: {{target_shape: [16, 16, 64]}}
      - Dense: 64
layers:
  - Conv2D: {{filters: 64, kernel_size: 2, strides: 2}}
  - Reshape: {{target_shape: [256, 64]}}
  - positions
  - Reshape: {{target_shape: [16, 16, 64]}}
  - residual: {{layers: [LayerNormalization, block: {{use: windows}}]}}
  - residual: {{layers: [LayerNormalization, Dense: {{units: 256, activation: gelu}}, Dense: 64]}}
  - residual:
      layers:
        - LayerNormalization
        - ops.roll: {{shift: [-1, -1], axis: [1, 2]}}
        - block: {{use: windows, rows: {edges([0, 0, 1, 1], rows=True)}, columns: {edges([0, 1, 0, 1], rows=False)}}}
        - ops.roll: {{shift: [1, 1], axis: [1, 2]}}
  - residual: {{layers: [LayerNormalization, Dense: {{units: 256, activation: gelu}}, Dense: 64]}}
  - Reshape: {{target_shape: [8, 2, 8, 2, 64]}}
  - Permute: [1, 3, 2, 4, 5]
  - Reshape: {{target_shape: [64, 256]}}
  - Dense: {{units: 128, use_bias: false}}
  - GlobalAveragePooling1D
  - Dense: {{units: 100, activation: softmax}}
loss: sparse_categorical_crossentropy
""",
    ),
    # Géron, Hands-On Machine Learning, chapter 17: the kernels of the decoder are those of the encoder, transposed; each is the
    # table of an Embedding of 0, 1, 2, …
    "tied": (
        784 * 100 + 100 + 100 * 30 + 30 + 100 + 784,
        """
data: {source: mnist_5k, target: {column: image, scale: minmax}, prepare: [Rescaling: 0.00392156862745098]}
blocks:
  kernel:                                    # of so many inputs: the rows of a table, one for each
    parameters: {features: 1, units: 1}
    layers:
      - ops.ones_like
      - ops.cumsum: {axis: 1}
      - ops.subtract: {x2: 1}
      - Embedding: {input_dim: "${features}", output_dim: "${units}", embeddings_initializer: glorot_uniform}
  bias:
    parameters: {units: 1}
    layers:
      - ops.take: {indices: [0], axis: 1}
      - ops.zeros_like
      - Embedding: {input_dim: 1, output_dim: "${units}", embeddings_initializer: zeros}
      - Reshape: {target_shape: ["${units}"]}
layers:
  - Reshape: {target_shape: [784], name: pixels}
  - block: {use: kernel, features: 784, units: 100, name: first}
  - block: {use: bias, units: 100, name: first_bias, from: pixels}
  - ops.einsum: {from: [pixels, first], subscripts: 'bi,bij->bj', name: first_sum}
  - Add: {from: [first_sum, first_bias]}
  - ReLU: {name: wide}
  - block: {use: kernel, features: 100, units: 30, name: second}
  - block: {use: bias, units: 30, name: second_bias, from: pixels}
  - ops.einsum: {from: [wide, second], subscripts: 'bi,bij->bj', name: second_sum}
  - Add: {from: [second_sum, second_bias]}
  - ReLU: {name: code}
  - block: {use: bias, units: 100, name: wide_bias, from: pixels}
  - ops.einsum: {from: [code, second], subscripts: 'bj,bij->bi', name: wide_sum}
  - Add: {from: [wide_sum, wide_bias]}
  - ReLU: {name: wide_again}
  - block: {use: bias, units: 784, name: pixels_bias, from: pixels}
  - ops.einsum: {from: [wide_again, first], subscripts: 'bj,bij->bi', name: pixels_sum}
  - Add: {from: [pixels_sum, pixels_bias]}
  - Reshape: {target_shape: [28, 28]}
loss: mse
""",
    ),
    # keras.io, traffic forecasting with graph convolution and LSTM: 12 steps of 4 stations here, whose graph is written out
    "graph convolution": (
        10 + 21_760 + 195,
        """
data: {source: {npz: {path: traffic.npz, inputs: x, target: y}}, split: {validation: 0, test: 0}}
layers:
  - Dense: {units: 10, use_bias: false, name: own}
  - ops.matmul: {x1: [[0, 0.5, 0.5, 0], [1, 0, 0, 0], [0.5, 0, 0, 0.5], [0, 0, 1, 0]], name: neighbours}
  - Concatenate: {from: [own, neighbours]}
  - ReLU
  - Permute: [2, 1, 3]
  - TimeDistributed: {layer: {LSTM: 64}}
  - Dense: 3
  - Permute: [2, 1]
loss: mse
""",
    ),
}


def write_data(folder: Path) -> None:
    rng = np.random.default_rng(0)
    texts = [(LETTERS * 2)[start : start + 5] for start in range(0, 20, 2)]
    np.savez(folder / "captcha.npz", image=rng.random((10, 200, 50, 1), np.float32), text=np.array(texts))
    np.savez(folder / "pictures.npz", x=rng.random((10, 32, 32, 3), np.float32), y=np.arange(10) * 11)
    np.savez(folder / "traffic.npz", x=rng.random((10, 12, 4, 1), np.float32), y=rng.random((10, 3, 4), np.float32))
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
