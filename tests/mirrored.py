"""Trains experiments on one device and on two parts of the processor, and prints how far the results are apart.

    python tests/mirrored.py FOLDER CASE...

A line of JSON a case: `weights` is the largest difference of any weight, `history` of any loss or metric of any epoch. Three
more say how far a loop of plain Keras on one device comes out, a training that was stopped amid an epoch, and what noise draws.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from conftest import merged, run, write_classes

BASE: dict[str, Any] = {
    "seed": 3,
    "data": {
        "source": {"npz": {"path": "classes.npz", "inputs": "x", "target": "y"}},
        "split": {"validation": 0.2, "test": 0.2},
    },
    "layers": [
        {"Dense": {"units": 8, "activation": "relu", "kernel_regularizer": {"L2": 0.001}}},
        "BatchNormalization",
        {"Dense": {"units": 3, "activation": "softmax"}},
    ],
    "loss": "sparse_categorical_crossentropy",
    "optimizer": {"Adam": {"learning_rate": 0.01, "clipnorm": 0.05}},
    "metrics": ["accuracy"],
    "train": {"epochs": 3, "batch_size": 32},
}
TWO = {"train.devices": ["cpu:0", "cpu:1"], "train.distribute": "mirrored"}
TARGETS = {
    "data": {
        "source": "table.csv",
        "inputs": ["a", "b", "c"],
        "targets": {"kind": "kind", "size": "size"},
        "split": {"validation": 0.2},
    },
    "layers": [
        {"Dense": {"units": 8, "activation": "relu", "name": "stem"}},
        {"Dense": {"units": 3, "activation": "softmax", "name": "kind", "from": "stem"}},
        {"Dense": {"units": 1, "name": "size", "from": "stem"}},
    ],
    "loss": {"kind": "sparse_categorical_crossentropy", "size": "mse"},
    "loss_weights": {"kind": 0.7, "size": 0.3},
    "metrics": {"kind": ["accuracy"], "size": ["mae"]},
    "train.class_weight": {"kind": "balanced"},
    "train.sample_weight": "w",
    "train.early_stopping": {"monitor": "val_loss", "patience": 1},
    "train.reduce_on_plateau": {"monitor": "loss", "patience": 0, "min_delta": 10},
    "train.checkpoint": {"every": "1 epoch"},
}
CASES: Mapping[str, Mapping[str, Any]] = {
    "normalized": {},
    "one sample left": {"train.batch_size": 89},
    "averaged": {"optimizer": {"AdamW": {"learning_rate": 0.01, "weight_decay": 0.1, "use_ema": True}}},
    "momentum": {"optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9, "global_clipnorm": 0.1}}},
    "half numbers": {"train.precision": "mixed_float16"},
    "targets": TARGETS,
    "streamed": {"data.stream": True},
    "passes": {"train.steps_per_epoch": 2, "train.epochs": 5},
    "phases": {
        "train": {"batch_size": 32, "phases": [{"epochs": 2}, {"epochs": 2, "set": {"optimizer.learning_rate": 0.002}}]}
    },
    "augmented": {
        "data": {
            "source": "digits",
            "augment": [{"RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1}}],
            "split": {"validation": 0.7, "test": 0.2},
        },
        "layers": [
            {"Reshape": [8, 8, 1]},
            {"Conv2D": {"filters": 4, "kernel_size": 3}},
            "Flatten",
            {"Dense": {"units": 10, "activation": "softmax"}},
        ],
    },
    "words": {
        "data": {
            "source": {"sentences": {"samples": 120}},
            "prepare": [{"TextVectorization": {"output_sequence_length": 12}}],
        },
        "layers": [
            {"Embedding": {"input_dim": 400, "output_dim": 4}},
            "GlobalAveragePooling1D",
            {"Dense": {"units": "${data.classes}", "activation": "softmax"}},
        ],
    },
    "by batch": {"train.callbacks": [{"TensorBoard": {"update_freq": 2}}]},
    "auc": {"metrics": ["accuracy", "SparseTopKCategoricalAccuracy"]},
}


def write_table(folder: Path) -> None:
    """A table of three inputs, two targets and weights."""
    generator = np.random.default_rng(1)
    lines = ["a,b,c,kind,size,w"]
    for row in range(120):
        a, b, c = generator.normal(size=3).round(3)
        lines.append(f"{a},{b},{c},{'pqr'[row % 3 if row % 5 else 0]},{(a + b).round(3)},{row % 4 + 1}")
    (folder / "table.csv").write_text("\n".join(lines), encoding="utf-8")


def weights_of(folder: Path) -> list[np.ndarray[Any, Any]]:
    """The weights of a model, one behind the other."""
    import h5py

    found: list[np.ndarray[Any, Any]] = []
    with zipfile.ZipFile(folder / "model" / "model.keras") as archive:
        (folder / "w.h5").write_bytes(archive.read("model.weights.h5"))
    with h5py.File(folder / "w.h5") as file:
        file.visititems(lambda name, each: found.append(each[()]) if isinstance(each, h5py.Dataset) else None)
    return found


def trained(folder: Path, name: str, tree: Mapping[str, Any], *options: str) -> Path:
    """The run of a training, which has to end well."""
    (folder / f"{name}.yaml").write_text(json.dumps(tree), encoding="utf-8")
    done = run("train", f"{name}.yaml", *options, cwd=folder)
    assert done.code == 0, done.err
    return folder / "runs" / name


def history_of(folder: Path) -> list[Any]:
    """The numbers of each epoch."""
    entries = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [[each["learning_rate"], *each["train"].values(), *each["validation"].values()] for each in entries]


def apart(folder: Path, case: str) -> dict[str, float]:
    """How far a training on two devices is from one on one device."""
    tree = merged(BASE, CASES[case])
    name = case.replace(" ", "-")
    two = trained(folder, f"{name}-two", merged(tree, TWO))
    one = trained(folder, f"{name}-one", tree)
    pairs = list(zip(weights_of(one), weights_of(two), strict=True))
    assert len(pairs) > 2
    numbers = np.array(history_of(one)), np.array(history_of(two))
    assert numbers[0].shape == numbers[1].shape
    assert json.loads((two / "run.json").read_text())["engine"] == "distributed"
    weights = max(float(np.abs(a - b).max()) for a, b in pairs if a.dtype.kind == "f" and a.size)
    return {"weights": weights, "history": float(np.abs(numbers[0] - numbers[1]).max())}


def beside_keras(folder: Path) -> dict[str, float]:
    """How far two devices are from plain Keras with the same first weights and the same batches."""
    import keras

    from dlcli.data.fields.order import order

    x, y = (np.load(folder / "classes.npz")[key] for key in "xy")
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(8, "relu"), keras.layers.BatchNormalization(), keras.layers.Dense(3, "softmax")]
    model = keras.Sequential([keras.Input((16,)), *layers])
    model.save(folder / "first.keras")
    tree = merged(
        BASE,
        {
            **TWO,
            "weights": {"from": "first.keras"},
        },
    )
    del tree["layers"][0]["Dense"]["kernel_regularizer"]
    two = trained(folder, "beside-keras", tree)
    rows = np.load(two / "splits.npz")["train"]
    optimizer = keras.optimizers.Adam(0.01, clipnorm=0.05)
    model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False)
    for epoch in range(3):
        places = rows[np.concatenate(list(order(len(rows), seed=3, epoch=epoch)))]
        for start in range(0, len(places), 32):
            batch = places[start : start + 32]
            model.train_on_batch(x[batch], y[batch])
    kept = keras.saving.load_model(two / "model" / "model.keras")
    pairs = list(zip(kept.weights, model.weights, strict=True))
    assert len(pairs) == 8
    return {"weights": max(float(np.abs(a.numpy() - b.numpy()).max()) for a, b in pairs)}


def stopped(folder: Path) -> dict[str, float]:
    """How far a training that was stopped amid an epoch and gone on with is from one that was left alone, and its files."""
    import signal

    from dlcli.training.distributed.engine import DistributedEngine

    tree = merged(BASE, {**TWO, "layers": [*BASE["layers"][:2], {"Dropout": 0.2}, BASE["layers"][2]]})
    alone = trained(folder, "left-alone", tree)
    steps, step = iter(range(100)), DistributedEngine.step

    def with_signal(engine: Any, batch: Any) -> float:
        if next(steps) == 4:
            signal.raise_signal(signal.SIGTERM)
        return step(engine, batch)

    DistributedEngine.step = with_signal  # type: ignore[method-assign]
    (folder / "stopped.yaml").write_text(json.dumps(tree), encoding="utf-8")
    assert run("train", "stopped.yaml", cwd=folder).code == 143
    done = run("resume", "stopped", cwd=folder)
    assert done.code == 0, done.err
    assert "goes on from step 2 of epoch 2" in done.err or "goes on from step 1 of epoch 2" in done.err, done.err
    again = folder / "runs" / "stopped"
    assert json.loads((again / "run.json").read_text())["exact"]
    pairs = zip(weights_of(alone), weights_of(again), strict=True)
    same = (alone / "metrics.jsonl").read_bytes() == (again / "metrics.jsonl").read_bytes()
    return {"weights": max(float(np.abs(a - b).max()) for a, b in pairs if a.size), "history": 0.0 if same else 1.0}


def noise() -> dict[str, Any]:
    """What two devices draw: with seeds of their own, and as TensorFlow has it."""
    import keras
    import tensorflow as tf

    from dlcli.training.distributed.noise import noise_of_each_device

    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.ReductionToOneDevice())
    found: dict[str, Any] = {}
    for own in (True, False):
        with strategy.scope():
            generator = keras.random.SeedGenerator(5)

        @tf.function(autograph=False)
        def drawn(generator: Any = generator) -> Any:
            return strategy.run(lambda: keras.random.uniform((3,), seed=generator))

        if own:
            with noise_of_each_device():
                values = drawn()
        else:
            values = drawn()
        found["own" if own else "plain"] = [
            each.numpy().tolist() for each in strategy.experimental_local_results(values)
        ]
    found["one"] = keras.random.uniform((3,), seed=keras.random.SeedGenerator(5)).numpy().tolist()
    return found


BESIDE = {"beside keras": beside_keras, "stopped": stopped, "noise": lambda folder: noise()}
"""What is asked beside the cases."""


def main(folder: Path, cases: list[str]) -> None:
    """Prints a line a case."""
    import dlcli.training.evidence.looks as looks

    looks.MOST_SECONDS = 0.0
    write_classes(folder)
    write_table(folder)
    trained(folder, "first", merged(BASE, {**TWO, "train.epochs": 1}))  # which divides the processor
    for case in cases:
        found = BESIDE[case](folder) if case in BESIDE else apart(folder, case)
        print(json.dumps({"case": case, **found}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or [*CASES, *BESIDE])
