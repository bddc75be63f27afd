"""A second batch of trainings that no rule was made for: scikit-learn's made sets, shipped sets, pictures, sequences, text.

What each shows was written down before it was first run; `docs/verdict.md` says how many were right then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from training.verdict.strangers import NORMAL, classifier, number, yes_or_no
from training.verdict.trainings import CALM, Training, Tree, dense, of_table, some, table

SEED = 41
FINE = CALM | some("plateau")
LATER = {"validation": 0.25, "test": 0, "by": "time"}
TEXT = {"prepare": [{"TextVectorization": {"max_tokens": 200, "output_sequence_length": 16}}]}
WORDS = [{"Embedding": {"input_dim": 200, "output_dim": 16, "mask_zero": True}}]
EARLY = {"early_stopping": {"monitor": "val_loss", "patience": 5}}


def write_second_data(folder: Path) -> None:
    """What the shipped sets do not have."""
    write_tables(folder, np.random.default_rng(SEED))
    write_made(folder)
    write_pictures(folder / "signs.npz", np.random.default_rng(SEED))
    write_sequences(folder, np.random.default_rng(SEED))


def columns(x: Any, prefix: str = "x") -> dict[str, Any]:
    """Columns of a table by name."""
    return {f"{prefix}{place}": column.round(4) for place, column in enumerate(x.T)}


def write_tables(folder: Path, generator: np.random.Generator) -> None:
    """Leaks, copies and drift, as tables."""
    from sklearn import datasets

    x, y = datasets.make_friedman1(500, n_features=6, noise=0.5, random_state=SEED)
    table(folder / "invoice.csv", **columns(x), invoice=np.exp(y / 6).round(4), y=y.round(4))
    parts = generator.uniform(1, 3, size=(300, 3)).round(3)
    table(folder / "parts.csv", net=parts[:, 0], tax=parts[:, 1], fee=parts[:, 2], y=parts.sum(axis=1).round(4))
    x, y = datasets.make_hastie_10_2(120, random_state=SEED)
    flipped = np.where(generator.random(120) < 0.3, -y, y)
    names = np.where(np.tile(flipped, 3) > 0, "far", "near")
    table(folder / "thrice.csv", **columns(np.tile(x, (3, 1))), y=names)
    x, y = datasets.make_regression(400, 4, noise=5.0, random_state=SEED)
    gain = np.where(np.arange(400) >= 300, 4.0, 1.0)[:, None]
    table(folder / "gain.csv", **columns(x * gain + (gain - 1) * 2), y=(y / 100).round(4))
    x, y = datasets.make_hastie_10_2(400, random_state=SEED)
    order = np.argsort(y)
    table(folder / "in_order.csv", **columns(x[order]), y=np.where(y[order] > 0, "far", "near"))
    x, y = datasets.make_regression(400, 4, noise=60.0, random_state=SEED)
    weight = generator.uniform(0.5, 2, size=400).round(3)
    table(folder / "weighed.csv", **columns(x), w=weight, y=(y / 100).round(4))


def write_made(folder: Path) -> None:
    """Made sets of scikit-learn as arrays."""
    from sklearn import datasets

    def save(name: str, x: Any, **targets: Any) -> None:
        np.savez(folder / f"{name}.npz", x=np.asarray(x, np.float32), **targets)

    x, y = datasets.make_friedman1(500, n_features=6, noise=0.5, random_state=SEED)
    save("friedman", x, y=y.astype(np.float32))
    save("friedman_three", x, y=y.astype(np.float32), high=(y > 15).astype(int), price=(y * 2e4).astype(np.float32))
    x, y = datasets.make_friedman2(500, noise=5.0, random_state=SEED)
    save("friedman2", x, y=y.astype(np.float32))
    x, y = datasets.make_circles(500, noise=0.08, factor=0.5, random_state=SEED)
    save("circles", x, y=y)
    x, y = datasets.make_gaussian_quantiles(n_samples=600, n_features=3, n_classes=3, random_state=SEED)
    save("quantiles", x, y=y)
    x, y = datasets.make_gaussian_quantiles(n_samples=120, n_features=20, n_classes=3, random_state=SEED)
    save("few_quantiles", x, y=y)
    for name, share in (("three_percent", 0.97), ("ten_percent", 0.9)):
        x, y = datasets.make_classification(
            800, 6, n_informative=3, weights=[share], flip_y=0, class_sep=0.5, random_state=SEED
        )
        save(name, x, y=y)
    x, y = datasets.make_classification(500, 6, n_informative=4, class_sep=0.8, random_state=SEED)
    save("even", x, y=y)
    x, y = datasets.make_multilabel_classification(400, 10, n_classes=4, random_state=SEED)
    save("labels", x / 5, y=y)
    x, y = datasets.make_regression(400, 4, noise=80.0, random_state=SEED)
    save("noisy_line", x, y=(y / 100).astype(np.float32))
    x, y = datasets.load_linnerud(return_X_y=True)
    save("linnerud", x, y=y.astype(np.float32))


def write_pictures(path: Path, generator: np.random.Generator) -> None:
    """Rings, crosses and squares, each at a place of its own."""
    y = np.arange(420) % 3
    rows, across = np.mgrid[0:12, 0:12]
    x = 0.2 * generator.random((420, 12, 12, 1))
    for place, kind in enumerate(y):
        middle = generator.integers(3, 9, size=2)
        down, right = np.abs(rows - middle[0]), np.abs(across - middle[1])
        far = np.sqrt(down**2 + right**2)
        drawn = ((far > 1.8) & (far < 3.2), ((down == 0) | (right == 0)) & (far < 3.2), (down < 3) & (right < 3))[kind]
        x[place, :, :, 0] += 0.8 * drawn
    np.savez(path, x=x.clip(0, 1).astype(np.float32), y=y)
    np.savez(path.with_name("signs_mixed.npz"), x=x.clip(0, 1).astype(np.float32), y=generator.permutation(y))


def write_sequences(folder: Path, generator: np.random.Generator) -> None:
    """Sequences of unequal length, of which the greatest value decides, and long ones."""
    lengths = generator.integers(5, 16, size=400)
    values = generator.normal(size=(int(lengths.sum()), 2)).astype(np.float32)
    sums = np.array([part[:, 0].sum() for part in np.split(values, np.cumsum(lengths)[:-1])])
    np.savez(folder / "unequal.npz", x_values=values, x_lengths=lengths, y=(sums > 0).astype(int))
    x = generator.normal(size=(300, 50, 2)).astype(np.float32)
    np.savez(folder / "long.npz", x=x, y=x[:, :, 0].mean(axis=1) * 5)


def made(name: str) -> Tree:
    """An array file as a source."""
    return {"npz": {"path": f"{name}.npz", "inputs": "x", "target": "y"}}


def three_heads(*, target: str, epochs: int, units: int = 16, samples: float = 0.2, rate: float = 1e-2) -> Tree:
    """A number and a class from one layer, connected by name."""
    return {
        "data": {
            "source": {"npz": {"path": "friedman_three.npz", "inputs": "x"}},
            "inputs": ["x"],
            "targets": {
                "number": {"column": target, "scale": "standard"} if target == "y" else target,
                "high": "high",
            },
            "split": {"validation": samples, "test": 0},
        },
        "layers": [
            dense(units, name="first"),
            dense(units, name="second", **{"from": "first"}),
            {"Dense": {"units": 1, "name": "number", "from": "second"}},
            {"Dense": {"units": 1, "activation": "sigmoid", "name": "high", "from": "second"}},
        ],
        "loss": {"number": "mse", "high": "binary_crossentropy"},
        "optimizer": {"Adam": rate},
        "metrics": {"high": ["accuracy"]},
        "train": {"epochs": epochs, "batch_size": 32},
    }


def schedule(name: str, **arguments: Any) -> Tree:
    """Adam with a schedule."""
    return {"Adam": {"learning_rate": {name: arguments}}}


def second_strangers() -> list[Training]:
    """All of them, of which the first codes are what a person would say."""
    return [*sick_tables(), *sick_layers(), *sick_ends(), *sick_others(), *well()]


STANDARD = {"target": {"column": "y", "scale": "standard"}}


def sick_tables() -> list[Training]:
    """Scale, rates, leaks, splits and classes."""
    spread = some("inputs_far_from_scale")
    return [
        Training(
            "cancer_raw",
            "table",
            yes_or_no("breast_cancer", dense(16), optimizer={"SGD": 0.01}, epochs=12),
            spread | some("diverged"),
        ),
        Training(
            "cancer_slow",
            "table",
            yes_or_no("breast_cancer", dense(16), optimizer={"Adam": 1e-6}, epochs=12, data=NORMAL),
            some("rate_too_low"),
        ),
        Training(
            "cancer_momentum",
            "table",
            yes_or_no(
                "breast_cancer",
                *[dense(32)] * 3,
                optimizer={"SGD": {"learning_rate": 3.0, "momentum": 0.99}},
                epochs=10,
                data=NORMAL,
            ),
            some("rate_too_high", "diverged"),
        ),
        Training(
            "penguins_raw",
            "table",
            classifier("penguins", dense(16), optimizer={"Adam": 1e-3}, epochs=15, data={"missing": "median"}),
            spread,
        ),
        Training(
            "friedman2_target",
            "table",
            number(made("friedman2"), dense(16), optimizer={"Adam": 1e-3}, epochs=20, data=NORMAL),
            some("target_far_from_scale"),
        ),
        Training(
            "friedman2_raw",
            "table",
            number(made("friedman2"), dense(16), optimizer={"SGD": 1e-2}, epochs=20),
            spread | some("target_far_from_scale", "diverged"),
        ),
        Training(
            "price_and_class",
            "targets",
            three_heads(target="price", epochs=20),
            some("target_far_from_scale"),
        ),
        Training(
            "invoice_tells",
            "table",
            number("invoice.csv", dense(32), optimizer={"Adam": 1e-2}, epochs=80, data={**STANDARD, **NORMAL}),
            some("suspiciously_good"),
        ),
        Training(
            "parts_are_the_sum",
            "table",
            number("parts.csv", optimizer={"Adam": 0.05}, epochs=60, data={"target": "y"}),
            some("suspiciously_good"),
        ),
        Training(
            "thrice_the_same",
            "table",
            yes_or_no("thrice.csv", *[dense(96)] * 2, optimizer={"Adam": 3e-3}, epochs=60, data={"target": "y"}),
            some("suspiciously_good"),
        ),
        Training(
            "gain_changes",
            "table",
            number("gain.csv", dense(16), optimizer={"Adam": 1e-2}, epochs=40, data={"target": "y", "split": LATER}),
            some("splits_differ"),
        ),
        Training(
            "in_order",
            "table",
            yes_or_no(
                "in_order.csv", dense(16), optimizer={"Adam": 1e-2}, epochs=10, data={"target": "y", "split": LATER}
            ),
            some("one_class_only"),
        ),
        Training(
            "three_percent",
            "table",
            yes_or_no(made("three_percent"), dense(8), optimizer={"Adam": 1e-3}, epochs=20),
            some("predicts_one_class", "imbalanced"),
        ),
        Training(
            "ten_percent",
            "table",
            yes_or_no(made("ten_percent"), optimizer={"Adam": 3e-3}, epochs=20),
            some("predicts_one_class", "imbalanced"),
        ),
        Training(
            "one_class_weighs_all",
            "table",
            yes_or_no(
                made("even"),
                dense(16),
                optimizer={"Adam": 1e-3},
                epochs=15,
                train={"class_weight": {0: 200, 1: 1}},
            ),
            some("predicts_one_class", "imbalanced"),
        ),
        Training(
            "one_step_an_epoch",
            "table",
            yes_or_no(made("even"), dense(16), optimizer={"SGD": 1e-2}, epochs=15, train={"batch_size": 512}),
            some("rate_too_low", "still_improving"),
        ),
        Training(
            "one_sample_a_step",
            "table",
            yes_or_no(
                made("even"),
                *[dense(16)] * 2,
                optimizer={"SGD": {"learning_rate": 0.3, "momentum": 0.9}},
                epochs=4,
                train={"batch_size": 1},
            ),
            some("rate_too_high", "diverged"),
        ),
    ]


def sick_layers() -> list[Training]:
    """What the layers cannot."""
    tight = {"RandomNormal": {"stddev": 1e-4}}
    wide = {"RandomNormal": {"stddev": 30.0}}
    held = {"kernel_regularizer": {"L2": 1.0}}
    return [
        Training(
            "circles_linear",
            "table",
            yes_or_no(made("circles"), optimizer={"Adam": 0.05}, epochs=25),
            some("cannot_fit"),
        ),
        Training(
            "quantiles_one_unit",
            "table",
            classifier(made("quantiles"), dense(1, "tanh"), optimizer={"Adam": 3e-2}, epochs=30),
            some("cannot_fit", "underfits"),
        ),
        Training(
            "friedman_hard_sigmoid",
            "table",
            number(
                made("friedman"),
                dense(16),
                optimizer={"Adam": 1e-2},
                last={"Dense": {"units": 1, "activation": "hard_sigmoid"}},
            ),
            some("cannot_fit"),
        ),
        Training(
            "mpg_tanh",
            "table",
            number(
                "autompg",
                dense(16),
                optimizer={"Adam": 1e-2},
                epochs=30,
                last={"Dense": {"units": 1, "activation": "tanh"}},
                data={"target": {"column": "mpg", "scale": "standard"}, **NORMAL},
            ),
            some("cannot_fit"),
        ),
        Training(
            "labels_slow",
            "targets",
            number(
                made("labels"),
                dense(32),
                optimizer={"Adam": 1e-6},
                epochs=8,
                loss="binary_crossentropy",
                last={"Dense": {"units": 4, "activation": "sigmoid"}},
            ),
            some("rate_too_low"),
        ),
        Training(
            "mnist_frozen",
            "pictures",
            classifier(
                "mnist_5k",
                {"Rescaling": 0.0039},
                "Flatten",
                dense(3, trainable=False),
                optimizer={"Adam": 1e-2},
                epochs=5,
            ),
            some("cannot_fit", "underfits", "does_not_learn"),
        ),
        Training(
            "tiny_weights",
            "table",
            yes_or_no(made("circles"), *[dense(16, kernel_initializer=tight)] * 6, optimizer={"Adam": 1e-3}, epochs=10),
            some("vanishing_gradients", "dead_units"),
        ),
        Training(
            "saturated",
            "table",
            classifier(
                made("quantiles"),
                *[dense(16, "sigmoid", kernel_initializer=wide)] * 4,
                optimizer={"Adam": 1e-3},
                epochs=10,
            ),
            some("vanishing_gradients", "dead_units", "exploding_gradients"),
        ),
        Training(
            "signs_dead",
            "pictures",
            classifier(
                made("signs"), "Flatten", dense(32, bias_initializer={"Constant": -15}), optimizer={"Adam": 1e-3}
            ),
            some("dead_units"),
        ),
        Training(
            "recurrent_explodes",
            "sequences",
            number(
                made("long"),
                {
                    "SimpleRNN": {
                        "units": 16,
                        "activation": "linear",
                        "recurrent_initializer": {"RandomNormal": {"stddev": 0.6}},
                    }
                },
                optimizer={"SGD": 1e-2},
                epochs=6,
            ),
            some("exploding_gradients", "diverged"),
        ),
        Training(
            "mnist_dropout",
            "pictures",
            classifier(
                "mnist_5k",
                {"Rescaling": 0.0039},
                "Flatten",
                dense(32),
                {"Dropout": 0.95},
                optimizer={"Adam": 1e-3},
                epochs=6,
            ),
            some("underfits"),
        ),
        Training(
            "friedman_l2",
            "table",
            number(
                made("friedman"),
                dense(32, **held),
                optimizer={"Adam": 1e-2},
                epochs=40,
                last={"Dense": {"units": 1, **held}},
                data=STANDARD,
            ),
            some("underfits"),
        ),
        Training(
            "loud_noise",
            "table",
            classifier(made("quantiles"), {"GaussianDropout": 0.97}, dense(32), optimizer={"Adam": 1e-2}, epochs=20),
            some("underfits"),
        ),
        Training(
            "augmented_away",
            "pictures",
            classifier(
                made("signs"),
                "Flatten",
                dense(32),
                optimizer={"Adam": 1e-3},
                epochs=10,
                data={
                    "augment": [
                        {"RandomTranslation": {"height_factor": 0.9, "width_factor": 0.9, "fill_mode": "constant"}}
                    ]
                },
            ),
            some("underfits", "does_not_learn"),
        ),
    ]


def sick_ends() -> list[Training]:
    """Schedules that end, stopping by the wrong thing, too long, too few samples."""
    motions = {"prepare": ["Normalization"], "split": {"validation": 0.25}}
    return [
        Training(
            "friedman_cosine",
            "table",
            number(
                made("friedman"),
                dense(32),
                optimizer=schedule("CosineDecay", initial_learning_rate=1e-3, decay_steps="3 epochs"),
                epochs=25,
                data=STANDARD,
            ),
            some("schedule_ended"),
        ),
        Training(
            "one_cycle_low",
            "table",
            classifier(made("quantiles"), dense(32), optimizer=schedule("one_cycle", maximum=1e-5), epochs=15),
            some("rate_too_low"),
        ),
        Training(
            "stopped_by_accuracy",
            "table",
            classifier(
                made("quantiles"),
                dense(32),
                optimizer={"Adam": 2e-3},
                epochs=60,
                train={"early_stopping": {"monitor": "val_accuracy", "patience": 1, "min_delta": 0.1}},
            ),
            some("stopped_too_early"),
        ),
        Training(
            "stopped_by_the_wrong_way",
            "table",
            yes_or_no(
                made("circles"),
                dense(32),
                optimizer={"Adam": 2e-3},
                epochs=60,
                train={"early_stopping": {"monitor": "val_accuracy", "patience": 4, "mode": "min"}},
            ),
            some("stopped_too_early"),
        ),
        Training(
            "few_quantiles_overfit",
            "table",
            classifier(made("few_quantiles"), *[dense(256)] * 2, optimizer={"Adam": 3e-3}, epochs=60),
            some("overfits", "does_not_learn"),
        ),
        Training(
            "watches_training",
            "table",
            classifier(
                made("few_quantiles"),
                *[dense(256)] * 2,
                optimizer={"Adam": 3e-3},
                epochs=60,
                train={"early_stopping": {"monitor": "loss", "patience": 5}},
            ),
            some("overfits", "does_not_learn"),
        ),
        Training(
            "heads_overfit",
            "targets",
            three_heads(target="y", epochs=80, units=128, samples=0.85),
            some("overfits"),
        ),
        Training(
            "linnerud",
            "targets",
            number(made("linnerud"), dense(8), last={"Dense": 3}, optimizer={"Adam": 1e-2}, epochs=40, data=NORMAL),
            some("target_far_from_scale", "validation_too_small"),
        ),
        Training(
            "penguins_seven_watched",
            "table",
            classifier(
                "penguins",
                dense(8),
                optimizer={"Adam": 2e-2},
                epochs=25,
                data={"missing": "median", "split": {"validation": 0.02, "test": 0}, **NORMAL},
            ),
            some("validation_too_small"),
        ),
        Training(
            "far_too_long",
            "table",
            number(made("noisy_line"), optimizer={"Adam": 0.05}, epochs=120),
            some("plateau"),
        ),
        Training(
            "motions_slow",
            "sequences",
            classifier("basic_motions", {"GRU": 8}, optimizer={"Adam": 1e-6}, epochs=4, data=motions),
            some("rate_too_low"),
        ),
    ]


def sick_others() -> list[Training]:
    """Pictures, sequences with masks and text."""
    short = {**TEXT, "split": {"validation": 0.5, "test": 0}}
    return [
        Training(
            "signs_mixed",
            "pictures",
            classifier(made("signs_mixed"), "Flatten", dense(128), optimizer={"Adam": 3e-3}, epochs=40),
            some("does_not_learn"),
        ),
        Training(
            "unequal_slow",
            "sequences",
            yes_or_no(
                {"npz": {"path": "unequal.npz", "inputs": "x", "target": "y"}},
                {"GRU": 8},
                optimizer={"SGD": 1e-5},
                epochs=6,
            ),
            some("rate_too_low"),
        ),
        Training(
            "text_slow",
            "text",
            yes_or_no(
                {"sentences": {"samples": 300}},
                *WORDS,
                "GlobalAveragePooling1D",
                optimizer={"Adam": 1e-6},
                epochs=6,
                data=TEXT,
            ),
            some("rate_too_low"),
        ),
        Training(
            "text_by_heart",
            "text",
            yes_or_no(
                {"sentences": {"samples": 80}},
                *WORDS,
                {"LSTM": 32},
                optimizer={"Adam": 1e-2},
                epochs=40,
                data=short,
            ),
            some("overfits", "does_not_learn"),
        ),
        Training(
            "co2_raw",
            "sequences",
            number("co2", "Flatten", dense(16), optimizer={"SGD": 1e-2}, epochs=5),
            some("inputs_far_from_scale", "target_far_from_scale", "diverged"),
        ),
    ]


def well() -> list[Training]:
    """Healthy, or merely not at their end."""
    signs = [{"Conv2D": {"filters": 8, "kernel_size": 3, "activation": "relu"}}, "GlobalMaxPooling2D"]
    motions = {"prepare": ["Normalization"], "split": {"validation": 0.25}}
    return [
        Training(
            "well_cancer",
            "table",
            yes_or_no("breast_cancer", dense(8), optimizer={"Adam": 1e-2}, epochs=40, data=NORMAL, train=EARLY),
            FINE,
        ),
        Training("well_circles", "table", yes_or_no(made("circles"), dense(32), optimizer={"Adam": 1e-2}), FINE),
        Training(
            "well_friedman",
            "table",
            number(made("friedman"), dense(32), optimizer={"Adam": 1e-2}, epochs=40, data=STANDARD, train=EARLY),
            FINE,
        ),
        Training(
            "well_weighed",
            "table",
            of_table(
                number("", dense(8), optimizer={"Adam": 1e-2}, epochs=30, train={"sample_weight": "w", **EARLY}),
                "weighed.csv",
            ),
            FINE,
        ),
        Training(
            "well_mnist",
            "pictures",
            classifier(
                "mnist_5k",
                {"Rescaling": 0.0039},
                "Flatten",
                dense(32),
                optimizer={"Adam": 3e-3},
                epochs=15,
                train={"early_stopping": {"monitor": "val_loss", "patience": 2}},
            ),
            FINE,
        ),
        Training(
            "well_labels",
            "targets",
            number(
                made("labels"),
                dense(16),
                optimizer={"Adam": 3e-3},
                epochs=30,
                loss="binary_crossentropy",
                last={"Dense": {"units": 4, "activation": "sigmoid"}},
                train=EARLY,
            ),
            FINE,
        ),
        Training("well_heads", "targets", three_heads(target="y", epochs=20), FINE),
        Training(
            "well_unequal",
            "sequences",
            yes_or_no(
                {"npz": {"path": "unequal.npz", "inputs": "x", "target": "y"}},
                {"GRU": 8},
                optimizer={"Adam": 2e-2},
                epochs=12,
            ),
            FINE,
        ),
        Training(
            "well_text",
            "text",
            yes_or_no(
                {"sentences": {"samples": 1200}},
                *WORDS,
                {"LSTM": 16},
                optimizer={"Adam": 1e-2},
                epochs=12,
                data=TEXT,
                train={"early_stopping": {"monitor": "val_loss", "patience": 3}},
            ),
            FINE,
        ),
        Training(
            "well_balanced",
            "table",
            classifier(
                "penguins",
                dense(16),
                optimizer={"Adam": 1e-2},
                epochs=25,
                data={"missing": "median", **NORMAL},
                train={"class_weight": "balanced", **EARLY},
            ),
            FINE,
        ),
        Training(
            "well_motions",
            "sequences",
            classifier(
                "basic_motions",
                {"Conv1D": {"filters": 16, "kernel_size": 9, "activation": "relu"}},
                "GlobalAveragePooling1D",
                optimizer={"Adam": 1e-2},
                epochs=25,
                data=motions,
            ),
            FINE | some("validation_too_small"),
        ),
        Training(
            "well_signs", "pictures", classifier(made("signs"), *signs, optimizer={"Adam": 2e-2}, epochs=30), FINE
        ),
        Training(
            "unfinished",
            "table",
            number(made("friedman"), dense(32), optimizer={"Adam": 1e-3}, epochs=5, data=STANDARD),
            some("still_improving", "too_early_to_say", "rate_too_low"),
        ),
        Training(
            "one_epoch_of_mnist",
            "pictures",
            classifier("mnist_5k", {"Rescaling": 0.0039}, "Flatten", dense(32), optimizer={"Adam": 3e-3}, epochs=1),
            some("too_early_to_say", "still_improving"),
        ),
    ]
