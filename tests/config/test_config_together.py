"""Rows 20 and 21 of the table of faults, as far as the file alone tells: last layer, loss, metrics, monitors, names."""

from __future__ import annotations

import pytest

LAST = "Dense: {units: 10, activation: softmax}"
LOSS = "sparse_categorical_crossentropy"
FIT = {
    ((LAST, "Dense: {units: 1, activation: softmax}"),): (
        (17, 5, "softmax over one unit is always 1, so Dense cannot learn"),
        "write Dense: {units: 1, activation: sigmoid} with loss: binary_crossentropy, or as many units as classes",
    ),
    ((LAST, "Dense: {units: 10, activation: sigmoid}"),): (
        (17, 5, f"{LOSS} needs probabilities that sum to 1, but Dense ends in sigmoid"),
        "write activation: softmax",
    ),
    ((LAST, "Dense: {units: 10}"),): (
        (17, 5, f"{LOSS} needs probabilities that sum to 1, but Dense ends in linear"),
        "write activation: softmax, or loss: {SparseCategoricalCrossentropy: {from_logits: true}}",
    ),
    ((f"loss: {LOSS}", f"loss: {{{LOSS}: {{from_logits: true}}}}"),): (
        (17, 5, f"{LOSS} with from_logits takes raw scores, but Dense ends in softmax"),
        "leave out from_logits, or the activation softmax",
    ),
    ((f"loss: {LOSS}", "loss: binary_crossentropy"),): (
        (17, 5, "binary_crossentropy needs a probability for each unit, but Dense ends in softmax"),
        "write activation: sigmoid, or loss: sparse_categorical_crossentropy for one class of several",
    ),
    ((f"loss: {LOSS}", "loss: mse"),): (
        (24, 11, "accuracy counts right classes, but mse compares numbers"),
        "write metrics: [mae] or [r2_score]",
    ),
    (("[accuracy]", "[accuracy, auc]"),): (
        (24, 21, "auc reads one probability a sample, but the output has one for each class"),
        "write accuracy, or data.target: {column: …, encode: one_hot} with loss: categorical_crossentropy",
    ),
    (("[accuracy]", "[accuracy, accuracy]"),): (
        (24, 21, "two values would be called 'accuracy'"),
        "leave one out, or give it a name: {…, name: other}",
    ),
    (("val_loss, patience", "val_acc, patience"),): (
        (29, 29, "nothing is called 'val_acc'; there are: loss, accuracy, val_loss, val_accuracy"),
        "did you mean 'val_accuracy'?",
    ),
    (("{validation: 0.15, test: 0.15}", "{validation: 0, test: 0.15}"),): (
        (29, 29, "nothing is called 'val_loss'; there are: loss, accuracy"),
        "there is no validation split: write data.split.validation: 0.15",
    ),
    (("units: 64", "units: 64, from: stem"),): (
        (15, 30, "'from' names 'stem', which is no layer above and no input"),
        "there are: image",
    ),
    (("units: 64", "units: 64, from: image"),): (
        (14, 5, "nothing takes the output of Flatten"),
        "name it and take it with 'from', or leave it out",
    ),
    (("units: 64", "units: 64, name: image"),): (
        (15, 30, "the name 'image' is taken by an input of the data"),
        "choose another",
    ),
    (("units: 64", "units: 64, from: 3"),): (
        (15, 30, "'from' must be the name of a layer or an input, or a list of names"),
        "write from: NAME, from: [ONE, OTHER], or by the arguments of its call, from: {query: ONE, value: OTHER}",
    ),
}


@pytest.mark.parametrize("swaps", FIT, ids=range(len(FIT)))
def test_row_20_and_21_what_does_not_fit_is_told_at_its_line(problem, change, swaps):
    found = problem(change(*swaps))
    assert (found.at, found.suggestion) == FIT[swaps]


def test_row_20_and_21_the_misfits_are_fourteen():
    assert len(FIT) == 14


def test_row_20_raw_scores_under_a_loss_that_takes_them_fit(read, change):
    read(change((LAST, "Dense: 10"), (f"loss: {LOSS}", f"loss: {{{LOSS}: {{from_logits: true}}}}")))


def test_row_21_every_monitor_is_checked(problem, digits):
    found = problem(digits + "  reduce_on_plateau: {monitor: val_los}\n")
    assert found.at == (30, 32, "nothing is called 'val_los'; there are: loss, accuracy, val_loss, val_accuracy")
    found = problem(digits + "  until: val_foo > 3\n")
    assert found.at == (30, 10, "nothing is called 'val_foo'; there are: loss, accuracy, val_loss, val_accuracy")


def test_row_21_every_name_that_is_measured_may_be_monitored(read, change):
    for monitor in ("loss", "accuracy", "mae", "val_loss", "val_accuracy", "val_mae"):
        text = change(("[accuracy]", "[accuracy, mae]"), ("val_loss, patience", f"{monitor}, patience"))
        assert read(text).train.early_stopping.monitor == monitor


def test_a_problem_that_only_building_shows_is_told_at_the_line_of_its_layer(read, digits):
    from dlcli.errors import BlockError

    config = read(digits)
    error = config.located(
        BlockError(
            ("layers", 1, "Dense"), "Dense cannot take the shape (8, 8)", kind="layer_refuses", hint="put Flatten"
        )
    )
    [found] = error.problems
    assert (found.line, found.column, found.length) == (15, 5, 5)
    assert found.text == "  - Dense: {units: 64, activation: relu}"
    assert (error.message, found.suggestion) == ("Dense cannot take the shape (8, 8)", "put Flatten")
    assert (error.kind, found.kind) == ("layer_refuses", "layer_refuses")
    assert config.line(("layers", 2)) == 16
    assert config.line(("nowhere",)) == 4


def test_an_error_of_the_data_gets_the_line_of_the_data_block(read, digits):
    from dlcli.errors import DataError

    config = read(digits)
    found = config.at_source(DataError("there is no column 'x'", kind="no_such_column"))
    assert found.file.endswith("config.yaml")
    assert found.line == 7
    own = config.at_source(DataError("the file is empty", kind="empty_file", file="x.csv"))
    assert (own.file, own.line) == ("x.csv", None)
