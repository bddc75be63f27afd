from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.data import Dataset
from dlcli.data.sources.tables.csv_text import QuoteError
from dlcli.errors import DataError

UNSPLIT = {"validation": 0.0, "test": 0.0}
LONG = "a cell that holds the separator needs quotes around it"
ENDS = "the row ends in a separator too many: leave it out"
SHORT = "an empty cell still needs its separator"


def block(path: Path, *, target: str = "y", **arguments: Any) -> dict[str, Any]:
    return {"source": {"csv": {"path": str(path), **arguments}}, "target": target, "split": UNSPLIT}


def cells(dataset: Dataset) -> dict[str, list[Any]]:
    return {name: array.tolist() for name, array in dataset.fields.arrays.items()}


@pytest.mark.parametrize(
    ("row", "found", "hint"),
    [
        ("3,4,u,5", "4 cells", LONG),
        ("3,4,u,", "4 cells", ENDS),
        ("3,4", "2 cells", SHORT),
        ("3", "1 cell", SHORT),
        (" ", "1 cell", SHORT),
    ],
)
@pytest.mark.parametrize("before", [0, 3])
def test_a_row_of_another_length_is_found_with_its_line(
    row: str, found: str, hint: str, before: int, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write("a,b,y\n" + "1,2,v\n" * before + row + "\n1,2,u\n")
    message = f"row {before + 1} has {found}, the header has 3"
    assert refuse(block(path)) == (DataError, 4, message, str(path), before + 2, hint)


def test_every_row_one_cell_too_many_is_refused_and_shifts_nothing(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write("a,b,y\n1,2,u,9\n3,4,v,9\n")
    assert refuse(block(path)) == (DataError, 4, "row 1 has 4 cells, the header has 3", str(path), 2, LONG)


def test_the_first_of_two_rows_of_another_length_is_named(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write("a,y\n1,u\n2\n3,u,v\n")
    assert refuse(block(path))[2:5] == ("row 2 has 1 cell, the header has 2", str(path), 3)


def test_a_row_of_another_length_far_down_is_found(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    rows = [f"{row},u" for row in range(150_000)]
    rows[140_000] = "1,u,v"
    path = write("a,y\n" + "\n".join(rows))
    assert path.stat().st_size > 1 << 20
    assert refuse(block(path))[2:5] == ("row 140001 has 3 cells, the header has 2", str(path), 140_002)


@pytest.mark.parametrize(
    ("header", "message", "hint"),
    [
        ("a,b,a,y", "the column 'a' stands 2 times in the header", "give each column a name of its own"),
        ("a,a,a,y", "the column 'a' stands 3 times in the header", "give each column a name of its own"),
        ("a, a,b,y", "the column 'a' stands 2 times in the header", "give each column a name of its own"),
        ("가,\u1100\u1161,b,y", "the column '가' stands 2 times in the header", "give each column a name of its own"),
        ("a,b,  ,y", "column 3 has no name", "give each column a name"),
        ("a,,,y", "column 2 has no name", "give each column a name"),
        ("a,b,y,", "column 4 has no name", "give each column a name"),
        ('a,"b,c,y', "the header is no row of names: unexpected end of data", None),
        ("", "the first line is blank; expected the names of the columns", None),
    ],
)
def test_a_doubtful_header_is_refused(
    header: str, message: str, hint: str | None, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write(header + "\n1,2,3,u\n4,5,6,v\n")
    assert refuse(block(path)) == (DataError, 4, message, str(path), 1, hint)


def test_names_that_differ_only_in_case_are_two(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    assert list(cells(load(block(write("a,A,y\n1,2,u\n3,4,v\n"))))) == ["a", "A", "y"]


def test_blanks_around_a_name_are_left_out_with_a_note(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    dataset = load(block(write("a, b ,y\t\n1,2,u\n3,4,v\n")))
    assert list(cells(dataset)) == ["a", "b", "y"]
    assert dataset.notes == (
        "the column 'b' has blanks around its name in the header; they were left out",
        "the column 'y' has blanks around its name in the header; they were left out",
    )


def test_a_clean_header_has_no_notes(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    assert load(block(write("a,two words,y\n1,2,u\n3,4,v\n"))).notes == ()


def test_a_name_in_decomposed_letters_is_the_composed_name(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write(unicodedata.normalize("NFD", "꽃잎,품종") + "\n1,u\n2,v\n")
    assert list(cells(load(block(path, target="품종")))) == ["꽃잎", "품종"]


def test_names_in_quotes_hold_separators(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    dataset = load(block(write('"a, in ""cm""",[/b],y\n1,2,u\n3,4,v\n')))
    assert list(cells(dataset)) == ['a, in "cm"', "[/b]", "y"]


def test_a_missing_target_column_is_refused_with_all_columns_and_the_nearest(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write("width,species\n1,u\n2,v\n")
    assert refuse(block(path, target="speces")) == (
        *(DataError, 4, "there is no column 'speces'; the data has: width, species", str(path), 1),
        "did you mean 'species'?",
    )


def test_a_missing_target_with_nothing_near_has_no_hint(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write("width,species\n1,u\n2,v\n")
    assert refuse(block(path, target="q"))[2:] == (
        *("there is no column 'q'; the data has: width, species", str(path), 1, None),
    )


def test_a_table_without_a_target_is_asked_for_one(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write("a,y\n1,u\n2,v\n")
    assert refuse({"source": str(path)}) == (
        *(
            DataError,
            4,
            "which one is the target? the data has: a, y",
            str(path),
            None,
            "write data.target: y, the last column, or another of them",
        ),
    )


@pytest.mark.parametrize(
    ("separator", "shown"),
    [(";", ";"), ("\t", "\\t"), ("|", "|")],
)
def test_a_wrong_separator_is_named_and_the_right_one_reads(
    separator: str, shown: str, write: Callable[..., Path], refuse: Callable[..., Any], load: Callable[..., Dataset]
) -> None:
    path = write("a,b,y\n1,2,u\n3,4,v\n".replace(",", separator))
    header = separator.join("aby")
    assert refuse(block(path)) == (
        *(DataError, 4, f"there is only one column, '{header}'", str(path), 1),
        f'did you mean separator "{shown}"? write csv: {{path: table.csv, separator: "{shown}"}}',
    )
    assert cells(load(block(path, separator=separator))) == {"a": [1, 3], "b": [2, 4], "y": ["u", "v"]}


def test_a_semicolon_where_commas_stand_is_a_wrong_separator_too(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    refusal = refuse(block(write("a,y\n1,u\n2,v\n"), separator=";"))
    assert refusal.hint == 'did you mean separator ","? write csv: {path: table.csv, separator: ","}'


@pytest.mark.parametrize("key", ["separator", "decimal"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "must be one character, found ''"),
        (", ", "must be one character, found ', '"),
        ('"', 'cannot be "\\""'),
        ("\n", 'cannot be "\\n"'),
        ("\r", 'cannot be "\\r"'),
        ("\0", 'cannot be "\\u0000"'),
        ("；", 'cannot be "；"'),
        ("a", 'cannot be "a"'),
        ("5", 'cannot be "5"'),
        ("-", 'cannot be "-"'),
    ],
)
def test_a_mark_that_cannot_separate_is_refused_before_anything_is_read(
    key: str, value: str, message: str, mistakes: Callable[..., Any]
) -> None:
    assert mistakes(block(Path("no.csv"), **{key: value})) == [(f"'{key}' {message}", None)]


def test_quoted_cells_hold_separators_quotes_and_line_breaks(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write('a,y\n1,"u, ""the"" first"\n2,"v\nover\r\nlines"\n3,"u, ""the"" first"\n"4",v\n')
    dataset = load(block(path))
    assert cells(dataset) == {
        "a": [1, 2, 3, 4],
        "y": ['u, "the" first', "v\nover\r\nlines", 'u, "the" first', "v"],
    }
    assert [dataset.fields.where(row)[1:] for row in range(4)] == [
        (2, "row 1"),
        (3, "row 2"),
        (6, "row 3"),
        (7, "row 4"),
    ]


def test_line_breaks_within_quotes_may_stand_at_the_end_of_a_block(
    write: Callable[..., Path], load: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["u\nu", "v\nv\nv"]
    path = write("a,y\n" + "".join(f'{row},"{names[row % 2]}"\n' for row in range(500)))
    monkeypatch.setattr("dlcli.data.sources.tables.csv_block.CHUNK", 128)
    assert cells(load(block(path))) == {"a": list(range(500)), "y": names * 250}


def test_blank_lines_are_no_rows_and_the_lines_below_them_keep_their_numbers(
    write: Callable[..., Path], load: Callable[..., Dataset], refuse: Callable[..., Any]
) -> None:
    text = "a,y\n\n1,u\n\n\n2,v\n3,u\n"
    dataset = load(block(write(text)))
    assert cells(dataset)["a"] == [1, 2, 3]
    assert [dataset.fields.where(row)[1] for row in range(3)] == [3, 6, 7]
    refusal = refuse(block(write(text.replace("3", "x"))))
    assert refusal[2::2] == (*("column 'a' holds numbers, but row 3 is 'x'", 7),)


def test_a_row_of_another_length_below_a_broken_line_has_its_own_line(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write('a,y\n1,"u\nu"\n\n2\n3,v\n')
    assert refuse(block(path))[2:5] == ("row 2 has 1 cell, the header has 2", str(path), 5)


@pytest.mark.parametrize(("rows", "bad"), [('1,u\n2,"v\n3,u\n4,v\n', 2), ('1,u\n2,v\n3,"u\n', 3), ('1,"u', 1)])
def test_a_quote_that_is_never_closed_swallows_nothing(
    rows: str, bad: int, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write("a,y\n" + rows)
    assert refuse(block(path)) == (
        *(QuoteError, 4, f"row {bad}: a quote is opened and never closed", str(path), bad + 1),
        "a quote within quotes is written twice",
    )


def test_two_quotes_that_are_not_closed_swallow_nothing(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write('a,y\n1,u\n2,"v\n3,"u\n4,v\n')
    refusal = refuse(block(path))
    assert refusal[2:] == (*("row 2: ',' expected after '\"'", str(path), 3, "a quote within quotes is written twice"),)


def test_a_quote_inside_a_cell_is_a_letter_like_others(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    assert cells(load(block(write('a,y\n1,5" pipe\n2,v\n3,5" pipe\n')))) == {
        "a": [1, 2, 3],
        "y": ['5" pipe', "v", '5" pipe'],
    }


def test_a_table_of_one_column_leaves_nothing_as_input(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write("y\nu\nv\n")
    assert refuse(block(path))[:4] == (DataError, 4, "nothing is left as input beside the target 'y'", str(path))
