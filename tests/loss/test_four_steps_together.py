"""Do the four steps fit together? Every rule with a case that breaks it, one that does not, and its words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.loss.fit import activation_mistakes, shape_mistakes
from dlcli.loss.metric_fit import metric_mistakes
from dlcli.loss.model_output import Output, output_of
from dlcli.loss.target_form import TargetForm
from dlcli.loss.target_loss import Head

SPARSE, CATEGORICAL, BINARY = "sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"
SPARSE_SCORES = {"SparseCategoricalCrossentropy": {"from_logits": True}}
BINARY_SCORES = {"BinaryCrossentropy": {"from_logits": True}}
Case = tuple[dict[str, Any], list[tuple[str, str]]]
"""What is given, and each message with its suggestion."""


def case(
    width: int | None,
    activation: str | None,
    loss: Any,
    *expected: tuple[str, str],
    metrics: list[Any] | None = None,
    classes: int | None = None,
    target: tuple[int, ...] | None = None,
    shape: tuple[int, ...] | None = None,
    vectors: bool = False,
    layer: str = "Dense",
    argument: str | None = "units",
    above: str | None = None,
) -> Case:
    given = {
        "output": Output(width, activation, layer, ("layers", 1, layer), shape, argument=argument, above=above),
        "loss": loss,
        "metrics": metrics or [],
        "classes": classes,
        "form": None if target is None else TargetForm(target, vectors=vectors),
    }
    return given, list(expected)


TABLE: dict[str, Case] = {
    "softmax over one unit": case(
        1,
        "softmax",
        BINARY,
        (
            "softmax over one unit is always 1, so Dense cannot learn",
            "write Dense: {units: 1, activation: sigmoid} with loss: binary_crossentropy, or as many units as classes",
        ),
    ),
    "softmax over two units": case(2, "softmax", SPARSE),
    "raw scores that are no raw scores": case(
        3,
        "softmax",
        SPARSE_SCORES,
        (
            "SparseCategoricalCrossentropy with from_logits takes raw scores, but Dense ends in softmax",
            "leave out from_logits, or the activation softmax",
        ),
    ),
    "raw scores": case(3, "linear", SPARSE_SCORES),
    "a raw score under a sigmoid": case(
        1,
        "sigmoid",
        BINARY_SCORES,
        (
            "BinaryCrossentropy with from_logits takes raw scores, but Dense ends in sigmoid",
            "leave out from_logits, or the activation sigmoid",
        ),
    ),
    "linear under a loss for classes": case(
        3,
        "linear",
        SPARSE,
        (
            "sparse_categorical_crossentropy needs probabilities that sum to 1, but Dense ends in linear",
            "write activation: softmax, or loss: {SparseCategoricalCrossentropy: {from_logits: true}}",
        ),
    ),
    "sigmoid under a loss for classes": case(
        3,
        "sigmoid",
        SPARSE,
        (
            "sparse_categorical_crossentropy needs probabilities that sum to 1, but Dense ends in sigmoid",
            "write activation: softmax",
        ),
    ),
    "relu under a loss for one-hot vectors": case(
        3,
        "relu",
        CATEGORICAL,
        (
            "categorical_crossentropy needs probabilities that sum to 1, but Dense ends in relu",
            "write activation: softmax",
        ),
    ),
    "an activation that is not known": case(3, None, SPARSE),
    "linear under a loss for two classes": case(
        1,
        "linear",
        BINARY,
        (
            "binary_crossentropy needs a probability for each unit, but Dense ends in linear",
            "write activation: sigmoid",
        ),
    ),
    "softmax under a loss for two classes": case(
        2,
        "softmax",
        BINARY,
        (
            "binary_crossentropy needs a probability for each unit, but Dense ends in softmax",
            "write activation: sigmoid, or loss: sparse_categorical_crossentropy for one class of several",
        ),
    ),
    "sigmoid under a loss for two classes": case(1, "sigmoid", BINARY),
    "hinge reads any activation": case(1, "linear", "hinge"),
    "a loss for numbers reads any activation": case(1, "linear", "mse"),
    "too few units": case(
        3, "softmax", SPARSE, ("Dense has 3 units, but there are 10 classes", "write units: 10"), classes=10
    ),
    "too few filters": case(
        3,
        "softmax",
        SPARSE,
        ("Conv2D has 3 filters, but there are 10 classes", "write filters: 10"),
        classes=10,
        layer="Conv2D",
        argument="filters",
    ),
    "too few values of what says nothing of them": case(
        3,
        "softmax",
        SPARSE,
        (
            "Softmax puts out 3 values, but there are 4 classes",
            "end in a layer that says how many values it puts out, such as Dense: {units: 4}",
        ),
        classes=4,
        layer="Softmax",
        argument=None,
    ),
    "too few units of the layer above": case(
        3,
        "softmax",
        SPARSE,
        ("Softmax puts out 3 values, but there are 4 classes", "write units: 4 for the Dense above"),
        classes=4,
        layer="Softmax",
        above="Dense",
    ),
    "one unit for classes": case(
        1,
        "linear",
        SPARSE_SCORES,
        ("Dense has 1 unit, but there are at least 2 classes", "write units: as many as there are classes"),
    ),
    "more units than classes": case(12, "softmax", SPARSE, classes=10),
    "one value for each place under a loss for two": case(
        1, "sigmoid", BINARY, target=(4, 4), shape=(4, 4, 1), classes=2
    ),
    "as many units as classes": case(10, "softmax", SPARSE, classes=10, target=()),
    "class indices under a loss for one-hot vectors": case(
        3,
        "softmax",
        CATEGORICAL,
        (
            "categorical_crossentropy needs one-hot vectors, but the target holds class indices",
            "write loss: sparse_categorical_crossentropy, or data.target: {column: …, encode: one_hot}",
        ),
        classes=3,
        target=(),
    ),
    "one-hot vectors under their loss": case(3, "softmax", CATEGORICAL, classes=3, target=(3,)),
    "one-hot vectors under a loss for indices": case(
        3,
        "softmax",
        SPARSE,
        (
            "sparse_categorical_crossentropy needs one class index a sample, but the target has the shape (3,)",
            "write loss: categorical_crossentropy for one-hot vectors",
        ),
        classes=3,
        target=(3,),
        shape=(3,),
        vectors=True,
    ),
    "a class for each pixel": case(3, "softmax", SPARSE, classes=3, target=(8, 8), shape=(8, 8, 3)),
    "a broadcast of one against three": case(
        1, "linear", "mse", ("Dense puts out 1, but the target has 3 values a sample", "write units: 3"), target=(3,)
    ),
    "a broadcast of three against one": case(
        3, "linear", "mse", ("Dense puts out 3, but the target has 1 value a sample", "write units: 1"), target=()
    ),
    "one against one": case(1, "linear", "mse", target=()),
    "an output of more axes than the target": case(
        1,
        "linear",
        "mse",
        (
            "Dense puts out (8, 1), but the target has 1 value a sample",
            "end in Flatten and Dense, or give the target that shape",
        ),
        target=(),
        shape=(8, 1),
    ),
    "as many places, and more values at each": case(
        4,
        "softmax",
        "categorical_crossentropy",
        ("Dense puts out (8, 4), but the target has (8, 3) values a sample", "write units: 3"),
        target=(8, 3),
        shape=(8, 4),
    ),
    "a value a class against the number of one": case(
        3,
        "softmax",
        "Dice",
        (
            "Dense puts out 3, but the target has 1 value a sample",
            "write data.target: {column: …, encode: one_hot}, which has a value for each class",
        ),
        classes=3,
        target=(),
    ),
    "an output of the target's shape": case(1, "linear", "mse", target=(8, 1), shape=(8, 1)),
    "two units for two classes": case(
        2,
        "sigmoid",
        BINARY,
        (
            "Dense puts out 2, but the target has 1 value a sample",
            "write Dense: {units: 1, activation: sigmoid}, or loss: sparse_categorical_crossentropy with softmax",
        ),
        classes=2,
        target=(),
    ),
    "several yes-or-no targets": case(5, "sigmoid", BINARY, target=(5,)),
    "two metrics of one name": case(
        10,
        "softmax",
        SPARSE,
        ("two values would be called 'accuracy'", "leave one out, or give it a name: {…, name: other}"),
        metrics=["accuracy", "accuracy"],
    ),
    "a metric called loss": case(
        10,
        "softmax",
        SPARSE,
        ("two values would be called 'loss'", "leave one out, or give it a name: {…, name: other}"),
        metrics=[{"SparseCategoricalCrossentropy": {"name": "loss"}}],
    ),
    "two metrics of two names": case(
        10, "softmax", SPARSE, metrics=["accuracy", {"SparseCategoricalAccuracy": {"name": "other"}}]
    ),
    "accuracy of numbers": case(
        1,
        "linear",
        "mse",
        ("accuracy counts right classes, but mse compares numbers", "write metrics: [mae] or [r2_score]"),
        metrics=["accuracy"],
    ),
    "a metric of numbers": case(1, "linear", "mse", metrics=["mae", "r2_score"]),
    "a metric of one-hot vectors for class indices": case(
        10,
        "softmax",
        SPARSE,
        (
            "categorical_accuracy reads one-hot targets, but the target holds class indices",
            "write accuracy, or data.target: {column: …, encode: one_hot} with loss: categorical_crossentropy",
        ),
        metrics=["categorical_accuracy"],
    ),
    "a metric of one-hot vectors for one-hot vectors": case(
        10, "softmax", CATEGORICAL, metrics=["categorical_accuracy", "F1Score"]
    ),
    "a metric of two classes for several": case(
        10,
        "softmax",
        SPARSE,
        (
            "AUC reads one probability a sample, but the output has one for each class",
            "write accuracy, or data.target: {column: …, encode: one_hot} with loss: categorical_crossentropy",
        ),
        metrics=["AUC"],
    ),
    "a metric of two classes for two classes": case(1, "sigmoid", BINARY, metrics=["AUC", "Precision"]),
    "a metric of class indices for two classes": case(
        1,
        "sigmoid",
        BINARY,
        ("SparseCategoricalAccuracy reads class indices against one probability a class", "write accuracy"),
        metrics=["SparseCategoricalAccuracy"],
    ),
    "a metric of class indices for class indices": case(
        10, "softmax", SPARSE, metrics=["SparseTopKCategoricalAccuracy"]
    ),
    "letters from scores": case(4, None, "CTC", target=(3,), shape=(6, 4)),
    "letters from probabilities": case(
        4,
        "softmax",
        "CTC",
        ("CTC takes raw scores, but Dense ends in softmax", "leave out the activation softmax"),
        target=(3,),
        shape=(6, 4),
    ),
    "everything at once": case(
        3,
        "relu",
        SPARSE,
        (
            "sparse_categorical_crossentropy needs probabilities that sum to 1, but Dense ends in relu",
            "write activation: softmax",
        ),
        ("Dense has 3 units, but there are 4 classes", "write units: 4"),
        (
            "AUC reads one probability a sample, but the output has one for each class",
            "write accuracy, or data.target: {column: …, encode: one_hot} with loss: categorical_crossentropy",
        ),
        metrics=["AUC"],
        classes=4,
        target=(),
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_does_not_fit_is_said_with_what_to_write_instead(name: str) -> None:
    given, expected = TABLE[name]
    catalogue = keras_catalogue()
    metrics = [catalogue.read("metrics", each) for each in given["metrics"]]
    head = Head(None, catalogue.read("losses", given["loss"]), metrics)
    mistakes = [
        *activation_mistakes(given["output"], head.loss),
        *shape_mistakes(given["output"], head, classes=given["classes"], form=given["form"]),
        *metric_mistakes(head),
    ]
    assert [(each.message, each.suggestion) for each in mistakes] == expected
    places = {given["output"].path, ("loss",), *(("metrics", position) for position in range(2))}
    assert {each.path for each in mistakes} <= places


def test_the_table_has_as_many_cases_that_pass_as_it_needs() -> None:
    passing = [name for name, (_, expected) in TABLE.items() if not expected]
    assert (len(TABLE), len(passing)) == (49, 20)


@pytest.mark.parametrize(
    ("layers", "width", "activation", "word"),
    [
        ([{"Dense": {"units": 3, "activation": "softmax"}}], 3, "softmax", "Dense"),
        ([{"Dense": 3}], 3, "linear", "Dense"),
        ([{"Dense": 3}, "Softmax"], 3, "softmax", "Softmax"),
        ([{"Dense": 3}, {"Activation": "sigmoid"}], 3, "sigmoid", "Activation"),
        (["Softmax"], None, "softmax", "Softmax"),
        ([{"Conv2D": {"filters": 3, "kernel_size": 1, "activation": "sigmoid"}}], 3, "sigmoid", "Conv2D"),
        ([{"Dense": 3}, "ReLU"], None, None, "ReLU"),
        ([{"Dense": 3}, {"Dropout": 0.5}], None, None, "Dropout"),
    ],
)
def test_the_last_layer_tells_what_it_can(
    layers: list[Any], width: int | None, activation: str | None, word: str
) -> None:
    from dlcli.layers import Layer
    from dlcli.layers.last_layer import last_layer

    catalogue = keras_catalogue()
    last = last_layer([Layer(catalogue.read("layers", each)) for each in layers])
    found = output_of(last.layer, above=last.above, path=last.path)
    assert found.path == ("layers", len(layers) - 1, word)
    assert (found.width, found.activation, found.layer) == (width, activation, word)


def test_what_does_not_fit_is_refused_at_its_line_before_and_after_the_data_is_read(
    tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    dense = {"Dense": {"units": 3}}
    before = run_dlcli("validate", write_experiment(tmp_path, {"layers": [dense]}), "--json", cwd=tmp_path)
    assert before.code == 3
    ((problem,),) = [each["problems"] for each in before.value["files"]]
    assert (
        problem["message"]
        == "sparse_categorical_crossentropy needs probabilities that sum to 1, but Dense ends in linear"
    )
    softmax = {"Dense": {"units": 2, "activation": "softmax"}}
    config = write_experiment(tmp_path, {"layers": [softmax]})
    assert run_dlcli("validate", config, cwd=tmp_path).out == f"{config}: ok\n"
    after = run_dlcli("train", config, "--json", cwd=tmp_path)
    assert (after.code, after.error["message"]) == (3, "Dense has 2 units, but there are 3 classes")
    assert after.error["hint"] == "write units: 3"
    assert config.read_text().splitlines()[after.error["line"] - 1].strip() == '"Dense": {'


def test_ctc_of_keras_takes_raw_scores() -> None:
    """One label at one step costs minus the logarithm of its share, which is that of the softmax of what is given."""
    import keras
    import numpy as np

    scores = np.random.default_rng(0).normal(size=(1, 1, 4)).astype("float32") * 3
    cost = float(keras.losses.CTC()(np.array([[2]]), scores))
    shares = np.exp(scores[0, 0]) / np.exp(scores[0, 0]).sum()
    assert cost == pytest.approx(-np.log(shares[2]), rel=1e-4)
    assert abs(float(keras.losses.CTC()(np.array([[2]]), shares[None, None])) - cost) > 0.1
