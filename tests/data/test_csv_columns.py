from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.data.sources.source import Reading
from dlcli.data.sources.tables.csv import Csv
from dlcli.errors import DataError

UNSPLIT = {"validation": 0.0, "test": 0.0}
SEPARATED_BY_SEMICOLON = {"separator": ";"}


def block(path: Path, **arguments: Any) -> dict[str, Any]:
    return {"source": {"csv": {"path": str(path), **arguments}}, "target": "y", "split": UNSPLIT}


def column(values: list[str], *, separator: str = ",") -> str:
    """A table with a column `a` of these cells beside a target of two classes."""
    rows = [f"{value}{separator}{'uv'[number % 2]}" for number, value in enumerate(values)]
    return "\n".join([f"a{separator}y", *rows]) + "\n"


def correct(value: str) -> str:
    return f'correct the cell, or write csv: {{…, empty: ["{value}"]}} if it means an empty cell'


@pytest.mark.parametrize(
    ("written", "values", "dtype"),
    [
        (["1", "-2", "+3", "0", " 4 "], [1, -2, 3, 0, 4], np.int64),
        (["999999999999999999", "-1"], [999999999999999999, -1], np.int64),
        (["9999999999999999999", "-1"], [1e19, -1], np.float64),
        (["1", "2.5"], [1, 2.5], np.float64),
        (["1.", ".5", "-.5", "+1e3", "2E-2"], [1, 0.5, -0.5, 1000, 0.02], np.float64),
        (["0.5", "00.5"], [0.5, 0.5], np.float64),
        (["0", "-0.0"], [0, 0], np.float64),
    ],
)
def test_a_column_of_numbers_is_read_as_numbers(
    written: list[str], values: list[float], dtype: type, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    array = load(block(write(column(written)))).fields.arrays["a"]
    assert (array.dtype, array.tolist()) == (dtype, values)


@pytest.mark.parametrize(
    "written",
    [
        ["red", "blue", "red"],
        ["01234", "5678", "9"],
        ["007", "007", "42"],
        ["-05", "3", "4"],
        ["1", "a", "b"],
        ["1", "a"],
        ["2024-01-31", "2024-02-29", "2024-03-31"],
        ["12:30", "13:30", "14:30"],
        ["true", "false", "true"],
        ["0x10", "0x11", "0x12"],
        ["1_000", "2_000", "3_000"],
        ["１", "２", "３"],
        [" red", "blue ", "red"],
        ["꽃", "잎", "꽃"],
    ],
)
def test_a_column_of_names_stays_as_it_is_written(
    written: list[str], write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(write(column(written))))
    assert (dataset.fields.arrays["a"].dtype, dataset.fields.arrays["a"].tolist()) == (object, written)
    [described] = dataset.schema.inputs[0].columns or []
    assert (described.kind, described.categories) == ("category", sorted(set(written)))


@pytest.mark.parametrize("word", ["NA", "N/A", "None", "null", "NULL", "NaN", "nan", "-", "?", "none"])
def test_a_name_that_others_take_for_an_empty_cell_stays_a_name(
    word: str, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write(f"a,y\nSE,{word}\n{word},SE\nNO,{word}\nSE,SE\n")
    dataset = load(block(path))
    assert dataset.classes == sorted([word, "SE"])
    assert dataset.fields.arrays["a"].tolist() == ["SE", word, "NO", "SE"]
    [described] = dataset.schema.inputs[0].columns or []
    assert described.categories == sorted(["SE", word, "NO"])


def test_only_an_empty_field_is_empty_and_quotes_change_nothing(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    fields = Csv(path=str(write('a,b,y\n1,,u\n2,"",v\n3, ,u\n'))).read(Reading())
    assert fields.arrays["b"].tolist() == [None, None, " "]


def test_words_that_mean_an_empty_cell_are_named(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("a,b,y\n1,NA,u\n?,red,v\n3,?,u\n4,blue,v\n")
    fields = Csv(path=str(path), empty=["NA", "?"]).read(Reading())
    np.testing.assert_array_equal(fields.arrays["a"], [1, np.nan, 3, 4])
    assert fields.arrays["b"].tolist() == [None, "red", None, "blue"]


def test_whole_numbers_with_an_empty_cell_become_numbers_with_nan(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    array = Csv(path=str(write(column(["1", "", "3"])))).read(Reading()).arrays["a"]
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, [1, np.nan, 3])


def test_a_column_without_any_cell_is_numbers_that_are_all_empty(write: Callable[..., Path]) -> None:
    array = Csv(path=str(write(column(["", "", ""])))).read(Reading()).arrays["a"]
    assert array.dtype == np.float64
    assert np.isnan(array).tolist() == [True, True, True]


@pytest.mark.parametrize(
    ("written", "message", "line"),
    [
        (["1", "x", "3"], "row 2 is 'x'", 3),
        (["1", "2", "x", "y"], "row 3 is 'x' (and 1 more cell like it)", 4),
        (["x", "1", "2", "y", "4", "z"], "row 1 is 'x' (and 2 more cells like it)", 2),
        (["1.5", "NA", "2.5"], "row 2 is 'NA'", 3),
        (["1", "2", "  "], "row 3 is '  '", 4),
    ],
)
def test_text_in_a_column_of_numbers_is_refused_with_its_first_row(
    written: list[str], message: str, line: int, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write(column(written))
    value = message.split("'")[1]
    assert refuse(block(path)) == (
        *(DataError, 4, f"column 'a' holds numbers, but {message}", str(path), line, correct(value)),
    )


def test_the_word_of_an_empty_cell_can_be_written_as_the_hint_says(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write(column(["1", "NA", "3", "4"]))
    dataset = load({**block(path, empty=["NA"]), "missing": "drop"})
    assert dataset.splits["train"].rows.tolist() == [0, 2, 3]


def test_fewer_numbers_than_names_are_names(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    assert load(block(write(column(["1", "2", "x", "y", "z"])))).fields.arrays["a"].dtype == object


def test_a_column_that_is_said_to_hold_names_may_look_like_numbers(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write(column(["10", "9", "9A", "10"]))
    inputs = {"house": {"columns": ["a"], "kind": "category"}}
    dataset = load({**block(path), "inputs": inputs})
    [described] = dataset.schema.inputs[0].columns or []
    assert described.categories == ["10", "9", "9A"]
    assert dataset.splits["train"].inputs["house"].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_columns_named_as_text_are_read_as_text(write: Callable[..., Path]) -> None:
    path = write("a,b,y\n1,1,u\n2,2,v\n")
    arrays = Csv(path=str(path)).read(Reading(frozenset({"b"}))).arrays
    assert (arrays["a"].tolist(), arrays["b"].tolist()) == ([1, 2], ["1", "2"])


@pytest.mark.parametrize(
    ("written", "message", "line"),
    [
        (["1,5", "2,5"], "row 1 is '1,5' (and 1 more cell like it)", 2),
        (["1", "2,5", "3"], "row 2 is '2,5'", 3),
        (["1.5", "2.5", "3,5"], "row 3 is '3,5'", 4),
    ],
)
def test_a_decimal_comma_is_refused_with_the_key_to_set(
    written: list[str], message: str, line: int, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write(column(written, separator=";"))
    assert refuse(block(path, **SEPARATED_BY_SEMICOLON)) == (
        *(DataError, 4, f"column 'a' holds numbers, but {message}", str(path), line),
        'if it is a decimal comma, write csv: {…, decimal: ","}',
    )


def test_a_decimal_comma_is_read_where_it_is_named(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write(column(["1,5", "-2,25", "3", "1e3"], separator=";"))
    dataset = load(block(path, separator=";", decimal=","))
    assert dataset.fields.arrays["a"].tolist() == [1.5, -2.25, 3, 1000]


def test_quoted_decimal_commas_may_stand_between_commas(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write('a,y\n"1,5",u\n"2,5",v\n')
    assert load(block(path, decimal=",")).fields.arrays["a"].tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        (["1,5", "1.234", "2"], "this one has a decimal point: leave decimal out, or write all cells with a comma"),
        (["1,5", "1.234,5", "2"], correct("1.234,5")),
    ],
)
def test_a_point_beside_decimal_commas_is_no_second_decimal_mark(
    written: list[str], hint: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write(column(written, separator=";"))
    assert refuse(block(path, separator=";", decimal=",")) == (
        *(DataError, 4, f"column 'a' holds numbers, but row 2 is '{written[1]}'", str(path), 3, hint),
    )


@pytest.mark.parametrize("word", ["nan", "NaN", "-nan"])
def test_nan_among_numbers_counts_as_an_empty_cell(
    word: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write(column(["1", word, "3"]))
    refusal = refuse(block(path))
    assert refusal[2:5] == ("empty cells: 'a' 1; the first in row 2", str(path), 3)


INFINITE = ("is infinite", "correct the data: no model takes an infinite number")
LARGE = ("is larger than 3.4e+38", "write it in larger units: models reckon in 32 bits, and these hold no more")


@pytest.mark.parametrize(
    ("word", "what", "hint"),
    [*((word, *INFINITE) for word in ("inf", "-Infinity", "1e999")), *((word, *LARGE) for word in ("1e39", "-3.5e38"))],
)
def test_a_number_that_is_infinite_in_32_bits_is_refused_with_count_and_row(
    word: str, what: str, hint: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write(column(["1", "2", word, "4"]))
    assert refuse(block(path)) == (DataError, 4, f"'a' {what} in 1 row, first in row 3", str(path), 4, hint)
    path = write(column([word, "2", word, "4"]))
    assert refuse(block(path)) == (DataError, 4, f"'a' {what} in 2 rows, first in row 1", str(path), 2, hint)


def test_the_largest_number_of_32_bits_is_a_number(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write(column(["3.4028234e38", "-3.4028234e38", "1e-300"]))
    tensor = load(block(path)).splits["train"].inputs["features"]
    assert tensor[:, 0].tolist() == [3.4028234e38, -3.4028234e38, 1e-300]


def test_a_long_value_is_shown_as_it_is_written_with_quotes_escaped(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write('a,y\n1,u\n2,v\n5" pipe,u\n')
    refusal = refuse(block(path))
    assert refusal.message == "column 'a' holds numbers, but row 3 is '5\" pipe'"
    assert refusal.hint == 'correct the cell, or write csv: {…, empty: ["5\\" pipe"]} if it means an empty cell'
