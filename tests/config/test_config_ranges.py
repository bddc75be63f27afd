"""Row 19 of the table of faults: impossible sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlcli.config import load_config
from dlcli.errors import ConfigError

OUT_OF_RANGE = {
    ("epochs: 30", "epochs: 0"): (27, 11, "'epochs' must be at least 1, found the number 0"),
    ("epochs: 30", "epochs: -1"): (27, 11, "'epochs' must be at least 1, found the number -1"),
    ("epochs: 30", "epochs: 10000001"): (27, 11, "'epochs' must be at most 10000000, found the number 10000001"),
    ("batch_size: 32", "batch_size: 0"): (28, 15, "'batch_size' must be at least 1, found the number 0"),
    ("batch_size: 32", "batch_size: -1"): (28, 15, "'batch_size' must be at least 1, found the number -1"),
    ("batch_size: 32", "batch_size: 1000001"): (
        28,
        15,
        "'batch_size' must be at most 1000000, found the number 1000001",
    ),
    ("seed: 0", "seed: -1"): (5, 7, "'seed' must be at least 0, found the number -1"),
    ("seed: 0", "seed: 4294967296"): (5, 7, "'seed' must be at most 4294967295, found the number 4294967296"),
    ("patience: 5", "patience: -1"): (29, 49, "'patience' must be at least 0, found the number -1"),
    ("patience: 5", "min_delta: -0.5"): (29, 50, "'min_delta' must be at least 0, found the number -0.5"),
    ("validation: 0.15", "validation: 1"): (9, 23, "'validation' must be less than 1, found the number 1"),
    ("validation: 0.15", "validation: -0.1"): (9, 23, "'validation' must be at least 0, found the number -0.1"),
    ("validation: 0.15", "validation: 0.9"): (
        9,
        34,
        "validation 0.9 and test 0.15 together take 1.05 of the samples; at most 0.9, so that some are left for training",
    ),
    ("units: 64", "units: 0"): (15, 20, "'units' must be at least 1, found 0"),
    ("units: 64", "units: -3"): (15, 20, "'units' must be at least 1, found -3"),
    ("units: 64", "units: 1000000000"): (15, 20, "'units' must be at most 10000000, found 1000000000"),
    ("Dropout: 0.2", "Dropout: 1.5"): (16, 14, "'rate' must be less than 1, found 1.5"),
    ("Dropout: 0.2", "Dropout: -0.1"): (16, 14, "'rate' must be at least 0, found -0.1"),
    ("Dropout: 0.2", "Embedding: {input_dim: 0, output_dim: 3}"): (16, 28, "'input_dim' must be at least 1, found 0"),
    ("1e-3", "-1"): (22, 25, "'learning_rate' must be greater than 0, found -1"),
    ("1e-3", "0"): (22, 25, "'learning_rate' must be greater than 0, found 0"),
    ("learning_rate: 1e-3", "clipnorm: 0"): (22, 20, "'clipnorm' must be greater than 0, found 0"),
    ("learning_rate: 1e-3", "weight_decay: -1"): (22, 24, "'weight_decay' must be at least 0, found -1"),
}


@pytest.mark.parametrize("swap", OUT_OF_RANGE, ids=[new for _, new in OUT_OF_RANGE])
def test_row_19_an_impossible_size_is_refused(problem, change, swap):
    assert problem(change(swap)).at == OUT_OF_RANGE[swap]


def test_row_19_the_impossible_sizes_are_twenty_three():
    assert len(OUT_OF_RANGE) == 23


def test_row_19_the_limits_themselves_are_read(read, change):
    swaps = [
        ("epochs: 30", "epochs: 1"),
        ("epochs: 30", "epochs: 10000000"),
        ("batch_size: 32", "batch_size: 1"),
        ("batch_size: 32", "batch_size: 1000000"),
        ("seed: 0", "seed: 4294967295"),
        ("patience: 5", "patience: 0"),
        ("validation: 0.15, test: 0.15", "validation: 0.45, test: 0.45"),
        ("units: 64", "units: 1"),
        ("units: 64", "units: 10000000"),
        ("Dropout: 0.2", "Dropout: 0"),
        ("Dropout: 0.2", "Dropout: 0.999"),
        ("1e-3", "1e-300"),
    ]
    for swap in swaps:
        read(change(swap))
    assert len(swaps) == 12


def test_row_19_a_split_that_leaves_nothing_is_refused_with_the_default_of_the_other(problem, change):
    found = problem(change(("{validation: 0.15, test: 0.15}", "{validation: 0.999}")))
    assert found.at == (
        9,
        3,
        "validation 0.999 and test 0.15 together take 1.149 of the samples; at most 0.9, so that some are left for training",
    )


TIMES = {
    "time_limit: 30": (30, 15, "'time_limit' must be a time such as 90s, 30m or 2h, found the number 30"),
    "time_limit: 30x": (30, 15, "'time_limit' must be a time such as 90s, 30m or 2h, found the text '30x'"),
    "time_limit: 0s": (30, 15, "'time_limit' must be more than 0"),
    "time_limit: [30m]": (30, 15, "'time_limit' must be a time such as 90s, 30m or 2h, found a list"),
    "until: soon": (30, 10, "'until' must be a condition such as 'val_accuracy >= 0.98', found the text 'soon'"),
    "until: 3": (30, 10, "'until' must be a condition such as 'val_accuracy >= 0.98', found the number 3"),
    "until: loss < 1.2.3": (
        30,
        10,
        "'until' must be a condition such as 'val_accuracy >= 0.98', found the text 'loss < 1.2.3'",
    ),
    "reduce_on_plateau: {factor: 1}": (30, 31, "'factor' must be less than 1, found the number 1"),
    "reduce_on_plateau: {factor: 0}": (30, 31, "'factor' must be greater than 0, found the number 0"),
    "precision: float16": (
        30,
        14,
        "'precision' must be 'float32', 'mixed_bfloat16' or 'mixed_float16', found the text 'float16'",
    ),
    "early_stop: {}": (30, 3, "unknown key 'early_stop' in 'train'"),
}


@pytest.mark.parametrize("line", TIMES)
def test_times_conditions_and_choices_of_training_are_checked(problem, digits, line):
    assert problem(digits + f"  {line}\n").at == TIMES[line]


def test_times_and_conditions_are_understood(read, digits):
    seconds = {"90s": 90.0, "30m": 1800.0, "2h": 7200.0, "1.5h": 5400.0, "2 h": 7200.0}
    for written, value in seconds.items():
        assert read(digits + f"  time_limit: {written}\n").train.seconds() == value
    conditions = {
        "val_accuracy >= 0.98": ("val_accuracy", ">=", 0.98),
        "loss<.5": ("loss", "<", 0.5),
        "val_loss <= 1e-3": ("val_loss", "<=", 0.001),
        "accuracy > -1.": ("accuracy", ">", -1.0),
    }
    for written, value in conditions.items():
        assert read(digits + f"  until: {written}\n").train.condition() == value
    assert read(digits).train.seconds() is None
    assert read(digits).train.condition() is None


EPOCHS = "CosineDecay: {initial_learning_rate: 1e-3, decay_steps: "


def test_steps_may_be_written_in_epochs(read, change):
    config = read(change(("1e-3", f"{{{EPOCHS}20 epochs}}}}")))
    schedule = config.optimizer.arguments["learning_rate"]
    assert schedule.arguments["decay_steps"].resolve({"data.steps_per_epoch": 40}) == 800
    config = read(
        change(("1e-3", "{PiecewiseConstantDecay: {boundaries: [1 epoch, 2.5 epochs, 400], values: [3, 2, 1, 0]}}"))
    )
    boundaries = config.optimizer.arguments["learning_rate"].arguments["boundaries"]
    assert [each if isinstance(each, int) else each.resolve({"data.steps_per_epoch": 40}) for each in boundaries] == [
        40,
        100,
        400,
    ]


def test_steps_that_are_none_are_refused(problem, change):
    wrong = {
        "twenty epochs": "'decay_steps' must be a whole number, found the text 'twenty epochs'",
        "0 epochs": "'decay_steps' must be more than 0 epochs",
        "-1 epochs": "'decay_steps' must be a whole number, found the text '-1 epochs'",
        f"{'9' * 10} epochs": f"'decay_steps' must be a whole number, found the text '{'9' * 10} epochs'",
        "1.5": "'decay_steps' must be a whole number, found the number 1.5",
        "-1": "'decay_steps' must be at least 1, found -1",
    }
    for written, message in wrong.items():
        assert problem(change(("1e-3", f"{{{EPOCHS}{written}}}}}"))).at == (22, 82, message)
    rate = change(("1e-3", "{CosineDecay: {initial_learning_rate: 1 epoch, decay_steps: 3}}"))
    assert problem(rate).at == (22, 63, "'initial_learning_rate' must be a number, found the text '1 epoch'")


@pytest.mark.parametrize(
    ("layer", "message", "hint"),
    [
        (
            "{Embedding: {input_dim: 9, output_dim: 2, weights: vectors.npy}}",
            "'weights' takes arrays of Python, which a configuration does not hold",
            "leave it out: the rows are learnt, and begin with embeddings_initializer",
        ),
        (
            "{Bidirectional: {layer: {LSTM: 3}, weights: [1]}}",
            "'weights' takes arrays of Python, which a configuration does not hold",
            "leave it out: the weights are learnt",
        ),
        *(
            (
                layer,
                "'stateful' would carry what a batch ends with into the next, and here batches are drawn anew each epoch",
                "leave it out; longer sequences look further back",
            )
            for layer in (
                "{GRU: {units: 3, stateful: true}}",
                "{Bidirectional: {layer: {LSTM: {units: 3, stateful: true}}}}",
                "{RNN: {cell: {LSTMCell: 3}, stateful: true}}",
            )
        ),
    ],
)
def test_what_a_layer_cannot_be_given_is_told_in_words_of_the_configuration(
    layer: str, message: str, hint: str, tmp_path: Path
) -> None:
    tree = f"data: {{source: iris}}\nlayers: [{layer}]\nloss: mse\noptimizer: Adam\ntrain: {{epochs: 1}}\n"
    (tmp_path / "c.yaml").write_text(tree, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(str(tmp_path / "c.yaml"))
    assert [(each.message, each.suggestion, each.line) for each in caught.value.problems] == [(message, hint, 2)]


@pytest.mark.parametrize(
    "layer",
    [
        "{Embedding: {input_dim: 9, output_dim: 2, weights: null}}",
        "{GRU: {units: 3, stateful: false}}",
        "{Dense: {units: 3, dtype: mixed_float16}}",
    ],
)
def test_what_is_left_as_it_is_is_taken(layer: str, tmp_path: Path) -> None:
    tree = f"data: {{source: iris}}\nlayers: [{layer}]\nloss: mse\noptimizer: Adam\ntrain: {{epochs: 1}}\n"
    (tmp_path / "c.yaml").write_text(tree, encoding="utf-8")
    load_config(str(tmp_path / "c.yaml"))
