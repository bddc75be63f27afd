"""Small trainings, sick and healthy, by name: what each shows, and the codes of which the first of its verdict is one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Tree = dict[str, Any]
SEED = 7


@dataclass(frozen=True)
class Training:
    """A configuration, and the codes that may stand first in its verdict; `never` are those that may stand nowhere in it."""

    name: str
    kind: str
    tree: Tree
    first: frozenset[str]
    never: frozenset[str] = frozenset()
    code: int = field(default=0)


def blobs(path: Path, *, samples: int = 400, classes: int = 3, features: int = 6, spread: float = 1.0) -> None:
    """Clouds of points, a class each."""
    generator = np.random.default_rng(SEED)
    y = np.arange(samples) % classes
    centres = generator.normal(size=(classes, features)) * 2
    x = centres[y] + spread * generator.normal(size=(samples, features))
    np.savez(path, x=x.astype(np.float32), y=y)


def numbers(path: Path, *, samples: int = 400, scale: float = 1.0, mean: float = 0.0, noise: float = 0.1) -> None:
    """A bent function of four numbers."""
    generator = np.random.default_rng(SEED)
    x = generator.normal(size=(samples, 4))
    y = np.sin(x[:, 0] * 1.5) + x[:, 1] * x[:, 2] + 0.5 * x[:, 3] + noise * generator.normal(size=samples)
    np.savez(path, x=x.astype(np.float32), y=(scale * y + mean).astype(np.float32))


def write_data(folder: Path) -> None:
    """Everything that the trainings read."""
    generator = np.random.default_rng(SEED)
    blobs(folder / "blobs.npz")
    blobs(folder / "wide.npz", spread=2.5, samples=600)
    blobs(folder / "tiny.npz", samples=40)
    blobs(folder / "few.npz", samples=90, features=20, spread=3.0)
    numbers(folder / "numbers.npz")
    plain = generator.normal(size=(500, 3))
    vague = plain[:, 0] + 1.5 * generator.normal(size=500)
    np.savez(folder / "vague.npz", x=plain.astype(np.float32), y=vague.astype(np.float32))
    numbers(folder / "millions.npz", scale=1e6, mean=5e6)
    numbers(folder / "hundreds.npz", scale=1.0, mean=500.0)
    data = np.load(folder / "blobs.npz")
    np.savez(folder / "far.npz", x=data["x"] * 300 + 1000, y=data["y"])
    np.savez(folder / "small.npz", x=data["x"] * 1e-5, y=data["y"])
    np.savez(folder / "shuffled.npz", x=data["x"], y=generator.permutation(data["y"]))
    np.savez(
        folder / "noise.npz", x=generator.normal(size=(600, 8)).astype(np.float32), y=generator.integers(0, 2, 600)
    )
    rare = (generator.random(800) < 0.06).astype(int)
    x = generator.normal(size=(800, 5)) + 1.2 * rare[:, None]
    np.savez(folder / "rare.npz", x=x.astype(np.float32), y=rare)
    angle = generator.uniform(0, 3, 600)
    turn = np.arange(600) % 3
    spiral = np.stack([angle * np.cos(2 * angle + turn * 2.1), angle * np.sin(2 * angle + turn * 2.1)], axis=1)
    np.savez(folder / "spiral.npz", x=spiral.astype(np.float32), y=turn)
    xor = generator.uniform(-1, 1, size=(500, 2))
    np.savez(folder / "xor.npz", x=xor.astype(np.float32), y=(xor[:, 0] * xor[:, 1] > 0).astype(int))
    rows = generator.normal(size=(300, 3)).round(4)
    total = rows.sum(axis=1)
    table(folder / "leak.csv", a=rows[:, 0], b=rows[:, 1], today=total.round(4), y=np.where(total > 0, "up", "down"))
    table(folder / "sum.csv", a=rows[:, 0], b=rows[:, 1], c=rows[:, 2], y=(rows.sum(axis=1)).round(6))
    doubled = np.concatenate([rows[:150], rows[:150]])
    noisy = np.where(doubled[:, 0] + 0.5 * np.sin(9 * doubled[:, 1]) > 0, "u", "v")
    table(folder / "copies.csv", a=doubled[:, 0], b=doubled[:, 1], c=doubled[:, 2], y=noisy)
    step = np.arange(400)
    level = step / 100
    table(
        folder / "drift.csv",
        t=level.round(4),
        a=generator.normal(size=400).round(4),
        y=(level**2 + generator.normal(size=400) * 0.1).round(4),
    )
    flag = (step >= 300).astype(int)
    a = generator.normal(size=400).round(4)
    table(folder / "flag.csv", a=a, flag=flag, y=(2 * a + 0.05 * generator.normal(size=400)).round(4))
    table(folder / "sorted.csv", a=a, b=np.roll(a, 1), y=np.where(step < 300, "early", "late"))
    table(
        folder / "years.csv",
        year=(1990 + step % 30),
        pay=(30000 + 9000 * a).round(0),
        y=np.where(a + 0.3 * generator.normal(size=400) > 0, "hi", "lo"),
    )
    turned = generator.normal(size=(400, 3)).round(4)
    sign = np.where(step < 300, 1, -1)
    said = sign * (turned @ [1.0, -2.0, 0.5] + 0.3 * generator.normal(size=400)) > 0
    table(folder / "turned.csv", a=turned[:, 0], b=turned[:, 1], c=turned[:, 2], y=np.where(said, "up", "down"))
    wide = generator.normal(size=(900, 10)).round(4)
    bent = wide[:, 0] + 1.5 * wide[:, 1] * wide[:, 2] + 1.5 * np.abs(wide[:, 3]) - 1
    table(folder / "bent.csv", **{f"x{at}": wide[:, at] for at in range(10)}, y=np.where(bent > 0, "up", "down"))
    vote = generator.normal(size=(900, 4)).round(4)
    unsure = vote[:, 0] + 0.5 * vote[:, 1] ** 2 + 0.8 * generator.normal(size=900) > 0.4
    table(folder / "vote.csv", **{f"x{at}": vote[:, at] for at in range(4)}, y=np.where(unsure, "yes", "no"))
    lit = np.where(generator.random((700, 30)) < 0.004, generator.normal(size=(700, 30)) * 3, 0).round(3)
    seen = generator.normal(size=(700, 6)).round(3)
    wrong = generator.random(700) < 0.3
    kind = np.where((seen[:, 0] + seen[:, 1] > 0) ^ wrong, "one", "other")
    columns = {f"lit{at}": lit[:, at] for at in range(30)} | {f"seen{at}": seen[:, at] for at in range(6)}
    table(folder / "lit.csv", **columns, y=kind)
    year = 2000 + step % 8
    table(folder / "bare.csv", a=a, year=year, y=(0.4 * a + 0.5 * generator.normal(size=400)).round(4))
    pictures(folder / "pictures.npz")
    bright = np.load(folder / "pictures.npz")
    np.savez(folder / "bytes.npz", x=(bright["x"] * 255).astype(np.uint8), y=bright["y"])
    np.savez(folder / "mixed_pictures.npz", x=bright["x"], y=generator.permutation(bright["y"]))
    steps = generator.normal(size=(400, 12, 2)).astype(np.float32)
    np.savez(folder / "steps.npz", x=steps, y=(steps[:, :, 0].sum(axis=1) > 0).astype(int))
    ids = generator.integers(0, 30, size=(500, 10))
    np.savez(folder / "ids.npz", x=ids, y=(ids < 15).sum(axis=1) > 5)
    wave = np.sin(np.arange(700) / 8) + 0.05 * generator.normal(size=700)
    table(folder / "wave.csv", value=wave.round(4))


def pictures(path: Path) -> None:
    """Bars that lie, stand or slant, in noise."""
    generator = np.random.default_rng(SEED)
    y = np.arange(360) % 3
    x = 0.25 * generator.random((360, 8, 8, 1))
    for number, kind in enumerate(y):
        place = int(generator.integers(0, 8))
        if kind == 0:
            x[number, place, :, 0] += 0.7
        elif kind == 1:
            x[number, :, place, 0] += 0.7
        else:
            x[number, np.arange(8), (np.arange(8) + place) % 8, 0] += 0.7
    np.savez(path, x=x.clip(0, 1).astype(np.float32), y=y)


def table(path: Path, **columns: Any) -> None:
    """Columns as a file."""
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n", encoding="utf-8")


def classes(data: str, *hidden: Any, optimizer: Any = None, epochs: int = 25, count: int = 3, **more: Any) -> Tree:
    """A classifier of arrays."""
    layers = [*hidden, {"Dense": {"units": count, "activation": "softmax"}}]
    return {
        "data": {
            "source": {"npz": {"path": data, "inputs": "x", "target": "y"}},
            "split": {"validation": 0.25, "test": 0},
        },
        "layers": layers,
        "loss": "sparse_categorical_crossentropy",
        "optimizer": optimizer or {"Adam": 1e-2},
        "metrics": ["accuracy"],
        "train": {"epochs": epochs, "batch_size": 32},
        **more,
    }


def regression(data: str, *hidden: Any, optimizer: Any = None, epochs: int = 30, last: Any = None, **more: Any) -> Tree:
    """A model of a number."""
    tree = classes(data, *hidden, optimizer=optimizer, epochs=epochs, **more)
    return {**tree, "layers": [*hidden, last or {"Dense": 1}], "loss": "mse", "metrics": ["mae"], **more}


def of_table(tree: Tree, path: str, **data: Any) -> Tree:
    """The same on a table."""
    return {**tree, "data": {"source": path, "target": "y", "split": {"validation": 0.25, "test": 0}, **data}}


def with_train(tree: Tree, **train: Any) -> Tree:
    """The same with other keys of the train block."""
    return {**tree, "train": {**tree["train"], **train}}


def dense(units: int = 32, activation: str = "relu", **more: Any) -> Tree:
    """A hidden layer."""
    return {"Dense": {"units": units, "activation": activation, **more}}


def normalized(momentum: float) -> list[Tree]:
    """Hidden layers, each behind a normalization of its inputs that keeps such a share of its statistics at a step."""
    return [part for _ in range(3) for part in ({"BatchNormalization": {"momentum": momentum}}, dense(16))]


def binary(tree: Tree) -> Tree:
    """The same with one unit for two classes."""
    layers = [*tree["layers"][:-1], {"Dense": {"units": 1, "activation": "sigmoid"}}]
    return {**tree, "layers": layers, "loss": "binary_crossentropy"}


def some(*codes: str) -> frozenset[str]:
    return frozenset(codes)


CALM = some("healthy", "still_improving")
FINE = some("healthy", "still_improving", "plateau")
WRONG_WAY = some("rate_too_low", "still_improving", "healthy")
PREPARED = {"prepare": ["Normalization"]}
EARLY = {"monitor": "val_loss", "patience": 5}
DEEP = [dense(16, "sigmoid") for _ in range(12)]


def trainings() -> list[Training]:
    """All of them."""
    return [
        # The loss or the weights end.
        Training(
            "rate_explodes",
            "table",
            regression("numbers.npz", dense(), optimizer={"SGD": 50.0}),
            some("diverged"),
            code=6,
        ),
        Training(
            "far_inputs_explode",
            "table",
            regression("far.npz", dense(), optimizer={"SGD": 0.05}),
            some("diverged", "inputs_far_from_scale"),
            code=6,
        ),
        Training(
            "huge_loss_that_falls",
            "table",
            of_table(binary(classes("", dense(), optimizer={"Adam": 1e-3}, epochs=15)), "years.csv"),
            some("inputs_far_from_scale"),
            some("diverged"),
        ),
        # Splits that lack classes.
        Training(
            "sorted_by_time",
            "table",
            of_table(
                binary(classes("", dense(8), epochs=6)),
                "sorted.csv",
                split={"validation": 0.2, "test": 0, "by": "time"},
            ),
            some("one_class_only"),
        ),
        Training(
            "sorted_but_mixed",
            "table",
            of_table(binary(classes("", dense(8), epochs=6)), "sorted.csv"),
            some("does_not_learn", "no_better_than_trivial", "predicts_one_class"),
            some("one_class_only"),
        ),
        # Leaks.
        Training(
            "leak", "table", of_table(binary(classes("", dense(), epochs=25)), "leak.csv"), some("suspiciously_good")
        ),
        Training(
            "sum",
            "table",
            of_table(regression("", epochs=60, optimizer={"Adam": 0.05}), "sum.csv"),
            some("suspiciously_good"),
        ),
        Training(
            "copies",
            "table",
            of_table(binary(classes("", dense(64), dense(64), epochs=40)), "copies.csv"),
            some("suspiciously_good"),
        ),
        Training(
            "perfect_without_leak", "table", classes("blobs.npz", dense(), epochs=20), CALM, some("suspiciously_good")
        ),
        # Scale.
        Training(
            "far_inputs",
            "table",
            classes("far.npz", dense(), optimizer={"SGD": 0.1}),
            some("inputs_far_from_scale", "diverged"),
        ),
        Training(
            "tiny_inputs",
            "table",
            classes("small.npz", dense(), optimizer={"SGD": 0.01}, epochs=15),
            some("inputs_far_from_scale"),
        ),
        Training(
            "scaled_inputs",
            "table",
            {**classes("far.npz", dense(), epochs=20), "data": {**classes("far.npz")["data"], **PREPARED}},
            CALM,
        ),
        Training(
            "target_in_millions",
            "table",
            regression("millions.npz", dense(), optimizer={"Adam": 1e-2}),
            some("target_far_from_scale"),
        ),
        Training(
            "target_far_from_zero",
            "table",
            regression("hundreds.npz", dense(), optimizer={"Adam": 1e-3}),
            some("target_far_from_scale"),
        ),
        # The rate.
        Training(
            "rate_times_1000",
            "table",
            classes("blobs.npz", dense(), dense(), optimizer={"Adam": 5.0}),
            some("rate_too_high"),
            WRONG_WAY,
        ),
        Training(
            "sgd_rate_10",
            "table",
            classes("wide.npz", dense(), dense(), optimizer={"SGD": 10.0}),
            some("rate_too_high", "diverged"),
            WRONG_WAY,
        ),
        Training(
            "momentum_999",
            "table",
            classes("wide.npz", dense(), optimizer={"SGD": {"learning_rate": 0.5, "momentum": 0.999}}),
            some("rate_too_high", "diverged"),
            WRONG_WAY,
        ),
        Training(
            "rate_1e-6",
            "table",
            classes("blobs.npz", dense(), optimizer={"Adam": 1e-6}, epochs=12),
            some("rate_too_low"),
        ),
        Training(
            "sgd_1e-4", "table", classes("blobs.npz", dense(), optimizer={"SGD": 1e-4}, epochs=12), some("rate_too_low")
        ),
        Training("rate_that_fits", "table", classes("blobs.npz", dense(), optimizer={"Adam": 3e-3}, epochs=20), CALM),
        # Layers.
        Training(
            "dead_by_bias",
            "table",
            classes("blobs.npz", dense(bias_initializer={"Constant": -50}), optimizer={"Adam": 1e-3}),
            some("dead_units"),
        ),
        Training(
            "sigmoids", "table", classes("blobs.npz", *DEEP, optimizer={"Adam": 1e-3}), some("vanishing_gradients")
        ),
        Training(
            "all_zero",
            "table",
            classes(
                "blobs.npz",
                dense(kernel_initializer="zeros"),
                epochs=12,
                layers=[
                    dense(kernel_initializer="zeros"),
                    {"Dense": {"units": 3, "activation": "softmax", "kernel_initializer": "zeros"}},
                ],
            ),
            some("vanishing_gradients", "dead_units"),
        ),
        Training(
            "huge_first_weights",
            "table",
            regression(
                "numbers.npz",
                *[dense(32, kernel_initializer={"RandomNormal": {"stddev": 3.0}}) for _ in range(6)],
                optimizer={"SGD": 1e-2},
            ),
            some("exploding_gradients", "diverged"),
            code=-1,
        ),
        Training(
            "three_sigmoids",
            "table",
            classes("blobs.npz", dense(16, "sigmoid"), dense(16, "sigmoid"), epochs=40),
            CALM,
            some("vanishing_gradients"),
        ),
        # What a model can be.
        Training(
            "sigmoid_before_numbers",
            "table",
            regression("numbers.npz", dense(), last={"Dense": {"units": 1, "activation": "sigmoid"}}),
            some("cannot_fit"),
        ),
        Training(
            "relu_before_numbers",
            "table",
            regression("numbers.npz", dense(), last={"Dense": {"units": 1, "activation": "relu"}}),
            some("cannot_fit"),
        ),
        Training(
            "linear_on_spiral", "table", classes("spiral.npz", epochs=30, optimizer={"Adam": 0.05}), some("cannot_fit")
        ),
        Training(
            "linear_on_xor", "table", binary(classes("xor.npz", {"Dense": 8}, epochs=30, count=2)), some("cannot_fit")
        ),
        Training(
            "one_unit",
            "table",
            classes("spiral.npz", dense(1, "tanh"), epochs=40, optimizer={"Adam": 0.03}),
            some("cannot_fit", "underfits"),
        ),
        Training("linear_on_blobs", "table", classes("blobs.npz", epochs=40, optimizer={"Adam": 0.03}), CALM),
        # The schedule.
        Training(
            "decayed_to_nothing",
            "table",
            classes(
                "wide.npz",
                dense(),
                epochs=20,
                optimizer={
                    "Adam": {
                        "learning_rate": {
                            "ExponentialDecay": {
                                "initial_learning_rate": 5e-4,
                                "decay_rate": 0.2,
                                "decay_steps": "1 epochs",
                            }
                        }
                    }
                },
            ),
            some("schedule_ended"),
        ),
        Training(
            "cosine_ends_early",
            "table",
            classes(
                "wide.npz",
                dense(),
                epochs=20,
                optimizer={
                    "Adam": {
                        "learning_rate": {"CosineDecay": {"initial_learning_rate": 1e-3, "decay_steps": "4 epochs"}}
                    }
                },
            ),
            some("schedule_ended"),
        ),
        Training(
            "cosine_that_fits",
            "table",
            classes(
                "blobs.npz",
                dense(),
                epochs=20,
                optimizer={
                    "Adam": {
                        "learning_rate": {"CosineDecay": {"initial_learning_rate": 1e-2, "decay_steps": "20 epochs"}}
                    }
                },
            ),
            CALM,
        ),
        # Splits that differ.
        Training(
            "drift",
            "table",
            of_table(
                regression("", dense(), epochs=25),
                "drift.csv",
                split={"validation": 0.25, "test": 0, "by": "time"},
                **PREPARED,
            ),
            some("splits_differ"),
        ),
        Training(
            "flag_later",
            "table",
            of_table(
                regression("", dense(), epochs=25), "flag.csv", split={"validation": 0.25, "test": 0, "by": "time"}
            ),
            some("splits_differ", "healthy", "still_improving"),
        ),
        Training(
            "drift_mixed",
            "table",
            of_table(regression("", dense(), epochs=40, optimizer={"Adam": 0.02}), "drift.csv", **PREPARED),
            CALM,
            some("splits_differ"),
        ),
        # Overfitting.
        Training(
            "overfits",
            "table",
            classes("few.npz", dense(256), dense(256), epochs=60, optimizer={"Adam": 3e-3}),
            some("overfits"),
            some("rate_too_low", "still_improving", "no_better_than_trivial"),
        ),
        Training(
            "overfits_but_stopped",
            "table",
            with_train(classes("wide.npz", dense(64), epochs=60, optimizer={"Adam": 1e-2}), early_stopping=EARLY),
            CALM,
            some("still_improving"),
        ),
        # Classes.
        Training(
            "rare_class",
            "table",
            binary(classes("rare.npz", epochs=4, count=2, optimizer={"Adam": 3e-3})),
            some("predicts_one_class", "imbalanced", "no_better_than_trivial"),
        ),
        Training(
            "rare_class_weighed",
            "table",
            with_train(binary(classes("rare.npz", dense(8), epochs=30, count=2)), class_weight="balanced"),
            some("healthy", "still_improving", "overfits"),
            some("predicts_one_class"),
        ),
        # Nothing to learn.
        Training(
            "labels_of_noise",
            "table",
            binary(classes("noise.npz", dense(8), epochs=10, count=2, optimizer={"Adam": 1e-3})),
            some("does_not_learn"),
        ),
        Training(
            "shuffled",
            "table",
            classes("shuffled.npz", dense(256), dense(256), epochs=40, optimizer={"Adam": 3e-3}),
            some("does_not_learn"),
        ),
        Training(
            "shuffled_pictures",
            "pictures",
            classes("mixed_pictures.npz", "Flatten", dense(256), epochs=40, optimizer={"Adam": 3e-3}),
            some("does_not_learn"),
        ),
        Training(
            "frozen",
            "table",
            classes(
                "spiral.npz",
                dense(16, trainable=False),
                epochs=25,
                layers=[dense(4, trainable=False), {"Dense": {"units": 3, "activation": "softmax"}}],
            ),
            some("underfits", "cannot_fit", "does_not_learn"),
        ),
        # Held back.
        Training(
            "huge_l2",
            "table",
            classes(
                "blobs.npz",
                dense(kernel_regularizer={"L2": 10.0}),
                epochs=20,
                layers=[
                    dense(kernel_regularizer={"L2": 5.0}),
                    {"Dense": {"units": 3, "activation": "softmax", "kernel_regularizer": {"L2": 5.0}}},
                ],
            ),
            some("underfits"),
        ),
        Training(
            "dropout_95",
            "table",
            classes("wide.npz", dense(16), {"Dropout": 0.95}, epochs=20, optimizer={"Adam": 3e-3}),
            some("underfits"),
        ),
        Training("little_dropout", "table", classes("blobs.npz", dense(), {"Dropout": 0.2}, epochs=20), CALM),
        # How long.
        Training(
            "few_epochs",
            "table",
            classes("wide.npz", dense(), epochs=5, optimizer={"Adam": 2e-3}),
            some("still_improving"),
        ),
        Training("flat_end", "table", regression("vague.npz", optimizer={"Adam": 0.05}, epochs=60), some("plateau")),
        Training(
            "one_epoch",
            "table",
            classes("blobs.npz", dense(), epochs=1, optimizer={"Adam": 1e-2}),
            some("too_early_to_say"),
        ),
        Training(
            "huge_min_delta",
            "table",
            with_train(
                classes("blobs.npz", dense(), epochs=40, optimizer={"Adam": 2e-3}),
                early_stopping={"monitor": "val_loss", "patience": 3, "min_delta": 0.5},
            ),
            some("stopped_too_early"),
        ),
        Training(
            "wrong_mode",
            "table",
            with_train(
                classes("blobs.npz", dense(), epochs=40, optimizer={"Adam": 2e-3}),
                early_stopping={"monitor": "val_loss", "patience": 3, "mode": "max"},
            ),
            some("stopped_too_early"),
        ),
        Training("patient", "table", with_train(classes("blobs.npz", dense(), epochs=60), early_stopping=EARLY), CALM),
        # Validation.
        Training(
            "tiny_validation",
            "table",
            with_train(classes("tiny.npz", dense(16), epochs=25), batch_size=8),
            some("validation_too_small", "still_improving"),
        ),
        # Other kinds of data.
        Training(
            "pictures",
            "pictures",
            classes(
                "pictures.npz",
                {"Conv2D": {"filters": 8, "kernel_size": 3, "activation": "relu"}},
                "GlobalMaxPooling2D",
                epochs=40,
                optimizer={"Adam": 2e-2},
            ),
            CALM,
        ),
        Training(
            "bytes",
            "pictures",
            classes("bytes.npz", "Flatten", dense(32), epochs=15, optimizer={"SGD": 0.1}),
            some("inputs_far_from_scale"),
        ),
        Training(
            "pictures_rate",
            "pictures",
            classes(
                "pictures.npz",
                {"Conv2D": {"filters": 8, "kernel_size": 3, "activation": "relu"}},
                "Flatten",
                epochs=10,
                optimizer={"Adam": 1e-6},
            ),
            some("rate_too_low"),
        ),
        Training(
            "sequences",
            "sequences",
            binary(classes("steps.npz", {"GRU": 12}, epochs=12, count=2, optimizer={"Adam": 2e-2})),
            CALM,
        ),
        Training(
            "sequences_rate",
            "sequences",
            binary(classes("steps.npz", {"GRU": 12}, epochs=6, count=2, optimizer={"SGD": 1e-5})),
            some("rate_too_low"),
        ),
        Training(
            "ids",
            "sequences",
            binary(
                classes(
                    "ids.npz",
                    {"Embedding": {"input_dim": 30, "output_dim": 8}},
                    "GlobalAveragePooling1D",
                    epochs=25,
                    count=2,
                    optimizer={"Adam": 2e-2},
                )
            ),
            CALM,
            some("inputs_far_from_scale"),
        ),
        Training(
            "ids_rate",
            "sequences",
            binary(
                classes(
                    "ids.npz",
                    {"Embedding": {"input_dim": 30, "output_dim": 8}},
                    "GlobalAveragePooling1D",
                    epochs=5,
                    count=2,
                    optimizer={"RMSprop": 1e-6},
                )
            ),
            some("rate_too_low"),
            some("inputs_far_from_scale"),
        ),
        # What a trial shows.
        Training(
            "long_steps_that_stay_calm",
            "table",
            of_table(
                binary(classes("", dense(), dense(16), optimizer={"SGD": {"learning_rate": 0.6, "momentum": 0.9}})),
                "vote.csv",
                **PREPARED,
            ),
            some("rate_too_high"),
            WRONG_WAY,
        ),
        Training(
            "cut_gradients",
            "table",
            regression("numbers.npz", dense(), optimizer={"SGD": {"learning_rate": 0.05, "clipnorm": 1e-4}}),
            some("rate_too_low"),
            some("does_not_learn"),
        ),
        Training(
            "usual_cut",
            "table",
            regression("numbers.npz", dense(), optimizer={"Adam": {"learning_rate": 0.01, "clipnorm": 1.0}}),
            CALM,
        ),
        Training(
            "turned_round_later",
            "table",
            of_table(
                binary(classes("", dense(16), epochs=15)),
                "turned.csv",
                split={"validation": 0.25, "test": 0, "by": "time"},
                **PREPARED,
            ),
            some("splits_differ"),
            some("overfits"),
        ),
        Training(
            "linear_on_bent_columns",
            "table",
            of_table(binary(classes("", optimizer={"Adam": 0.05}, epochs=40)), "bent.csv"),
            some("cannot_fit"),
        ),
        Training(
            "sigmoid_before_millions",
            "table",
            regression("millions.npz", dense(), last={"Dense": {"units": 1, "activation": "sigmoid"}}),
            some("cannot_fit"),
            some("target_far_from_scale"),
        ),
        Training(
            "far_target_at_rate_10",
            "table",
            regression("hundreds.npz", dense(), dense(16), optimizer={"Adam": 10.0}, epochs=15),
            some("rate_too_high", "diverged"),
            some("target_far_from_scale"),
        ),
        Training(
            "columns_that_are_hardly_lit",
            "table",
            of_table(binary(classes("", dense(128), dense(64), optimizer={"Adam": 3e-3}, epochs=40)), "lit.csv"),
            some("overfits"),
            some("splits_differ"),
        ),
        Training(
            "one_bare_input",
            "table",
            {
                **of_table(
                    regression("", {"Concatenate": {"from": ["person", "when"]}}, dense(), epochs=12),
                    "bare.csv",
                    inputs={"person": {"columns": ["a"], "prepare": ["Normalization"]}, "when": {"columns": ["year"]}},
                ),
                "optimizer": {"Adam": 1e-3},
            },
            some("inputs_far_from_scale"),
        ),
        # Normalization whose statistics do not follow, and does.
        Training(
            "slow_statistics",
            "table",
            classes("blobs.npz", *normalized(0.999), optimizer={"Adam": 3e-3}, epochs=12),
            some("statistics_lag"),
        ),
        Training(
            "quick_statistics",
            "table",
            classes("blobs.npz", *normalized(0.8), optimizer={"Adam": 3e-3}, epochs=12),
            FINE,
            some("statistics_lag"),
        ),
    ]


def by_name() -> Mapping[str, Training]:
    """Each training by its name."""
    return {each.name: each for each in copy.deepcopy(trainings())}


Run = Callable[..., Any]
