from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset, Fields, Schema
from dlcli.data.encode import encode_input
from dlcli.data.encoded_target import encode_target
from dlcli.data.sources.source import Reading
from dlcli.data.sources.tables.csv import Csv
from dlcli.errors import DataError

UNSPLIT = {"validation": 0.0, "test": 0.0}
FLOWERS = "length,colour,width,y\n1.5,red,2,u\n2.5,blue,4,v\n3.5,red,6,u\n4.5,green,8,v\n"


def block(path: Path, **more: Any) -> dict[str, Any]:
    return {"source": {"csv": str(path)}, "target": "y", "split": UNSPLIT, **more}


def described(dataset: Dataset) -> list[tuple[str, list[str]]]:
    return [(schema.name, [column.name for column in schema.columns or []]) for schema in dataset.schema.inputs]


def read(path: Path, schema: Schema) -> Fields:
    """Other rows, read the way `predict` reads them: what was names in training is text."""
    names = {column.name for each in schema.inputs for column in each.columns or [] if column.kind == "category"}
    return Csv(path=str(path)).read(Reading(frozenset(names)))


def test_by_default_every_column_but_the_target_is_input(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(write(FLOWERS)))
    assert described(dataset) == [("features", ["length", "colour", "width"])]
    [schema] = dataset.schema.inputs
    assert (schema.shape, schema.axes) == ([5], ["samples", "features"])
    assert dataset.splits["train"].inputs["features"].tolist() == [
        [1.5, 0, 0, 1, 2],
        [2.5, 1, 0, 0, 4],
        [3.5, 0, 0, 1, 6],
        [4.5, 0, 1, 0, 8],
    ]


