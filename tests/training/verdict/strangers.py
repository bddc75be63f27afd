"""Trainings that no rule was made for: the shipped sets made sick in other ways than those of `trainings.py`, and healthy ones.

They were written before they were first run. What they showed then was mended, thresholds included: they are unseen no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from training.verdict.trainings import CALM, Training, Tree, dense, some, table

SEED = 23
SOFTMAX = {"Dense": {"units": "${data.classes}", "activation": "softmax"}}
SIGMOID = {"Dense": {"units": 1, "activation": "sigmoid"}}
SPLIT = {"validation": 0.2, "test": 0}


def write_strange_data(folder: Path) -> None:
    """What the shipped sets do not have."""
    generator = np.random.default_rng(SEED)
    rows = 500
    hours, load = np.arange(rows) / 24, generator.normal(size=rows)
    price = 200 + 3 * hours + 8 * load + generator.normal(size=rows)
    table(folder / "prices.csv", hour=hours.round(3), load=load.round(3), price=price.round(3))
    salary = (45_000 + 12_000 * load).round(0)
    table(
        folder / "salary.csv", years=(10 + 5 * load).round(1), other=generator.normal(size=rows).round(3), salary=salary
    )
    ill = (generator.random(rows) < 0.04).astype(int)
    table(folder / "ill.csv", a=(load + ill).round(3), b=generator.normal(size=rows).round(3), y=ill)
    kind = np.where(load > 0.3, "buy", "keep")
    table(folder / "told.csv", a=load.round(3), b=np.roll(load, 3).round(3), later=(load * 7 + 2).round(3), y=kind)
    table(folder / "random.csv", a=load.round(3), b=np.roll(load, 3).round(3), y=generator.permutation(kind))
    group = np.where(np.arange(rows) < 400, "one", "two")
    both = 2 * load + np.where(group == "two", 30.0, 0.0)
    table(folder / "places.csv", place=group, load=load.round(3), y=(both + generator.normal(size=rows) * 0.2).round(3))
    signal = np.cumsum(generator.normal(size=(300, 20, 1)), axis=1)
    np.savez(folder / "walks.npz", x=signal.astype(np.float32), y=(signal[:, -1, 0] > 0).astype(int))
    x = generator.normal(size=(400, 5)).astype(np.float32)
    np.savez(folder / "two.npz", x=x, a=(x[:, 0] * 2 + x[:, 1]).astype(np.float32), b=(x[:, 2] > 0).astype(int))


def shipped(
    source: Any,
    layers: list[Any],
    *,
    loss: str,
    optimizer: Any,
    epochs: int,
    train: Mapping[str, Any] = MappingProxyType({}),
    **more: Any,
) -> Tree:
    """A training on a shipped set, or on a file."""
    data = {"source": source, "split": SPLIT, **more.pop("data", {})}
    block = {"epochs": epochs, "batch_size": 32, **train}
    return {"data": data, "layers": layers, "loss": loss, "optimizer": optimizer, "train": block, **more}


def classifier(source: Any, *hidden: Any, optimizer: Any, epochs: int = 20, **more: Any) -> Tree:
    """A classifier with a softmax."""
    loss = "sparse_categorical_crossentropy"
    layers = more.pop("layers", [*hidden, SOFTMAX])
    return shipped(source, layers, loss=loss, optimizer=optimizer, epochs=epochs, metrics=["accuracy"], **more)


def yes_or_no(source: Any, *hidden: Any, optimizer: Any, epochs: int = 20, **more: Any) -> Tree:
    """A classifier of two classes with a sigmoid."""
    layers = [*hidden, SIGMOID]
    loss = "binary_crossentropy"
    return shipped(source, layers, loss=loss, optimizer=optimizer, epochs=epochs, metrics=["accuracy"], **more)


def number(source: Any, *hidden: Any, optimizer: Any, epochs: int = 20, last: Any = None, **more: Any) -> Tree:
    """A model of a number."""
    layers = [*hidden, last or {"Dense": 1}]
    return shipped(
        source, layers, loss=more.pop("loss", "mse"), optimizer=optimizer, epochs=epochs, metrics=["mae"], **more
    )


NORMAL = {"prepare": ["Normalization"]}
PIXELS = {"prepare": [{"Rescaling": 0.0625}]}
WALKS = {"npz": {"path": "walks.npz", "inputs": "x", "target": "y"}}
MOONS = {"moons": {"samples": 500, "noise": 0.1}}
SPIRAL = {"spiral": {"samples": 600, "classes": 3}}


def strangers() -> list[Training]:
    """All of them, of which the first codes are what a person would say."""
    early = {"monitor": "val_loss", "patience": 4}
    pixels = [{"Reshape": [8, 8, 1]}, {"Conv2D": {"filters": 8, "kernel_size": 3, "activation": "relu"}}, "Flatten"]
    return [
        Training(
            "digits_sgd_unscaled",
            "pictures",
            classifier("digits", "Flatten", dense(64), dense(64), optimizer={"SGD": 0.1}, epochs=8),
            some("inputs_far_from_scale", "rate_too_high", "dead_units") | CALM,
        ),
        Training(
            "digits_adam_one",
            "pictures",
            classifier("digits", "Flatten", dense(64), optimizer={"Adam": 1.0}, epochs=8, data=PIXELS),
            some("rate_too_high"),
        ),
        Training(
            "digits_sgd_small",
            "pictures",
            classifier("digits", "Flatten", dense(64), optimizer={"SGD": 1e-4}, epochs=8, data=PIXELS),
            some("rate_too_low"),
        ),
        Training(
            "digits_conv_momentum",
            "pictures",
            classifier(
                "digits", *pixels, optimizer={"SGD": {"learning_rate": 0.1, "momentum": 0.999}}, epochs=6, data=PIXELS
            ),
            some("rate_too_high", "diverged"),
        ),
        Training(
            "digits_dead_conv",
            "pictures",
            classifier(
                "digits",
                {"Reshape": [8, 8, 1]},
                {
                    "Conv2D": {
                        "filters": 8,
                        "kernel_size": 3,
                        "activation": "relu",
                        "bias_initializer": {"Constant": -20},
                    }
                },
                "Flatten",
                optimizer={"Adam": 1e-3},
                epochs=6,
                data=PIXELS,
            ),
            some("dead_units"),
        ),
        Training(
            "wine_unscaled",
            "table",
            classifier("wine", dense(16), optimizer={"SGD": 0.01}, epochs=15),
            some("inputs_far_from_scale", "diverged"),
        ),
        Training(
            "wine_30_sigmoids",
            "table",
            classifier("wine", *[dense(16, "sigmoid")] * 30, optimizer={"Adam": 1e-3}, epochs=8, data=NORMAL),
            some("vanishing_gradients"),
        ),
        Training(
            "iris_huge_l2",
            "table",
            classifier(
                "iris",
                dense(16, kernel_regularizer={"L2": 3.0}),
                optimizer={"Adam": 1e-2},
                epochs=30,
                data=NORMAL,
                layers=[
                    dense(16, kernel_regularizer={"L2": 3.0}),
                    {"Dense": {"units": 3, "activation": "softmax", "kernel_regularizer": {"L2": 3.0}}},
                ],
            ),
            some("underfits"),
        ),
        Training(
            "moons_linear",
            "table",
            yes_or_no(SPIRAL | {}, optimizer={"Adam": 0.05}, epochs=25)
            | {"layers": [SOFTMAX], "loss": "sparse_categorical_crossentropy"},
            some("cannot_fit"),
        ),
        Training(
            "salary_unscaled",
            "table",
            number("salary.csv", dense(16), optimizer={"Adam": 1e-3}, data={"target": "salary", **NORMAL}),
            some("target_far_from_scale"),
        ),
        Training(
            "prices_later",
            "table",
            number(
                "prices.csv",
                dense(16),
                optimizer={"Adam": 1e-2},
                epochs=60,
                data={
                    "target": {"column": "price", "scale": "standard"},
                    "split": {"validation": 0.3, "test": 0, "by": "time"},
                    **NORMAL,
                },
            ),
            some("splits_differ") | CALM,
        ),
        Training(
            "places_apart",
            "table",
            number(
                "places.csv",
                dense(16),
                optimizer={"Adam": 1e-2},
                epochs=40,
                data={"target": "y", "split": {"validation": 0.2, "test": 0, "by": "time"}},
            ),
            some("splits_differ"),
        ),
        Training(
            "told_by_a_column",
            "table",
            yes_or_no("told.csv", dense(16), optimizer={"Adam": 1e-2}, epochs=40, data={"target": "y", **NORMAL}),
            some("suspiciously_good"),
        ),
        Training(
            "random_labels",
            "table",
            yes_or_no("random.csv", dense(16), optimizer={"Adam": 1e-3}, epochs=15, data={"target": "y"}),
            some("does_not_learn", "predicts_one_class", "no_better_than_trivial"),
        ),
        Training(
            "rare_illness",
            "table",
            yes_or_no("ill.csv", dense(8), optimizer={"Adam": 1e-3}, epochs=15, data={"target": "y", **NORMAL}),
            some("predicts_one_class", "imbalanced"),
        ),
        Training(
            "relu_at_the_end",
            "table",
            number(
                "two.csv",
                dense(16),
                optimizer={"Adam": 1e-2},
                last={"Dense": {"units": 1, "activation": "relu"}},
                data={"source": {"npz": {"path": "two.npz", "inputs": "x", "target": "a"}}},
            ),
            some("cannot_fit"),
        ),
        Training(
            "tanh_before_hundreds",
            "table",
            number(
                "salary.csv",
                dense(16),
                optimizer={"Adam": 1e-2},
                last={"Dense": {"units": 1, "activation": "tanh"}},
                data={"target": "years", "inputs": ["other", "salary"], **NORMAL},
            ),
            some("cannot_fit"),
        ),
        Training(
            "walks_rate",
            "sequences",
            yes_or_no(WALKS, {"LSTM": 8}, optimizer={"Adam": 1e-6}, epochs=5),
            some("rate_too_low"),
        ),
        Training(
            "walks_overfit",
            "sequences",
            classifier(
                WALKS,
                "Flatten",
                dense(256),
                dense(256),
                optimizer={"Adam": 3e-3},
                epochs=60,
                data={"split": {"validation": 0.6, "test": 0}},
            ),
            some("overfits", "plateau") | CALM,
        ),
        Training(
            "wine_stopped",
            "table",
            classifier(
                "wine",
                dense(16),
                optimizer={"Adam": 1e-3},
                epochs=60,
                data=NORMAL,
                train={"early_stopping": {"monitor": "val_loss", "patience": 2, "min_delta": 1.0}},
            ),
            some("stopped_too_early"),
        ),
        Training(
            "wine_decayed",
            "table",
            classifier(
                "wine",
                dense(16),
                optimizer={
                    "Adam": {
                        "learning_rate": {
                            "ExponentialDecay": {
                                "initial_learning_rate": 1e-3,
                                "decay_rate": 0.1,
                                "decay_steps": "1 epochs",
                            }
                        }
                    }
                },
                epochs=15,
                data=NORMAL,
            ),
            some("schedule_ended", "rate_too_low"),
        ),
        Training(
            "digits_few_samples",
            "pictures",
            classifier(
                "digits",
                "Flatten",
                dense(128),
                optimizer={"Adam": 3e-3},
                epochs=80,
                data={**PIXELS, "split": {"validation": 0.9, "test": 0}},
            ),
            some("overfits"),
        ),
        Training(
            "moons_two_units",
            "table",
            yes_or_no(MOONS, {"Dropout": 0.9}, dense(4), {"Dropout": 0.9}, optimizer={"Adam": 1e-2}, epochs=15),
            some("underfits"),
        ),
        Training(
            "iris_tiny_validation",
            "table",
            classifier(
                "iris",
                dense(8),
                optimizer={"Adam": 2e-2},
                epochs=40,
                data={**NORMAL, "split": {"validation": 0.03, "test": 0}},
            ),
            some("validation_too_small", "still_improving"),
        ),
        Training(
            "zero_weights",
            "table",
            classifier(
                "iris",
                dense(8, "tanh", kernel_initializer="zeros"),
                optimizer={"Adam": 1e-2},
                epochs=10,
                data=NORMAL,
                layers=[
                    dense(8, "tanh", kernel_initializer="zeros"),
                    {"Dense": {"units": 3, "activation": "softmax", "kernel_initializer": "zeros"}},
                ],
            ),
            some("vanishing_gradients", "dead_units"),
        ),
        Training("two_targets_rate", "targets", two_targets({"Adam": 1e-6}, 6), some("rate_too_low")),
        Training("two_targets", "targets", two_targets({"Adam": 2e-2}, 40), CALM | some("suspiciously_good")),
        Training(
            "healthy_digits",
            "pictures",
            classifier(
                "digits",
                "Flatten",
                dense(64),
                optimizer={"Adam": 1e-3},
                epochs=30,
                data=PIXELS,
                train={"early_stopping": early},
            ),
            CALM,
        ),
        Training(
            "healthy_wine",
            "table",
            classifier(
                "wine", dense(16), optimizer={"Adam": 1e-2}, epochs=40, data=NORMAL, train={"early_stopping": early}
            ),
            CALM,
        ),
        Training("healthy_moons", "table", yes_or_no(MOONS, dense(32), optimizer={"Adam": 1e-2}, epochs=40), CALM),
        Training(
            "healthy_salary",
            "table",
            number(
                "salary.csv",
                dense(16),
                optimizer={"Adam": 1e-2},
                epochs=40,
                data={"target": {"column": "salary", "scale": "standard"}, **NORMAL},
            ),
            CALM | some("suspiciously_good"),
        ),
        Training(
            "healthy_walks", "sequences", yes_or_no(WALKS, {"LSTM": 8}, optimizer={"Adam": 2e-2}, epochs=12), CALM
        ),
        Training(
            "healthy_diabetes",
            "table",
            number("diabetes", optimizer={"Adam": 1.0}, epochs=60, data=NORMAL, train={"early_stopping": early}),
            CALM,
        ),
    ]


def two_targets(optimizer: Any, epochs: int) -> Tree:
    """A number and a class from one layer."""
    return {
        "data": {
            "source": {"npz": {"path": "two.npz", "inputs": "x"}},
            "inputs": ["x"],
            "targets": {"a": "a", "b": "b"},
            "split": SPLIT,
        },
        "layers": [
            {"Dense": {"units": 16, "activation": "relu", "name": "h"}},
            {"Dense": {"units": 1, "name": "a", "from": "h"}},
            {"Dense": {"units": 1, "activation": "sigmoid", "name": "b", "from": "h"}},
        ],
        "loss": {"a": "mse", "b": "binary_crossentropy"},
        "optimizer": optimizer,
        "metrics": {"b": ["accuracy"]},
        "train": {"epochs": epochs, "batch_size": 32},
    }
