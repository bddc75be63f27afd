"""Text tables as they are found: without a header, with comments, with blanks between the cells, with an index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.data.fields.fields import Fields
from dlcli.data.sources.source import Reading
from dlcli.data.sources.tables.csv import Csv
from dlcli.errors import DataError

BOTH = pytest.mark.parametrize("stream", [False, True])


def read(path: Path, *, stream: bool = False, columns: set[str] | None = None, **form: Any) -> Fields:
    asked = None if columns is None else frozenset(columns)
    return Csv.model_validate({"path": str(path), **form}).read(Reading(stream=stream, columns=asked))


def held(fields: Fields) -> dict[str, list[Any]]:
    return {name: array[:].tolist() for name, array in fields.arrays.items()}


def lines(fields: Fields) -> list[int | None]:
    return [fields.where(row)[1] for row in range(fields.samples)]


IRIS = "5.1,3.5,Iris-setosa\n4.9,3.0,Iris-virginica\n"


@BOTH
def test_a_file_without_a_header_keeps_its_first_row(stream: bool, write: Callable[..., Path]) -> None:
    fields = read(write(IRIS), stream=stream, header=False)
    assert held(fields) == {
        "column_1": [5.1, 4.9],
        "column_2": [3.5, 3.0],
        "column_3": ["Iris-setosa", "Iris-virginica"],
    }
    assert lines(fields) == [1, 2]


@BOTH
def test_names_are_those_of_the_columns_in_place_of_a_header_or_without_one(
    stream: bool, write: Callable[..., Path]
) -> None:
    names = ["length", "width", "kind"]
    fields = read(write(IRIS), stream=stream, header=False, names=names)
    assert held(fields) == {"length": [5.1, 4.9], "width": [3.5, 3.0], "kind": ["Iris-setosa", "Iris-virginica"]}
    fields = read(write("a,b,c\n" + IRIS), stream=stream, names=names)
    assert held(fields)["length"] == [5.1, 4.9]
    assert lines(fields) == [2, 3]


def test_names_that_are_not_as_many_as_the_columns_are_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="there are 2 names, and 3 columns"):
        read(write(IRIS), header=False, names=["a", "b"])


FOUND = """Prepared by the station
unit: m/s
# since 1990
a,b
1,v
# pause
3,w

5,"x
# not a comment"
Total,9
checked by hand
"""


@BOTH
def test_lines_above_below_and_between_the_rows_are_none(
    stream: bool, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcli.data.sources.tables.text_blocks.BLOCK_BYTES", 16)
    fields = read(write(FOUND), stream=stream, skip=2, comment="#", footer=2)
    assert held(fields) == {"a": [1, 3, 5], "b": ["v", "w", "x\n# not a comment"]}
    assert lines(fields) == [5, 7, 9]


def test_a_fault_below_skipped_lines_has_its_own_line(write: Callable[..., Path]) -> None:
    with pytest.raises(DataError) as caught:
        read(write("one\ntwo\na,b\n1,2\n\n3\n"), skip=2)
    assert (caught.value.message, caught.value.line) == ("row 2 has 1 cell, the header has 2", 6)
    with pytest.raises(DataError, match="there are 9 lines to skip, and the file has 4"):
        read(write("one\ntwo\na,b\n1,2"), skip=9)


AUTO = """mpg   weight\t name
  18.0   3504  "ford torino"
15.0\t3693 "a ""b"" c"

 16  3436   amc
