from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.data.encoded_target import encode_target
from dlcli.data.schema import TargetSchema
from dlcli.data.sources.source import Reading
from dlcli.data.sources.tables.csv import Csv
from dlcli.errors import DataError

UNSPLIT = {"validation": 0.0, "test": 0.0}
AS_NAMES = "write target: {column: y, encode: index} if these are names of classes"
FOR_MORE = "write loss: sparse_categorical_crossentropy"


@pytest.fixture
def block(write: Callable[..., Path]) -> Callable[..., dict[str, Any]]:
    """`block("u,v,u", encode="index")`: a table with this target."""

    def run(values: str, **target: Any) -> dict[str, Any]:
        rows = [f"{row},{value}" for row, value in enumerate(values.split(","))]
        path = write("\n".join(["a,y", *rows]) + "\n")
        chosen: Any = {"column": "y", **target} if target else "y"
        return {"source": {"csv": str(path)}, "target": chosen, "split": UNSPLIT}

    return run


def file_of(block: dict[str, Any]) -> str:
    return str(block["source"]["csv"])


@pytest.mark.parametrize("labels", [None, "classes", "binary", "one_hot"])
def test_names_become_indices_in_the_order_of_the_alphabet(
    labels: str | None, block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    dataset = load(block("v,u,v,u"), labels=labels)
    target = dataset.splits["train"].target
    assert (dataset.classes, target.dtype, target.tolist()) == (["u", "v"], np.int64, [1, 0, 1, 0])
    assert dataset.schema.targets[0] == TargetSchema(
        name="y", column="y", encode="index", classes=["u", "v"], axes=["samples"], shape=[]
    )


def test_the_order_of_the_classes_can_be_written(block: Callable[..., Any], load: Callable[..., Dataset]) -> None:
    dataset = load(block("low,high,middle,low", classes=["low", "middle", "high"]))
    assert (dataset.classes, dataset.splits["train"].target.tolist()) == (["low", "middle", "high"], [0, 2, 1, 0])


def test_a_class_that_no_row_has_keeps_its_index(block: Callable[..., Any], load: Callable[..., Dataset]) -> None:
    dataset = load(block("c,a,c", classes=["a", "b", "c"], encode="one_hot"))
    assert dataset.splits["train"].target.tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(("values", "classes"), [("v,u,w", ["u", "v", "w"]), ("0,2,1", ["0", "1", "2"])])
def test_one_hot_is_a_vector_with_a_one(
    values: str, classes: list[str], block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(values, encode="one_hot"), labels="one_hot")
    target, schema = dataset.splits["train"].target, dataset.schema.targets[0]
    assert (dataset.classes, target.dtype, target.shape) == (classes, np.float32, (3, 3))
    assert target.argmax(axis=1).tolist() == [classes.index(value) for value in values.split(",")]
    assert target.sum(axis=1).tolist() == [1, 1, 1]
    assert (schema.axes, schema.shape) == (["samples", "classes"], [3])


def test_numbers_as_names_are_in_the_order_of_their_values(
    block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    dataset = load(block("10,9,2,10,x", encode="index"))
    assert dataset.classes == ["2", "9", "10", "x"]
    assert dataset.splits["train"].target.tolist() == [2, 1, 0, 2, 3]


def test_numbers_as_names_are_the_same_with_an_empty_cell_among_them(
    block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    dataset = load({**block("1,2,,2", encode="index"), "missing": "drop"})
    assert dataset.classes == ["1", "2"]
    again = encode_target(dataset.schema.targets[0], Csv(path=file_of(block("2,1"))).read(Reading(frozenset({"y"}))))
    assert again.tolist() == [1, 0]


@pytest.mark.parametrize("labels", ["classes", "binary", None])
def test_the_whole_numbers_from_zero_are_indices_already(
    labels: str | None, block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    dataset = load(block("1,0,1,0"), labels=labels)
    target = dataset.splits["train"].target
    assert (dataset.classes, target.dtype, target.tolist()) == (["0", "1"], np.int64, [1, 0, 1, 0])
    assert dataset.schema.targets[0].encode == "none"


def test_whole_numbers_written_with_a_point_are_indices(
    block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    dataset = load(block("1.0,0.0,2.0"), labels="classes")
    assert dataset.splits["train"].target.dtype == np.int64
    assert dataset.splits["train"].target.tolist() == [1, 0, 2]


@pytest.mark.parametrize("values", ["1.5,2.5,3.5", "1,2,3", "0,5,7", ",".join(map(str, range(21)))])
def test_without_a_loss_other_numbers_are_numbers(
    values: str, block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(values))
    target = dataset.splits["train"].target
    assert (dataset.classes, target.dtype) == (None, np.float32)
    assert target.tolist() == [float(value) for value in values.split(",")]


def test_without_a_loss_twenty_whole_numbers_from_zero_are_classes(
    block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    assert load(block(",".join(map(str, range(20))))).classes == [str(number) for number in range(20)]


@pytest.mark.parametrize("values", ["0,1,0", "1,2,3", "0.5,1,2"])
def test_under_a_loss_that_compares_numbers_numbers_are_numbers(
    values: str, block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(values), labels="numbers")
    assert (dataset.classes, dataset.splits["train"].target.dtype) == (None, np.float32)


def test_text_under_a_loss_that_compares_numbers_is_refused(
    block: Callable[..., Any], refuse: Callable[..., Any]
) -> None:
    made = block("v,u")
    assert refuse(made, labels="numbers") == (
        *(DataError, 4, "target 'y' is text ('v' in row 1), but the loss compares numbers", file_of(made), 2),
        "choose a loss for classes, such as sparse_categorical_crossentropy",
    )


@pytest.mark.parametrize("labels", [None, "classes"])
def test_text_that_is_not_to_be_encoded_is_refused(
    labels: str | None, block: Callable[..., Any], refuse: Callable[..., Any]
) -> None:
    made = block("v,u", encode="none")
    message = "target 'y' is text ('v' in row 1), but encode: none leaves numbers as they are"
    assert refuse(made, labels=labels) == (DataError, 4, message, file_of(made), 2, "write encode: index")


@pytest.mark.parametrize(
    ("value", "nearest"), [("setosaa", "did you mean 'setosa'?"), ("SETOSA", "did you mean 'setosa'?"), ("rose", None)]
)
def test_a_label_outside_the_classes_is_refused_with_row_and_nearest(
    value: str, nearest: str | None, block: Callable[..., Any], refuse: Callable[..., Any]
) -> None:
    made = block(f"setosa,virginica,{value},setosa,{value}", classes=["setosa", "virginica"])
    message = f"label '{value}' in row 3 is none of the classes: setosa, virginica"
    assert refuse(made) == (DataError, 4, message, file_of(made), 4, nearest)


def test_a_label_outside_many_classes_shows_the_first_six(
    block: Callable[..., Any], refuse: Callable[..., Any]
) -> None:
    made = block("a,z", classes=list("abcdefgh"))
    assert refuse(made).message == "label 'z' in row 2 is none of the classes: a, b, c, d, e, f, …"


@pytest.mark.parametrize(
    ("values", "labels", "only"),
    [
        ("u,u,u", None, "u"),
        ("u,u,u", "binary", "u"),
        ("0,0,0", None, "0"),
        ("0,0,0", "classes", "0"),
        ("1,1,1", "binary", "1"),
        ("7,7,7", "classes", "7"),
    ],
)
def test_a_single_class_is_refused(
    values: str, labels: str | None, only: str, block: Callable[..., Any], refuse: Callable[..., Any]
) -> None:
    made = block(values)
    message = f"target 'y' has a single class, '{only}': there is nothing to tell apart"
    assert refuse(made, labels=labels) == (DataError, 4, message, file_of(made), None, None)


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        ("1,2,1", "the labels of 'y' are 1, 2; a loss for two classes needs 0 and 1", AS_NAMES),
        ("-1,1,-1", "the labels of 'y' are -1, 1; a loss for two classes needs 0 and 1", AS_NAMES),
        ("0,1,2", "the labels of 'y' are 0, 1, 2; a loss for two classes needs 0 and 1", FOR_MORE),
        ("1.0,2.0,1.0", "the labels of 'y' are 1.0, 2.0; a loss for two classes needs 0 and 1", AS_NAMES),
    ],
)
def test_other_labels_than_zero_and_one_are_refused_under_a_loss_for_two_classes(
    values: str, message: str, hint: str, block: Callable[..., Any], refuse: Callable[..., Any]
) -> None:
    made = block(values)
    assert refuse(made, labels="binary") == (DataError, 4, message, file_of(made), None, hint)


def test_one_and_two_are_two_classes_where_they_are_names(
    block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    dataset = load(block("1,2,1", encode="index"), labels="binary")
    assert (dataset.classes, dataset.splits["train"].target.tolist()) == (["1", "2"], [0, 1, 0])


def test_three_names_are_refused_under_a_loss_for_two_classes(
    block: Callable[..., Any], refuse: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    made = block("u,v,w")
    assert refuse(made, labels="binary") == (
        *(DataError, 4, "target 'y' has 3 classes (u, v, w), but the loss is for two", file_of(made), None),
        "write loss: sparse_categorical_crossentropy, and softmax with as many units as classes",
    )
    assert load(block("u,v,w", encode="one_hot"), labels="binary").splits["train"].target.shape == (3, 3)


@pytest.mark.parametrize("labels", ["classes", "binary", "one_hot"])
def test_a_label_that_is_no_whole_number_is_refused_with_its_row(
    labels: str, block: Callable[..., Any], refuse: Callable[..., Any]
) -> None:
    made = block("0,1,1.7,0.2")
    message = "label 1.7 in row 3 is no whole number, but the loss needs classes"
    assert refuse(made, labels=labels) == (DataError, 4, message, file_of(made), 4, AS_NAMES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("1,2,3", "the labels of 'y' are 1, 2, 3; expected 0 to 2"),
        ("0,2,0", "the labels of 'y' are 0, 2; expected 0 to 1"),
        ("-1,0,1", "the labels of 'y' are -1, 0, 1; expected 0 to 2"),
        ("0,1,inf", "the labels of 'y' are 0.0, 1.0, inf; expected 0 to 2"),
        ("3,14,15,92,65,35,89", "the labels of 'y' are 3, 14, 15, 35, 65, 89, …; expected 0 to 6"),
    ],
)
def test_labels_with_gaps_are_refused(
    values: str, message: str, block: Callable[..., Any], refuse: Callable[..., Any]
) -> None:
    made = block(values)
    assert refuse(made, labels="classes") == (DataError, 4, message, file_of(made), None, AS_NAMES)


@pytest.mark.parametrize("values", ["1,2,3", "0,2,0", "3,14,15"])
def test_labels_with_gaps_are_classes_where_they_are_names(
    values: str, block: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(values, encode="index"), labels="classes")
    assert dataset.classes == sorted(set(values.split(",")), key=int)


def test_an_infinite_target_is_refused(block: Callable[..., Any], refuse: Callable[..., Any]) -> None:
    made = block("0.5,inf,1.5,-inf")
    assert refuse(made, labels="numbers") == (
        *(DataError, 4, "'y' is infinite in 2 rows, first in row 2", file_of(made), 3),
        "correct the data: no model takes an infinite number",
    )


def test_an_empty_target_is_refused(block: Callable[..., Any], refuse: Callable[..., Any]) -> None:
    made = block("u,,v,")
    assert refuse(made)[:5] == (DataError, 4, "empty cells: 'y' 2; the first in row 2", file_of(made), 3)
    assert refuse({**made, "missing": "mean"})[:3] == (
        *(DataError, 4, "the target 'y' is empty in 2 rows, first in row 2"),
    )


@pytest.mark.parametrize("labels", [None, "classes", "binary", "numbers"])
@pytest.mark.parametrize("policy", ["error", "drop", "mean"])
def test_a_target_without_any_value_is_refused(
    labels: str | None, policy: str, block: Callable[..., Any], refuse: Callable[..., Any]
) -> None:
    refusal = refuse({**block(",,"), "missing": policy}, labels=labels)
    assert (
        refusal[:3]
        == {
            "error": (DataError, 4, "empty cells: 'y' 3; the first in row 1"),
            "drop": (DataError, 4, "no row is left: each has an empty cell ('y' 3)"),
            "mean": (DataError, 4, "the target 'y' is empty in 3 rows, first in row 1"),
        }[policy]
    )


CLASSES = TargetSchema(name="y", column="y", encode="none", classes=["0", "1", "2"], axes=["samples"], shape=[])
NUMBERS = TargetSchema(name="y", column="y", encode="none", axes=["samples"], shape=[])


@pytest.mark.parametrize(
    ("values", "message", "line"),
    [
        ("0,2,7", "label 7 in row 3 is none of the 3 classes 0 to 2", 4),
        ("0,-1,7", "label -1 in row 2 is none of the 3 classes 0 to 2", 3),
        ("0,1.7,1", "label 1.7 in row 2 is none of the 3 classes 0 to 2", 3),
        ("0,u,v", "label 'u' in row 2 is none of the classes: 0, 1, 2", 3),
        ("0,,1", "the target 'y' is empty in 1 row, first in row 2", 3),
    ],
)
def test_labels_of_other_rows_are_checked_against_the_classes_of_training(
    values: str, message: str, line: int, block: Callable[..., Any]
) -> None:
    fields = Csv(path=file_of(block(values))).read(Reading())
    with pytest.raises(DataError) as caught:
        encode_target(CLASSES, fields)
    assert (caught.value.message, caught.value.line) == (message, line)


def test_fewer_classes_in_other_rows_are_no_fault(block: Callable[..., Any]) -> None:
    assert encode_target(CLASSES, Csv(path=file_of(block("2,2,2"))).read(Reading())).tolist() == [2, 2, 2]


def test_text_in_other_rows_of_a_target_of_numbers_is_refused(block: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match="^target 'y' is text \\('u' in row 1\\), but in training it held numbers$"):
        encode_target(NUMBERS, Csv(path=file_of(block("u,v,w"))).read(Reading()))


def test_a_target_of_several_axes_is_left_as_it_is(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    y = np.arange(24.0).reshape(6, 2, 2)
    np.savez(tmp_path / "d.npz", x=np.ones((6, 3)), y=y)
    dataset = load({"source": {"npz": str(tmp_path / "d.npz")}, "split": UNSPLIT})
    schema = dataset.schema.targets[0]
    assert (schema.axes, schema.shape, schema.classes) == (["samples", "time", "features"], [2, 2], None)
    np.testing.assert_array_equal(dataset.splits["train"].target, y)
    assert dataset.splits["train"].target.dtype == np.float32


def test_a_target_of_several_axes_with_a_gap_is_refused(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    path = tmp_path / "d.npz"
    y = np.arange(24.0).reshape(6, 2, 2)
    y[3, 1, 0] = np.nan
    np.savez(path, x=np.ones((6, 3)), y=y)
    refusal = refuse({"source": {"npz": str(path)}, "missing": {"constant": 0}})
    assert refusal[2:5] == ("the target 'y' is empty in 1 row, first in row 4", str(path), None)


def test_a_target_of_text_in_several_axes_is_refused(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, x=np.ones((6, 3)), y=np.array([["u", "v"]] * 6))
    message = "target 'y' is text of the shape (2,) a sample; expected one name a sample"
    assert refuse({"source": {"npz": str(path)}}) == (DataError, 4, message, str(path), None, None)


@pytest.mark.parametrize(("labels", "classes"), [("classes", ["0", "1"]), ("binary", ["0", "1"])])
def test_yes_and_no_are_the_classes_one_and_zero(
    labels: str, classes: list[str], tmp_path: Path, load: Callable[..., Dataset]
) -> None:
    np.savez(tmp_path / "d.npz", x=np.ones((4, 3)), y=np.array([True, False, True, False]))
    dataset = load({"source": {"npz": str(tmp_path / "d.npz")}, "split": UNSPLIT}, labels=labels)
    assert (dataset.classes, dataset.splits["train"].target.tolist()) == (classes, [1, 0, 1, 0])


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"column": "y", "encode": "onehot"}, "Input should be 'index', 'one_hot' or 'none'"),
        ({"column": "y", "class": ["a"]}, "Extra inputs are not permitted"),
        ({"column": "y", "classes": 1}, "Input should be greater than or equal to 2"),
    ],
)
def test_a_target_that_is_written_wrong_is_refused(
    target: dict[str, Any], message: str, mistakes: Callable[..., Any]
) -> None:
    assert (message, None) in mistakes({"source": "iris", "target": target})


def test_classes_under_a_loss_of_numbers_are_told_as_such(write, refuse, load):
    path = write("a,y\n" + "".join(f"{row},{row % 2}\n" for row in range(40)))
    target = {"column": "y", "classes": [0, 1]}
    refusal = refuse({"source": str(path), "target": target}, labels="numbers")
    assert refusal.message == "target 'y' has classes, but the loss compares numbers"
    assert load({"source": str(path), "target": target}, labels="binary").schema.targets[0].classes == ["0", "1"]
    assert load({"source": str(path), "target": "y"}, labels="numbers").schema.targets[0].classes is None
