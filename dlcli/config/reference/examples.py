"""Examples in YAML, each valid in a configuration: of Keras's things made from their required arguments, of blocks written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dlcli.config.reference.groups import layer_group
from dlcli.config.reference.kinds import is_augmentation, is_preparation

VALUES = {
    "activation": "relu",
    "axes": "1",
    "boundaries": "[5 epochs, 10 epochs]",
    "cell": "{LSTMCell: 32}",
    "cells": "[{LSTMCell: 32}, {LSTMCell: 32}]",
    "decay_rate": "0.9",
    "decay_steps": "20 epochs",
    "dims": "[2, 1]",
    "equation": '"ab,bc->ac"',
    "factor": "0.2",
    "filename": "log.csv",
    "filters": "32",
    "first_decay_steps": "5 epochs",
    "head_dim": "32",
    "height": "32",
    "height_factor": "0.1",
    "initial_learning_rate": "0.001",
    "inner_optimizer": "Adam",
    "input_dim": "1000",
    "kernel_size": "3",
    "key_dim": "32",
    "layer": "{LSTM: 32}",
    "layers": "[{Rescaling: {scale: 2.0, offset: -1.0}}]",
    "max_number": "10",
    "n": "4",
    "num_bins": "1000",
    "num_classes": "10",
    "num_heads": "4",
    "num_key_value_heads": "2",
    "num_query_heads": "4",
    "output_dim": "64",
    "output_shape": "64",
    "output_size": "4",
    "pool_size": "2",
    "precision": "0.8",
    "rate": "0.2",
    "recall": "0.8",
    "scale": "0.00392156862745098",
    "sensitivity": "0.8",
    "specificity": "0.8",
    "stddev": "0.1",
    "target_class_ids": "[0]",
    "target_shape": "[8, 8, 1]",
    "units": "64",
    "values": "[0.001, 0.0005, 0.0001]",
    "width": "32",
    "width_factor": "0.1",
}
"""By argument, a plausible value for everything that something requires."""
ARGUMENTS = {
    "Bidirectional": "layer: {LSTM: 32}",
    "CategoryEncoding": "num_tokens: 10",
    "Discretization": "num_bins: 10",
    "Permute": "dims: [2, 1]",
    "Reshape": "target_shape: [28, 28, 1]",
    "SpectralNormalization": "layer: {Dense: 64}",
    "TextVectorization": "max_tokens: 10000, output_sequence_length: 100",
    "TimeDistributed": "layer: {Dense: 32}",
}
"""By class, what shows it better than its required arguments alone."""
WEIGHTS = "include_top: false, weights: imagenet, pooling: avg, trainable: false"
BLOCKS = {
    "config": (
        "name: flowers\n"
        "data: {source: iris, prepare: [Normalization]}\n"
        "layers:\n"
        "  - Dense: {units: 16, activation: relu}\n"
        "  - Dense: {units: 3, activation: softmax}\n"
        "loss: sparse_categorical_crossentropy\n"
        "optimizer: {Adam: {learning_rate: 1e-2}}\n"
        "metrics: [accuracy]\n"
        "train: {epochs: 100, early_stopping: {monitor: val_loss, patience: 10}}"
    ),
    "data": (
        "data:\n  source: flowers.csv\n  target: species\n"
        "  prepare: [Normalization]\n  split: {validation: 0.15, test: 0.15}"
    ),
    "data.inputs": (
        "data:\n  source: houses.csv\n  target: price\n  inputs:\n"
        "    size: {columns: [rooms, area], prepare: [Normalization]}\n"
        "    place: {columns: [town], kind: category}"
    ),
    "data.target": "data:\n  source: flowers.csv\n  target: {column: species, encode: index, classes: [setosa, virginica]}",
    "data.split": "data:\n  source: flowers.csv\n  target: species\n  split: {validation: 0.2, test: 0.1, by: stratified}",
    "train": "train:\n  epochs: 50\n  batch_size: 64\n  early_stopping: {monitor: val_loss, patience: 5}",
    "train.early_stopping": "train:\n  epochs: 50\n  early_stopping: {monitor: val_loss, patience: 5, min_delta: 0.001}",
    "train.reduce_on_plateau": "train:\n  epochs: 50\n  reduce_on_plateau: {monitor: val_loss, factor: 0.1, patience: 3}",
}
KEYS = {
    "extends": "extends: base.yaml\ntrain: {epochs: 5}",
    "blocks": (
        'blocks:\n  head: {parameters: {units: 64}, layers: [Dense: "${units}", ReLU]}\n'
        "layers:\n  - block: {use: head, units: 128}\n  - Dense: 1"
    ),
}
LINES: Mapping[str, Callable[[str], str]] = {
    "applications": "layers:\n  - {}".format,
    "losses": "loss: {}".format,
    "optimizers": "optimizer: {}".format,
    "metrics": "metrics: [{}]".format,
    "callbacks": "train:\n  epochs: 10\n  callbacks: [{}]".format,
    "activations": "layers:\n  - Dense: {{units: 64, activation: {}}}".format,
    "initializers": "layers:\n  - Dense: {{units: 64, kernel_initializer: {}}}".format,
    "regularizers": "layers:\n  - Dense: {{units: 64, kernel_regularizer: {}}}".format,
    "constraints": "layers:\n  - Dense: {{units: 64, kernel_constraint: {}}}".format,
    "schedules": "optimizer:\n  Adam: {{learning_rate: {}}}".format,
}
"""By kind, where a thing stands. Inside a line it is written in braces."""
IN_BRACES = frozenset(LINES) - {"applications"}


def keras_example(name: str, kind: str, entry: Mapping[str, Any]) -> str:
    """A thing of Keras with what it cannot do without, at its place."""
    arguments = WEIGHTS if kind == "applications" else ARGUMENTS.get(name) or needed(entry)
    if kind == "optimizers" and not arguments:
        arguments = f"learning_rate: {entry['arguments']['learning_rate']['default']}"
    written = f"{name}: {{{arguments}}}" if arguments else name
    if kind in IN_BRACES and arguments:
        written = f"{{{written}}}"
    return at_its_place(name, written) if kind == "layers" else LINES[kind](written)


def needed(entry: Mapping[str, Any]) -> str:
    """The required arguments of a class with plausible values."""
    return ", ".join(f"{key}: {VALUES[key]}" for key, each in entry["arguments"].items() if each.get("required"))


def at_its_place(name: str, layer: str) -> str:
    """A layer where it can stand: among the layers, in a recurrent layer, between branches, or with the data."""
    if name.endswith(("Cell", "Cells")):
        return f"layers:\n  - RNN: {{cell: {{{layer}}}}}"
    if layer_group(name) == "merging":
        braced = layer if layer == name else f"{{{layer}}}"
        return f"layers:\n  - branches: {{paths: [[Dense: 32], [Dense: 32]], merge: {braced}}}"
    if is_augmentation(name):
        return f"data:\n  source: {{images: {{path: photos, size: [64, 64]}}}}\n  augment:\n    - {layer}"
    if is_preparation(name) or name in {"CenterCrop", "Resizing"}:
        return f"data:\n  source: data.csv\n  prepare:\n    - {layer}"
    return f"layers:\n  - {layer}"