"""


@BOTH
def test_blanks_and_tabs_separate_cells(stream: bool, write: Callable[..., Path]) -> None:
    fields = read(write(AUTO), stream=stream, separator="whitespace")
    assert held(fields) == {
        "mpg": [18, 15, 16],
        "weight": [3504, 3693, 3436],
        "name": ["ford torino", 'a "b" c', "amc"],
    }
    assert lines(fields) == [2, 3, 5]


@pytest.mark.parametrize(
    ("written", "form", "values"),
    [
        ('"1,237"\n983\n"-12,345,678.5"\n', {"thousands": ","}, [1237, 983, -12345678.5]),
        ('"1,237"\n983\n', {"thousands": ","}, [1237, 983]),
        ('"1.237,5"\n983\n', {"thousands": ".", "decimal": ","}, [1237.5, 983]),
        ("1 237\n983\n", {"thousands": " "}, [1237, 983]),
        ("1'237\n983\n", {"thousands": "'"}, [1237, 983]),
    ],
)
@BOTH
def test_what_separates_thousands_is_no_part_of_the_number(
    stream: bool, written: str, form: dict[str, str], values: list[float], write: Callable[..., Path]
) -> None:
    rows = "".join(f"{cell},u\n" for cell in written.splitlines())
    fields = read(write("a,y\n" + rows), stream=stream, **form)
    assert held(fields)["a"] == values


@pytest.mark.parametrize("cell", ['"12,37"', '"1,2345"', '",123"', '"1,,234"'])
def test_a_mark_that_stands_elsewhere_separates_no_thousands(cell: str, write: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="holds numbers, but row 1 is"):
        read(write(f"a,y\n{cell},u\n1,v\n2,u\n"), thousands=",")


THOUSANDS = 'if the comma separates thousands, write csv: {…, thousands: ","}'
DECIMAL = 'if it is a decimal comma, write csv: {…, decimal: ","}'


@pytest.mark.parametrize(
    ("rows", "separator", "hint"),
    [
        (['"1,237"', "983"], ",", THOUSANDS),
        (['"1,237,000"', "983", "1,237"], ";", THOUSANDS),
        (['"1,23"', "983"], ",", DECIMAL),
        (["1,5", "2,25"], ";", DECIMAL),
        (["1,237", "983"], ";", DECIMAL + '; if it separates thousands, thousands: ","'),
    ],
)
def test_the_hint_for_a_comma_makes_no_number_another(
    rows: list[str], separator: str, hint: str, write: Callable[..., Path]
) -> None:
    text = "\n".join(f"{cell}{separator}u" for cell in rows)
    with pytest.raises(DataError) as caught:
        read(write(f"a{separator}y\n{text}\n"), separator=separator)
    assert caught.value.hint == hint


@BOTH
def test_the_index_that_pandas_and_r_write_is_left_out_and_said(stream: bool, write: Callable[..., Path]) -> None:
    note = "the first column has no name: it is taken for an index and left out"
    for text in (",a,y\n0,1.5,u\n1,2.5,v\n", '"","a","y"\n"one",1.5,"u"\n"two",2.5,"v"\n'):
        fields = read(write(text), stream=stream)
        assert (held(fields), fields.notes) == ({"a": [1.5, 2.5], "y": ["u", "v"]}, (note,))


@BOTH
def test_a_header_that_ends_in_a_separator_has_an_empty_column_behind_it(
    stream: bool, write: Callable[..., Path]
) -> None:
    fields = read(write("a,y,\n1,u,\n2,v,\n"), stream=stream)
    note = "the header ends in a separator: the empty column behind it is left out"
    assert (held(fields), fields.notes) == ({"a": [1, 2], "y": ["u", "v"]}, (note,))
    with pytest.raises(DataError, match="column 3 has no name"):
        read(write("a,y,\n1,u,\n2,v,7\n"), stream=stream)
    assert held(read(write("a,y,\n1,u,\n2,v,7\n"), stream=stream, columns={"a"})) == {"a": [1, 2]}


@BOTH
@pytest.mark.parametrize("behind", [2, 3])
def test_a_header_that_ends_in_separators_has_empty_columns_behind_it(
    behind: int, stream: bool, write: Callable[..., Path]
) -> None:
    empty = "," * behind
    fields = read(write(f"a,y{empty}\n1,u{empty}\n2,v{empty}\n"), stream=stream)
    note = "the header ends in separators: the empty columns behind it are left out"
    assert (held(fields), fields.notes) == ({"a": [1, 2], "y": ["u", "v"]}, (note,))
    for place in range(behind):
        cells = ["2", "v", *[""] * behind]
        cells[2 + place] = "7"
        with pytest.raises(DataError, match=f"column {3 + place} has no name"):
            read(write(f"a,y{empty}\n1,u{empty}\n{','.join(cells)}\n"), stream=stream)


R_TABLES = ['"a" "y"\n"one" 1.5 "u"\n"two" 2.5 "v"\n', "a y\n1 1.5 u\n2 2.5 v\n"]


@BOTH
@pytest.mark.parametrize("text", R_TABLES)
def test_row_names_that_r_writes_without_a_name_are_an_index(
    text: str, stream: bool, write: Callable[..., Path]
) -> None:
    note = "the first column has no name: it is taken for an index and left out"
    ways = [("whitespace", text), *([(",", text.replace(" ", ","))] if text.startswith('"') else [])]
    for separator, written in ways:
        fields = read(write(written), stream=stream, separator=separator)
        assert (held(fields), fields.notes) == ({"a": [1.5, 2.5], "y": ["u", "v"]}, (note,))
        assert lines(fields) == [2, 3]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a,y\n1,u,\n2,v,\n", "the row ends in a separator too many: leave it out"),
        ("a,y\n1,u,x\n2,v\n", "a cell that holds the separator needs quotes around it"),
    ],
)
def test_a_cell_too_many_is_no_index_where_rows_differ_or_end_in_it(
    text: str, hint: str, write: Callable[..., Path]
) -> None:
    with pytest.raises(DataError, match="row 1 has 3 cells, the header has 2") as caught:
        read(write(text))
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("cells", "hint"),
    [
        (["8.07", "9.5"], "this one has a decimal point: leave decimal out, or write all cells with a comma"),
        (["x", "9,5"], 'correct the cell, or write csv: {…, empty: ["x"]} if it means an empty cell'),
    ],
)
def test_a_decimal_point_where_commas_are_told_is_no_empty_cell(
    cells: list[str], hint: str, write: Callable[..., Path]
) -> None:
    text = "a;y\n" + "".join(f"{cell};u\n" for cell in [*cells, *["1,5"] * 20])
    with pytest.raises(DataError) as caught:
        read(write(text), separator=";", decimal=",")
    assert caught.value.hint == hint


def test_a_column_that_is_the_index_is_no_input(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("id,a,y\n" + "".join(f"k{row},{row / 2},{'uv'[row % 2]}\n" for row in range(40)))
    block = {"source": {"csv": {"path": str(path), "index": "id"}}, "target": "y"}
    [schema] = load(block).schema.inputs
    assert [column.name for column in schema.columns or []] == ["a"]


@pytest.mark.parametrize(
    ("index", "kind", "hint"),
    [
        ("idd", "no_such_column", "did you mean 'id'?"),
        ("나무", "no_such_column", "leave csv.index out"),
        ("y", "column_named_twice", "leave csv.index out"),
        ("id", None, None),
    ],
)
@pytest.mark.parametrize("named", [{}, {"inputs": ["a"]}])
def test_an_index_is_a_column_and_no_target(
    index: str, kind: str | None, hint: str | None, named: Any, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write("id,a,y\n" + "".join(f"k{row},{row / 2},{'uv'[row % 2]}\n" for row in range(40)))
    block = {"source": {"csv": {"path": str(path), "index": index}}, "target": "y", **named}
    if kind is None:
        assert load(block).splits["train"].inputs["features"].shape == (28, 1)
        return
    with pytest.raises(DataError) as caught:
        load(block)
    assert (caught.value.kind, caught.value.hint, caught.value.file) == (kind, hint, str(path))


def test_other_data_needs_no_index(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path, other = write("id,a,y\n1,2,u\n2,3,v\n3,4,u\n"), write("a\n5\n6\n", "other.csv")
    block = {
        "source": {"csv": {"path": str(path), "index": "id"}},
        "target": "y",
        "split": {"validation": 0, "test": 0},
    }
    source = Csv(path=str(path), index="id").elsewhere(Csv, {"path": str(other)}, load(block).schema)
    assert source.read(Reading(columns=frozenset({"a"}))).arrays["a"][:].tolist() == [5, 6]


UNASKED = [
    "a,b,b,y\n1,2,3,u\n2,3,4,v\n",
    "a,,,y\n1,2,3,u\n2,3,4,v\n",
    'a,b,c,y\n1,2,3,u\n2,"1,000",4,v\n3,4,5,u\n',
    "a,b,c,y\n1,2,3,u\n2,x,4,v\n3,4,5,u\n",
]


@pytest.mark.parametrize("text", UNASKED)
@BOTH
def test_columns_that_nobody_asks_for_are_not_looked_at(stream: bool, text: str, write: Callable[..., Path]) -> None:
    path = write(text)
    with pytest.raises(DataError):
        read(path, stream=stream)
    fields = read(path, stream=stream, columns={"a", "y"})
    rows = text.count("\n") - 1
    assert held(fields) == {"a": list(range(1, rows + 1)), "y": ["u", "v", "u"][:rows]}


def test_a_duplicate_or_damaged_column_that_is_asked_for_is_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="the column 'b' stands 2 times in the header"):
        read(write(UNASKED[0]), columns={"a", "b"})
    with pytest.raises(DataError, match="column 'b' holds numbers, but row 2 is 'x'"):
        read(write(UNASKED[3]), columns={"a", "b"})


@BOTH
def test_many_blocks_are_read_as_python_reads_them(
    stream: bool, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns of all kinds, of which some turn out what they are in the last block."""
    monkeypatch.setattr("dlcli.data.sources.tables.text_blocks.BLOCK_BYTES", 512)
    generator = np.random.default_rng(0)
    rows = 400
    cells: dict[str, tuple[list[str], type]] = {
        "number": ([repr(float(value)) for value in generator.normal(size=rows)], float),
        "small": ([repr(float(value)) for value in generator.normal(size=rows) * 1e-7], float),
        "whole": ([str(value) for value in generator.integers(-9, 10, rows)], int),
        "late": ([*map(str, range(rows - 1)), "0.5"], float),
        "gap": ([*map(str, range(rows - 1)), "nan"], float),
        "names": ([f"n{row % 7}" for row in range(rows)], str),
        "code": ([*map(str, range(rows - 1)), "007"], str),
        "word": ([f"{row:03d}" for row in range(rows)], str),
        "hexadecimal": ([*map(str, range(rows - 1)), "0x1f"], str),
        "plus": ([f"+{row}" for row in range(rows)], int),
    }
    # A hexadecimal cell among numbers alone would be a damaged one.
    hexadecimal = cells["hexadecimal"][0]
    cells["hexadecimal"] = ([f"x{row}" if row % 3 else cell for row, cell in enumerate(hexadecimal)], str)
    body = "\n".join(",".join(row) for row in zip(*(column for column, _ in cells.values()), strict=True))
    fields = read(write(",".join(cells) + "\n" + body), stream=stream)
    assert list(fields.arrays) == list(cells)
    for name, (written, kind) in cells.items():
        array = fields.arrays[name][:]
        assert array.dtype == {float: np.float64, int: np.int64, str: object}[kind], name
        np.testing.assert_array_equal(array, np.array([kind(cell) for cell in written], array.dtype), err_msg=name)


