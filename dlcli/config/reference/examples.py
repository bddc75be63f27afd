"""Examples in YAML, each valid in a configuration: of Keras's things made from their required arguments, of blocks written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from dlcli.layers.misplaced import possible_places

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
    "train.phases": (
        "layers:\n  - Dense: {units: 64, name: base, trainable: false}\n  - Dense: 3\n"
        "train:\n  phases:\n    - {epochs: 5}\n"
        "    - {epochs: 10, set: {layers.base.trainable: true, optimizer.learning_rate: 1e-5}}"
    ),
    "train.early_stopping": "train:\n  epochs: 50\n  early_stopping: {monitor: val_loss, patience: 5, min_delta: 0.001}",
    "train.reduce_on_plateau": "train:\n  epochs: 50\n  reduce_on_plateau: {monitor: val_loss, factor: 0.1, patience: 3}",
    "weights": "weights: {from: earlier, layers: [one]}\nlayers:\n  - Dense: {name: one, units: 64}\n  - Dense: 3",
    "sweep": (
        "sweep:\n"
        "  trials: 40\n"
        "  goal: min val_loss\n"
        "  prune: median\n"
        "  space:\n"
        "    optimizer.learning_rate: {log: [1e-4, 1e-1]}\n"
        "    layers.hidden.units: [32, 64, 128]\n"
        "    train.batch_size: {int: [16, 128], step: 16}"
    ),
}
KEYS = {
    "extends": "extends: base.yaml\ntrain: {epochs: 5}",
    "blocks": (
        'blocks:\n  head: {parameters: {units: 64}, layers: [Dense: "${units}", ReLU]}\n'
        "layers:\n  - block: {use: head, units: 128}\n  - Dense: 1"
    ),
}
ORDINALS = ("first", "second", "third", "fourth")
LINES: Mapping[str, Callable[[str], str]] = {
    "applications": "layers:\n  - {}".format,
    "losses": "loss: {}".format,
    "operations": "layers:\n  - {}".format,
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
IN_BRACES = frozenset(LINES) - {"applications", "operations"}


def keras_example(name: str, kind: str, entry: Mapping[str, Any]) -> str:
    """A thing of Keras with what it cannot do without, at its place."""
    arguments = WEIGHTS if kind == "applications" else entry["traits"].get("example") or required_example(entry)
    if kind == "operations":
        return operation_example(name, entry["traits"])
    if kind == "optimizers" and not arguments:
        arguments = f"learning_rate: {entry['arguments']['learning_rate']['default']}"
    written = f"{name}: {{{arguments}}}" if arguments else name
    if kind in IN_BRACES and arguments:
        written = f"{{{written}}}"
    return at_its_place(name, written, entry["traits"]) if kind == "layers" else LINES[kind](written)


def operation_example(name: str, traits: Mapping[str, Any]) -> str:
    """An operation behind the layers that it takes, with an axis where it would go over all samples."""
    arguments = operation_arguments(traits)
    names = ORDINALS[: tensor_count(traits, arguments)]
    written = [f"from: [{', '.join(names)}]"] if len(names) > 1 else []
    written += [f"{key}: {json.dumps(value)}" for key, value in arguments.items()]
    above = "".join(f"  - Dense: {{units: 16, name: {each}}}\n" for each in names if len(names) > 1)
    return f"layers:\n{above}  - {name}{': {' + ', '.join(written) + '}' if written else ''}"


def operation_arguments(traits: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an operation is given beside its tensors, so that it keeps the samples apart."""
    axes = {key: -1 for key, default in traits["axes"].items() if default in (None, 0)}
    arguments: Mapping[str, Any] = traits.get("example", axes)
    return arguments


def tensor_count(traits: Mapping[str, Any], arguments: Mapping[str, Any]) -> int:
    """How many tensors an operation takes at least, where it is given some arguments."""
    if traits.get("sequence"):
        return 2
    return max(1, len([each for each in traits["needed"] if each not in arguments]))


def required_example(entry: Mapping[str, Any]) -> str:
    """The required arguments of a class with plausible values."""
    return ", ".join(f"{key}: {each['example']}" for key, each in entry["arguments"].items() if each.get("required"))


def at_its_place(name: str, layer: str, traits: Mapping[str, Any]) -> str:
    """A layer where it can stand: among the layers, in a recurrent layer, between branches, or with the data."""
    place = next(iter(possible_places(traits)), "layers")
    if place == "cell":
        return f"layers:\n  - RNN: {{cell: {{{layer}}}}}"
    if traits.get("merges"):
        braced = layer if layer == name else f"{{{layer}}}"
        return f"layers:\n  - branches: {{paths: [[Dense: 32], [Dense: 32]], merge: {braced}}}"
    if place == "augment":
        return f"data:\n  source: {SOURCES['images']}\n  augment:\n    - {layer}"
    return prepared_example(layer, traits) if place == "prepare" else f"layers:\n  - {layer}"


SOURCES = {"images": "{images: {path: photos, size: [64, 64]}}", "sound": "{audio: {path: sounds, seconds: 1}}"}
"""What preparations of a group are for, where it is no table."""


def prepared_example(layer: str, traits: Mapping[str, Any]) -> str:
    """A preparation with the data that it is for: pictures, sounds, a table, or a column of names, text or ids."""
    if traits.get("crosses"):
        columns = "[colour, shape], kind: category"
    elif traits.get("text"):
        columns = "words, kind: text"
    elif traits.get("ids") or traits.get("adapts") == "vocabulary":
        columns = "code"
    else:
        source = SOURCES.get(traits.get("group", ""), "data.csv")
        return f"data:\n  source: {source}\n  prepare:\n    - {layer}"
    return f"data:\n  source: data.csv\n  inputs:\n    one: {{columns: {columns}, prepare: [{layer}]}}"
