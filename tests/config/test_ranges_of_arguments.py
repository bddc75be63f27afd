"""Numbers of things of Keras outside their range, and arguments that do not fit each other, are found without Keras."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dlcli.config.catalogue import keras_catalogue

CONV = {"filters": 4, "kernel_size": 3}
STEPS = {"PiecewiseConstantDecay": {"boundaries": [5], "values": [0.1, 0.01]}}
RIGHT: list[tuple[str, Any]] = [
    ("layers", {"Dropout": 0.999}),
    ("layers", {"LSTM": {"units": 2, "dropout": 0.99, "recurrent_dropout": 0.99}}),
    ("layers", {"Normalization": {"mean": [0.0], "variance": [0.001]}}),
    ("layers", {"Discretization": {"bin_boundaries": [0.0, 1.0]}}),
    ("initializers", {"RandomUniform": {"minval": 0.05}}),
    ("constraints", {"MaxNorm": 0.001}),
    ("constraints", {"MinMaxNorm": {"min_value": 1.0, "max_value": 1.0}}),
    ("layers", {"GaussianDropout": 0.99}),
    ("layers", {"Conv2D": {**CONV, "groups": 2}}),
    ("layers", {"Conv2D": {**CONV, "strides": 2, "dilation_rate": 1}}),
    ("layers", {"SeparableConv2D": {**CONV, "strides": 2, "dilation_rate": 2}}),
    ("layers", {"GroupNormalization": {"groups": -1}}),
    ("optimizers", {"SGD": {"momentum": 1.0}}),
    ("optimizers", {"Adam": {"clipnorm": 1.0}}),
    ("optimizers", {"Adam": {"gradient_accumulation_steps": 2}}),
    ("metrics", {"AUC": {"num_thresholds": 2}}),
    ("schedules", STEPS),
    ("schedules", {"PiecewiseConstantDecay": {"boundaries": ["1 epochs", "2 epochs"], "values": [0.1, 0.01, 0.0]}}),
    (
        "schedules",
        {"CosineDecay": {"initial_learning_rate": 0.0, "warmup_target": 0.1, "decay_steps": 9, "warmup_steps": 3}},
    ),
]
WRONG: list[tuple[str, Any, str]] = [
    ("layers", {"Dense": {"units": 2, "dtype": "flaot16"}}, "'dtype' must be float32, float16"),
    (
        "layers",
        {"Flatten": {"dtype": "Float32"}},
        "'dtype' must be float32, float16, bfloat16, float64, mixed_float16 and 26 more, found 'Float32'",
    ),
    ("metrics", {"AUC": {"dtype": "flaot16"}}, "'dtype' must be float32"),
    ("losses", {"BinaryCrossentropy": {"dtype": ""}}, "'dtype' must be float32"),
    ("operations", {"ops.cast": "flaot16"}, "'dtype' must be float32"),
    (
        "schedules",
        {"PiecewiseConstantDecay": {"boundaries": ["a", "b"], "values": [0.1, 0.01, 0.0]}},
        "'boundaries' must hold numbers, found the text 'a'",
    ),
    (
        "schedules",
        {"PiecewiseConstantDecay": {"boundaries": ["5 epoch s"], "values": [0.1, 0.0]}},
        "'boundaries' must hold numbers",
    ),
    ("layers", {"RandomBrightness": {"factor": 0.1, "value_range": ["a", 1]}}, "'value_range' must hold numbers"),
    ("layers", {"Permute": {"dims": ["a", 1]}}, "'dims' must hold numbers, found the text 'a'"),
    ("layers", {"LayerNormalization": {"axis": [True]}}, "'axis' must hold numbers, found the boolean true"),
    ("layers", {"GaussianDropout": 1.0}, "'rate' must be less than 1, found 1.0"),
    ("layers", {"AlphaDropout": 1.0}, "'rate' must be less than 1, found 1.0"),
    ("layers", {"Dropout": 1}, "'rate' must be less than 1, found 1"),
    ("layers", {"SpatialDropout1D": 1.0}, "'rate' must be less than 1, found 1.0"),
    ("layers", {"SpatialDropout2D": 1.0}, "'rate' must be less than 1, found 1.0"),
    ("layers", {"SpatialDropout3D": 1.0}, "'rate' must be less than 1, found 1.0"),
    ("layers", {"LSTM": {"units": 2, "dropout": 1.0}}, "'dropout' must be less than 1, found 1.0"),
    ("layers", {"GRU": {"units": 2, "recurrent_dropout": 1.0}}, "'recurrent_dropout' must be less than 1, found 1.0"),
    ("layers", {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2, "dropout": 1.0}}, "'dropout' must be less than 1"),
    ("layers", {"Normalization": {"mean": 0.0, "variance": 0.0}}, "'variance' must be greater than 0, found 0.0"),
    ("layers", {"Normalization": {"mean": 0.0}}, "Normalization has mean without variance"),
    ("layers", {"Discretization": {"bin_boundaries": []}}, "'bin_boundaries' must hold a number"),
    ("layers", {"Discretization": {"bin_boundaries": [1.0, 0.0]}}, "'bin_boundaries' must rise"),
    ("layers", {"SpatialDropout1D": {"rate": 0.2, "trainable": False}}, "unknown argument 'trainable'"),
    (
        "initializers",
        {"RandomUniform": {"minval": 0.06}},
        "'minval' must be at most 'maxval', and 0.06 is more than 0.05",
    ),
    ("initializers", {"RandomNormal": {"stddev": -0.1}}, "'stddev' must be at least 0, found -0.1"),
    ("initializers", {"VarianceScaling": {"scale": 0.0}}, "'scale' must be greater than 0, found 0.0"),
    ("constraints", {"MaxNorm": 0}, "'max_value' must be greater than 0, found 0"),
    (
        "constraints",
        {"MinMaxNorm": {"min_value": 2.0}},
        "'min_value' must be at most 'max_value', and 2.0 is more than 1.0",
    ),
    ("layers", {"Conv2D": {**CONV, "groups": 3}}, "'filters' must be a multiple of 'groups', and 4 is none of 3"),
    ("layers", {"Conv2D": {**CONV, "groups": 0}}, "'groups' must be at least 1, found 0"),
    ("layers", {"Conv2D": {**CONV, "strides": [1, 2], "dilation_rate": [2, 1]}}, "Conv2D cannot skip places both"),
    ("layers", {"GaussianNoise": -0.1}, "'stddev' must be at least 0, found -0.1"),
    ("optimizers", {"SGD": {"momentum": 5.0}}, "'momentum' must be at most 1, found 5.0"),
    ("optimizers", {"Adam": {"beta_1": 1.0}}, "'beta_1' must be less than 1, found 1.0"),
    ("optimizers", {"Adam": {"ema_momentum": 7}}, "'ema_momentum' must be at most 1, found 7"),
    (
        "optimizers",
        {"Adam": {"gradient_accumulation_steps": 1}},
        "'gradient_accumulation_steps' must be at least 2, found 1",
    ),
    ("optimizers", {"Adam": {"clipnorm": 1.0, "clipvalue": 0.5}}, "Adam takes one of clipnorm, clipvalue, not several"),
    ("optimizers", {"Adam": {"learning_rate": -0.1}}, "'learning_rate' must be greater than 0, found -0.1"),
    ("losses", {"BinaryCrossentropy": {"label_smoothing": 1.5}}, "'label_smoothing' must be at most 1, found 1.5"),
    ("losses", {"Huber": {"delta": 0}}, "'delta' must be greater than 0, found 0"),
    ("losses", {"CategoricalGeneralizedCrossEntropy": {"q": 1.0}}, "'q' must be less than 1, found 1.0"),
    ("metrics", {"AUC": {"num_thresholds": 1}}, "'num_thresholds' must be at least 2, found 1"),
    ("metrics", {"Precision": {"thresholds": [0.5, 1.5]}}, "'thresholds' must be at most 1, found 1.5"),
    ("metrics", {"RecallAtPrecision": {"precision": -0.1}}, "'precision' must be at least 0, found -0.1"),
    (
        "schedules",
        {"PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 5, "end_learning_rate": -0.5}},
        "'end_learning_rate' must be",
    ),
    ("schedules", {"PiecewiseConstantDecay": {"boundaries": [], "values": [0.1]}}, "'boundaries' must hold a step"),
    (
        "schedules",
        {"PiecewiseConstantDecay": {"boundaries": [5], "values": [0.1]}},
        "1 boundaries part 2 values, found 1",
    ),
    ("schedules", {"PiecewiseConstantDecay": {"boundaries": [10, 5], "values": [1, 2, 3]}}, "'boundaries' must rise"),
    (
        "schedules",
        {"PiecewiseConstantDecay": {"boundaries": [5], "values": [0.1, -0.5]}},
        "'values' must be at least 0, found -0.5",
    ),
]


@pytest.mark.parametrize(("kind", "written"), RIGHT)
def test_the_ends_of_a_range_are_in_it(kind: str, written: Any) -> None:
    assert keras_catalogue().read(kind, written).name == next(iter(written))


@pytest.mark.parametrize(("kind", "written", "message"), WRONG)
def test_what_is_outside_is_found_without_keras(kind: str, written: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        keras_catalogue().read(kind, written)
    assert caught.value.errors()[0]["msg"].startswith(message)