@pytest.mark.parametrize(
    ("written", "values", "note"),
    [
        (["12%", "7.5 %", "-3%"], [0.12, 0.075, -0.03], "percent: 12% is read as 0.12"),
        (["$5.50", "$-3", "-$2"], [5.5, -3, -2], "currency signs"),
        (['"$1,234,567"', '"$1,234.50"', "$7"], [1234567, 1234.5, 7], "currency signs"),
        (["5 €", "6.5 €", "7€"], [5, 6.5, 7], "currency signs"),
        (["₩1000", "₩2000", "₩3000"], [1000, 2000, 3000], "currency signs"),
        (["−5", "3", "−2.5"], [-5, 3, -2.5], "currency signs"),
        (['"1,234,567"', "5", '"7,654,321"'], [1234567, 5, 7654321], "separated thousands"),
    ],
)
@BOTH
def test_numbers_in_another_dress_are_numbers_and_it_is_said(
    stream: bool, written: list[str], values: list[float], note: str, write: Callable[..., Path]
) -> None:
    path = write("a,y\n" + "".join(f"{cell},u\n" for cell in [*written, ""]))
    fields = read(path, stream=stream)
    np.testing.assert_allclose(fields.arrays["a"][:], [*values, np.nan], rtol=1e-15)
    assert note in fields.notes[0]