def test_a_list_of_columns_is_one_input_in_its_order(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    dataset = load(block(write(FLOWERS), inputs=["width", "length"]))
    assert described(dataset) == [("features", ["width", "length"])]
    assert dataset.splits["train"].inputs["features"].tolist() == [[2, 1.5], [4, 2.5], [6, 3.5], [8, 4.5]]


def test_a_mapping_makes_several_inputs(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    inputs = {
        "size": {"columns": ["width", "length"]},
        "paint": {"columns": "colour"},
        "step": {"columns": ["width"], "kind": "category"},
    }
    dataset = load(block(write(FLOWERS), inputs=inputs))
    assert described(dataset) == [("size", ["width", "length"]), ("paint", ["colour"]), ("step", ["width"])]
    train = dataset.splits["train"].inputs
    assert train["size"].tolist() == [[2, 1.5], [4, 2.5], [6, 3.5], [8, 4.5]]
    assert train["paint"].tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert train["step"].tolist() == np.eye(4).tolist()
    assert {tensor.dtype for tensor in train.values()} == {np.dtype(np.float64)}


def test_arrays_are_renamed_by_a_mapping(tmp_path: Path, load: Callable[..., Dataset]) -> None:
    x, y = np.arange(24.0).reshape(6, 2, 2), np.array([0, 1] * 3)
    np.savez(tmp_path / "d.npz", x=x, y=y)
    source = {"npz": str(tmp_path / "d.npz")}
    dataset = load({"source": source, "inputs": {"picture": {"columns": "x"}}, "split": UNSPLIT})
    [schema] = dataset.schema.inputs
    assert (schema.name, schema.array, schema.shape) == ("picture", "x", [2, 2])
    np.testing.assert_array_equal(dataset.splits["train"].inputs["picture"], x)
    # Data to predict may bear the name of the input or that of the array.
    for name in ("picture", "x"):
        fields = replace(dataset.fields, arrays={name: x[:3]}, kept=np.arange(3))
        np.testing.assert_array_equal(encode_input(schema, fields)[0], x[:3])
    with pytest.raises(DataError) as caught:
        encode_input(schema, replace(dataset.fields, arrays={"z": x}, columns=("z",)))
    assert caught.value.message == "the data has no array 'x'; it has: z"


def test_columns_and_an_array_cannot_be_one_input(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, a=np.arange(6.0), x=np.ones((6, 2, 2)), y=np.array([0, 1] * 3))
    source = {"npz": {"path": str(path), "inputs": ["a", "x"], "target": "y"}}
    assert refuse({"source": source, "inputs": {"all": {"columns": ["a", "x"]}}, "split": UNSPLIT}) == (
        *(DataError, 4, "input 'all' joins columns, but 'x' has the shape (2, 2) a sample", str(path), None),
        "make it an input of its own: data.inputs: {x: {columns: x}, …}",
    )


@pytest.mark.parametrize(
    "inputs", [["lenght"], {"size": {"columns": ["width", "lenght"]}}, {"one": {"columns": "lenght"}}]
)
def test_a_column_that_is_not_there_is_refused_with_the_nearest(
    inputs: Any, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write(FLOWERS)
    message = "there is no column 'lenght'; the data has: length, colour, width, y"
    hint = "did you mean 'length'?"
    assert refuse(block(path, inputs=inputs)) == (DataError, 4, message, str(path), 1, hint)


def test_an_input_without_columns_is_refused(mistakes: Callable[..., Any], write: Callable[..., Path]) -> None:
    messages = [message for message, _ in mistakes(block(write(FLOWERS), inputs={"a": {"columns": []}}))]
    assert "List should have at least 1 item after validation, not 0" in messages


def test_text_under_kind_number_is_refused_with_its_row(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write("a,y\n,u\nred,v\n")
    inputs = {"size": {"columns": ["a"], "kind": "number"}}
    refusal = refuse(block(path, inputs=inputs, missing="most_frequent"))
    message = "column 'a' is text ('red' in row 2), but its input is of kind number"
    assert refusal == (DataError, 4, message, str(path), 3, None)


def test_numbers_under_kind_category_keep_the_way_they_are_written(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write("a,y\n1,u\n1.0,v\n01,u\n1,v\n")
    inputs = {"code": {"columns": ["a"], "kind": "category"}}
    [schema] = load(block(path, inputs=inputs)).schema.inputs
    assert [column.categories for column in schema.columns or []] == [["01", "1", "1.0"]]


def test_the_categories_are_those_of_the_training_split_alone(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    rows = ["train,red,u", "train,blue,v", "validation,green,u", "validation,red,v", "test,grey,u", "test,green,v"]
    path = write("\n".join(["part,colour,y", *rows]))
    dataset = load(block(path, split={"by": "column:part"}))
    [column] = dataset.schema.inputs[0].columns or []
    assert column.categories == ["blue", "red"]
    assert {name: part.inputs["features"].tolist() for name, part in dataset.splits.items()} == {
        "train": [[0, 1], [1, 0]],
        "validation": [[0, 0], [0, 1]],
        "test": [[0, 0], [0, 0]],
    }
    assert dataset.notes == (
        "column 'colour': 3 values were not in the training split ('green'); they count as none of its names",
    )


def test_one_unseen_category_is_noted_in_the_singular(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("part,colour,y\ntrain,red,u\ntrain,blue,v\nvalidation,red,u\ntest,grey,v\n")
    assert load(block(path, split={"by": "column:part"})).notes == (
        "column 'colour': 1 value was not in the training split ('grey'); it counts as none of its names",
    )


def test_no_note_where_every_category_was_seen(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("part,colour,y\ntrain,red,u\ntrain,blue,v\nvalidation,red,u\ntest,blue,v\n")
    assert load(block(path, split={"by": "column:part"})).notes == ()


def test_categories_are_told_apart_by_case_and_blanks(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("a,y\nred,u\nRed,v\nred ,u\nred,v\n")
    assert (load(block(path)).schema.inputs[0].columns or [])[0].categories == ["Red", "red", "red "]


@pytest.mark.parametrize(
    ("different", "count", "refused"),
    [(21, 21, True), (20, 21, True), (19, 21, True), (18, 21, False), (2, 21, False), (27, 30, False), (28, 30, True)],
)
def test_text_that_is_almost_always_different_names_rows(
    different: int,
    count: int,
    refused: bool,
    write: Callable[..., Path],
    load: Callable[..., Dataset],
    refuse: Callable[..., Any],
) -> None:
    rows = [f"n{row % different},{row},{'uv'[row % 2]}" for row in range(count)]
    path = write("\n".join(["id,a,y", *rows]))
    if not refused:
        assert (load(block(path)).schema.inputs[0].columns or [])[0].width == different
        return
    message = (
        f"column 'id' is text with {different} different values in {count} rows, so it names rows rather than kinds"
    )
    refusal = refuse(block(path))
    assert refusal == (DataError, 4, message, str(path), None, "leave it out: data.inputs: [a, …]")


def test_text_that_is_always_different_is_taken_for_kinds_where_there_are_few_rows(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write("\n".join(["id,y", *(f"n{row},{'uv'[row % 2]}" for row in range(20))]))
    assert load(block(path)).schema.inputs[0].shape == [20]


def test_more_than_a_thousand_kinds_are_too_many(
    write: Callable[..., Path], load: Callable[..., Dataset], refuse: Callable[..., Any]
) -> None:
    def with_kinds(count: int) -> dict[str, Any]:
        return block(write("\n".join(["id,y", *(f"n{row % count},{'uv'[row // count]}" for row in range(2 * count))])))

    assert load(with_kinds(1000)).schema.inputs[0].shape == [1000]
    assert refuse(with_kinds(1001)).message == (
        "column 'id' is text with 1001 different values in 2002 rows, so it names rows rather than kinds"
    )


def test_an_identifier_that_is_left_out_does_no_harm(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("\n".join(["id,a,y", *(f"n{row},{row},{'uv'[row % 2]}" for row in range(30))]))
    assert load(block(path, inputs=["a"])).schema.inputs[0].shape == [1]


def test_other_rows_are_matched_by_the_names_of_columns(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(write(FLOWERS)))
    [schema] = dataset.schema.inputs
    other = write("more,width,colour,length\n9,2,red,1.5\n9,8,green,4.5\n", "other.csv")
    tensor, notes = encode_input(schema, read(other, dataset.schema))
    assert (tensor.dtype, notes) == (np.float64, [])
    assert tensor.tolist() == [[1.5, 0, 0, 1, 2], [4.5, 0, 1, 0, 8]]


def test_an_unseen_category_in_other_rows_is_all_zeros_with_a_note(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(write(FLOWERS)))
    other = write("length,colour,width\n1,pink,1\n2,Red,2\n3,blue,3\n", "other.csv")
    tensor, notes = encode_input(dataset.schema.inputs[0], read(other, dataset.schema))
    assert tensor[:, 1:4].tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert [(each.kind, each.name, each.count, each.first) for each in notes] == [("unknown_name", "colour", 2, "pink")]


def test_names_that_look_like_numbers_are_the_same_names_in_other_rows(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    inputs = {"code": {"columns": ["a"], "kind": "category"}}
    dataset = load(block(write("a,y\n1,u\n2,v\n,u\n2,v\n"), inputs=inputs, missing="most_frequent"))
    other = write("a\n2\n1\n\n2\n", "other.csv")
    tensor, notes = encode_input(dataset.schema.inputs[0], read(other, dataset.schema))
    assert (tensor.tolist(), notes) == ([[0, 1], [1, 0], [0, 1]], [])


RENAME = "rename 'lenght' to 'length'"


@pytest.mark.parametrize(
    ("header", "message", "hint"),
    [
        ("lenght,colour,width", "the data lacks the column 'length'; it has: lenght, colour, width", RENAME),
        ("a,b,width", "the data lacks the columns 'length', 'colour'; it has: a, b, width", None),
        ("a,b,c", "the data lacks the columns 'length', 'colour', 'width'; it has: a, b, c", None),
    ],
)  # fmt: skip
def test_other_rows_without_a_column_are_refused(
    header: str, message: str, hint: str | None, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(write(FLOWERS)))
    other = write(header + "\n1,red,2\n", "other.csv")
    with pytest.raises(DataError) as caught:
        encode_input(dataset.schema.inputs[0], read(other, dataset.schema))
    assert (caught.value.message, caught.value.file, caught.value.hint) == (message, str(other), hint)


def test_text_where_training_had_numbers_is_refused_in_other_rows(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(write(FLOWERS)))
    other = write("length,colour,width\n,red,2\nlong,red,2\n", "other.csv")
    with pytest.raises(DataError) as caught:
        encode_input(dataset.schema.inputs[0], read(other, dataset.schema))
    error = caught.value
    assert error.message == "column 'length' held numbers in training, but row 2 is 'long'"
    assert (error.file, error.line) == (str(other), 3)


def test_an_empty_cell_in_other_rows_is_filled_as_in_training_or_refused(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    other = write("length,colour,width\n1,red,2\n,,3\n", "other.csv")
    dataset = load(block(write(FLOWERS), missing="mean"))
    tensor, notes = encode_input(dataset.schema.inputs[0], read(other, dataset.schema))
    assert (tensor.tolist(), notes) == ([[1, 0, 0, 1, 2], [3, 0, 0, 1, 3]], [])
    strict = load(block(write(FLOWERS)))
    with pytest.raises(DataError) as caught:
        encode_input(strict.schema.inputs[0], read(other, strict.schema))
    assert caught.value.message == "empty cells: 'length' 1; the first in row 2"
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((2, 3)), "'x' has the shape (3,) a sample, expected (4,)"),
        (np.ones((2, 4, 1)), "'x' has the shape (4, 1) a sample, expected (4,)"),
        (np.full((2, 4), "a", dtype=object), "'x' holds text; expected numbers"),
        (np.ones((2, 4), dtype="complex64"), "'x' holds the type complex64; expected numbers"),
    ],
)
def test_an_array_of_another_form_than_in_training_is_refused(
    array: Any, message: str, tmp_path: Path, load: Callable[..., Dataset]
) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, x=np.ones((6, 4)), y=np.array([0, 1] * 3))
    dataset = load({"source": {"npz": str(path)}, "split": UNSPLIT})
    with pytest.raises(DataError) as caught:
        encode_input(dataset.schema.inputs[0], replace(dataset.fields, arrays={"x": array}))
    assert (caught.value.message, caught.value.file) == (message, str(path))


def test_the_schema_reads_back_as_the_same_and_encodes_the_same(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write(FLOWERS)
    dataset = load(block(path, missing="median"), labels="classes")
    again = Schema.model_validate_json(dataset.schema.model_dump_json())
    assert again == dataset.schema
    fields = read(path, again)
    tensor, _ = encode_input(again.inputs[0], fields)
    np.testing.assert_array_equal(tensor, dataset.splits["train"].inputs["features"])
    np.testing.assert_array_equal(encode_target(again.targets[0], fields), dataset.splits["train"].target)


def test_preparations_are_layers_of_keras(mistakes: Callable[..., Any], load: Callable[..., Dataset]) -> None:
    inputs = {"size": {"columns": ["petal_length"], "prepare": ["Normalization"]}}
    assert load({"source": "iris", "inputs": inputs, "prepare": [{"Rescaling": {"scale": 0.5}}]}).splits["train"]
    assert mistakes({"source": "iris", "prepare": ["Normalisation"]}) == [
        ("unknown layer 'Normalisation'", "did you mean 'Normalization'?")
    ]
    assert mistakes({"source": "iris", "inputs": {"a": {"columns": "b", "prepare": ["Rescalng"]}}})[-1] == (
        *("unknown layer 'Rescalng'", "did you mean 'Rescaling'?"),
    )


def test_a_column_that_is_numbers_in_one_input_and_names_in_another_is_both_in_other_rows_too(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    inputs = {"size": {"columns": ["a"]}, "code": {"columns": ["a"], "kind": "category"}}
    dataset = load(block(write("a,y\n1,u\n2,v\n10,u\n2,v\n"), inputs=inputs))
    other = read(write("a\n10\n2\n", "other.csv"), dataset.schema)
    size, code = (encode_input(schema, other) for schema in dataset.schema.inputs)
    assert size[0].tolist() == [[10], [2]]
    assert code[0].tolist() == [[0, 1, 0], [0, 0, 1]]
    assert (size[1], code[1]) == ([], [])


@pytest.mark.parametrize(
    ("cell", "row"), [("007", 2), ("1_000", 2), ("１", 2), ("1 0", 2), ("0x1", 2), ("1.5", None), ("-2", None)]
)
def test_text_where_training_had_numbers_is_refused_unless_it_is_a_number(
    cell: str, row: int | None, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(write(FLOWERS), inputs=["width"]))
    fields = Csv(path=str(write(f"width\n3\n{cell}\n", "other.csv"))).read(Reading(frozenset({"width"})))
    [schema] = dataset.schema.inputs
    if row is None:
        assert encode_input(schema, fields)[0].tolist() == [[3], [float(cell)]]
        return
    with pytest.raises(DataError) as caught:
        encode_input(schema, fields)
    assert caught.value.message == f"column 'width' held numbers in training, but row {row} is '{cell}'"


@pytest.mark.parametrize(("names", "fits"), [(1000, True), (1001, False)])
def test_a_column_has_up_to_a_thousand_names(names: int, fits: bool, tmp_path: Path) -> None:
    from dlcli.config.language import Language
    from dlcli.data import Data
    from dlcli.errors import DataError

    rows = "".join(f"n{row % names},{row % 2}\n" for row in range(3 * names))
    (tmp_path / "t.csv").write_text("x,y\n" + rows, encoding="utf-8")
    block = {"source": str(tmp_path / "t.csv"), "target": "y", "split": {"validation": 0, "test": 0}}
    data = Data.model_validate(block, context=Language())
    if fits:
        assert data.load(seed=0).schema.inputs[0].shape == [names]
    else:
        with pytest.raises(DataError, match="1001"):
            data.load(seed=0)