@pytest.mark.parametrize("written", [["12%", "x", "y"], ["$5", "€6", "$7"], ["5%a", "6%b", "7%c"], ["a$", "b$", "c$"]])
def test_what_is_no_number_in_any_dress_stays_text(written: list[str], write: Callable[..., Path]) -> None:
    fields = read(write("a,y\n" + "".join(f"{cell},u\n" for cell in written)))
    assert (held(fields)["a"], fields.notes) == (written, ())


def test_columns_with_a_gap_or_an_infinite_number_are_not_complete(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcli.data.sources.tables.text_blocks.BLOCK_BYTES", 64)
    rows = [f"{row},{row / 4},n{row},{row},{row},{row}.5,k{row}" for row in range(40)]
    path = write("\n".join(["a,b,c,gap,nan,large,hole", *rows, "1,2,x,,nan,1e39,"]))
    assert read(path, stream=True).complete == read(path).complete == {"a", "b", "c"}


def test_a_target_is_kept_in_memory_where_the_rest_is_streamed(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write("a,y\n" + "".join(f"{row},{'uv'[row % 2]}\n" for row in range(40)))
    dataset = load({"source": str(path), "target": "y", "stream": True})
    assert isinstance(dataset.fields.arrays["y"], np.ndarray)
    assert not isinstance(dataset.fields.arrays["a"], np.ndarray)
    whole = load({"source": str(path), "target": "y"})
    for name, part in whole.splits.items():
        assert dataset.splits[name].targets["y"][:].tolist() == part.targets["y"][:].tolist()
        assert dataset.splits[name].inputs["features"][:].tolist() == part.inputs["features"][:].tolist()
