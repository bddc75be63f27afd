from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.errors import DataError

UNSPLIT = {"validation": 0.0, "test": 0.0}
ROWS = "a,y\n1,u\n2,v\n3,u\n4,v\n"
ENCODINGS = "write encoding: cp949 (Korean Windows), latin-1, … or save the file as UTF-8"


def block(path: Path | str | list[str], **arguments: Any) -> dict[str, Any]:
    return {
        "source": {"csv": {"path": path if isinstance(path, list) else str(path), **arguments}},
        "target": "y",
        "split": UNSPLIT,
    }


def cells(dataset: Dataset) -> dict[str, list[Any]]:
    return {name: array.tolist() for name, array in dataset.fields.arrays.items()}


def test_a_missing_file_is_named_with_its_folder_and_what_is_near(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write(ROWS, "iris.csv")
    wrong = path.with_name("iirs.csv")
    assert refuse(block(wrong)) == (DataError, 4, f"there is no file {wrong}", str(wrong), None, "near it: iris.csv")


def test_a_missing_file_with_nothing_near_is_explained_by_the_working_directory(
    tmp_path: Path, refuse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "iris.csv"
    hint = f"a path counts from the configuration file; the working directory is {tmp_path}"
    assert refuse(block(path)) == (DataError, 4, f"there is no file {path}", str(path), None, hint)


def test_a_missing_folder_is_named(tmp_path: Path, refuse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "no" / "iris.csv"
    hint = f"a path counts from the configuration file; the working directory is {tmp_path}"
    assert refuse(block(path)) == (DataError, 4, f"there is no folder {path.parent}", str(path), None, hint)


def test_a_way_through_a_file_is_no_folder(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    through = write(ROWS) / "iris.csv"
    refusal = refuse(block(through))
    assert refusal[:4] == (DataError, 4, f"there is no folder {through.parent}", str(through))


def test_a_folder_is_no_file(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    assert refuse(block(tmp_path)) == (
        *(DataError, 4, f"{tmp_path} is a folder, expected a file", str(tmp_path), None),
        "name a file in it, or a glob such as folder/*.csv",
    )


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "a\0b.csv"])
def test_a_name_that_no_file_can_have_is_a_missing_file(name: str, tmp_path: Path, refuse: Callable[..., Any]) -> None:
    assert refuse(block(tmp_path / name))[:3] == (DataError, 4, f"there is no file {tmp_path / name}")


def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    write: Callable[..., Path], refuse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(ROWS)

    def denied(self: Path, *_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refuse(block(path)) == (DataError, 4, f"cannot read {path}: Permission denied", str(path), None, None)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_korean_path_is_found_however_its_letters_are_composed(
    form: Any, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    other = "NFD" if form == "NFC" else "NFC"
    written = write(ROWS, unicodedata.normalize(form, "꽃 자료.csv"))
    asked = written.with_name(unicodedata.normalize(other, written.name))
    assert not asked.exists()
    assert cells(load(block(asked)))["a"] == [1, 2, 3, 4]


@pytest.mark.parametrize("content", ["", "\n", " \r\n\t\n", "\ufeff"])
def test_an_empty_file_is_refused(content: str, write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write(content)
    assert refuse(block(path)) == (DataError, 4, "the file is empty", str(path), None, None)


@pytest.mark.parametrize("content", ["a,y", "a,y\n", "a,y\r\n", "a,y\n\n\n", "a,y\n  \n", "\ufeffa,y\n"])
def test_a_header_alone_is_refused(content: str, write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write(content)
    assert refuse(block(path)) == (DataError, 4, "the file has a header but no rows", str(path), 1, None)


def test_a_table_without_a_last_line_break_is_whole(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    assert cells(load(block(write(ROWS.rstrip("\n"))))) == cells(load(block(write(ROWS, "b.csv"))))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_of_three_ways(ending: str, write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    assert cells(load(block(write(ROWS.replace("\n", ending))))) == {"a": [1, 2, 3, 4], "y": ["u", "v", "u", "v"]}


KOREAN = "꽃잎 길이,y\n1.5,장미\n2.5,백합\n3.5,장미\n4.5,백합\n"


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", None),
        ("utf-8", "utf-8"),
        ("utf-8", "UTF_8"),
        ("utf-8-sig", None),
        ("utf-8-sig", "utf-8-sig"),
        ("cp949", "cp949"),
        ("cp949", "euc-kr"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_korean_names_and_labels_are_read_in_their_encoding(
    encoding: str, written: str | None, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    path = write(KOREAN.encode(encoding))
    dataset = load(block(path) if written is None else block(path, encoding=written))
    assert cells(dataset) == {"꽃잎 길이": [1.5, 2.5, 3.5, 4.5], "y": ["장미", "백합", "장미", "백합"]}
    assert dataset.classes == ["백합", "장미"]
    assert [column.name for column in dataset.schema.inputs[0].columns or []] == ["꽃잎 길이"]


def test_latin_1_is_read_when_it_is_named(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = write("größe,y\n1,fleißig\n2,müde\n".encode("latin-1"))
    assert cells(load(block(path, encoding="latin-1"))) == {"größe": [1, 2], "y": ["fleißig", "müde"]}


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(("row", "words"), [(0, "the header"), (1, "row 1"), (3, "row 3")])
def test_one_byte_of_latin_1_is_found_with_its_row(
    bom: bytes, row: int, words: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    lines = [b"a,y", b"1,u", b"2,v", b"3,u", b"4,v"]
    lines[row] = lines[row] + b"\xe9"
    path = write(bom + b"\n".join(lines) + b"\n")
    assert refuse(block(path)) == (DataError, 4, f"{words}: byte 0xe9 is not UTF-8", str(path), row + 1, ENCODINGS)


def test_cp949_without_its_name_is_refused(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write("a,y\n1,장미\n2,백합\n".encode("cp949"))
    assert refuse(block(path)) == (DataError, 4, "row 1: byte 0xc0 is not UTF-8", str(path), 2, ENCODINGS)


def test_a_wrong_encoding_is_refused_by_its_name(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write("a,y\n1,u\n2,é\n")
    refusal = refuse(block(path, encoding="ascii"))
    assert refusal == (DataError, 4, "row 2: byte 0xc3 is not ASCII", str(path), 3, None)


def test_utf_16_without_its_name_is_recognised_by_its_first_bytes(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write(ROWS.encode("utf-16"))
    assert refuse(block(path)) == (
        DataError,
        4,
        "the file is UTF-16",
        str(path),
        None,
        "save it as UTF-8, or write encoding: utf-16",
    )


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_name_or_mark_is_recognised_by_its_zero_bytes(
    encoding: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    path = write(ROWS.encode(encoding))
    assert refuse(block(path)) == (
        *(DataError, 4, "the file holds zero bytes, which text has not", str(path), 1),
        f"it looks like UTF-16: write encoding: {encoding}",
    )


def test_a_zero_byte_is_refused_with_its_line(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write("a,y\n1,u\n2\0,v\n")
    assert refuse(block(path)) == (
        *(DataError, 4, "the file holds zero bytes, which text has not", str(path), 3, "is it a table at all?"),
    )


def test_utf_8_under_the_name_of_utf_16_is_refused(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = write(ROWS)
    refusal = refuse(block(path, encoding="utf-16"))
    assert refusal == (DataError, 4, "the file is not UTF-16", str(path), None, "leave encoding out for UTF-8")


@pytest.mark.parametrize("encoding", ["utf8x", "rot13", "base64", "undefined", "a\0b", ""])
def test_an_encoding_that_is_none_of_text_is_refused_before_anything_is_read(
    encoding: str, mistakes: Callable[..., Any]
) -> None:
    assert mistakes(block("no.csv", encoding=encoding)) == [
        (f"'encoding' must be one that Python knows, found '{encoding}'", "utf-8, cp949, utf-16, latin-1")
    ]


def test_a_list_of_files_is_one_table_in_the_order_of_the_list(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    second, first = write("a,y\n1,u\n2,v\n", "b.csv"), write("a,y\n3,u\n4,v\n5,v\n", "a.csv")
    dataset = load(block([str(second), str(first)]))
    assert cells(dataset) == {"a": [1, 2, 3, 4, 5], "y": ["u", "v", "u", "v", "v"]}
    assert dataset.fields.files == [second, first]
    assert [dataset.fields.where(row) for row in (1, 2, 4)] == [
        (str(second), 3, "row 2"),
        (str(first), 2, "row 1"),
        (str(first), 4, "row 3"),
    ]


def test_a_glob_is_read_in_the_order_of_the_names(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    for name, value in (("b.csv", 2), ("a.csv", 1), ("c.txt", 3)):
        write(f"a,y\n{value},u\n{value},v\n", name)
    path = write("a,y\n4,u\n", "zz.csv")
    dataset = load(block(path.with_name("*.csv")))
    assert cells(dataset)["a"] == [1, 1, 2, 2, 4]
    assert [file.name for file in dataset.fields.files] == ["a.csv", "b.csv", "zz.csv"]


def test_a_glob_goes_into_folders_where_it_says_so(
    write: Callable[..., Path], load: Callable[..., Dataset], tmp_path: Path
) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    write("a,y\n1,u\n2,v\n", "deep/er/a.csv")
    write("a,y\n3,u\n4,v\n", "b.csv")
    assert cells(load(block(tmp_path / "**" / "*.csv")))["a"] == [3, 4, 1, 2]


def test_a_glob_that_finds_nothing_is_a_missing_file(tmp_path: Path, refuse: Callable[..., Any]) -> None:
    path = tmp_path / "*.csv"
    assert refuse(block(path))[:4] == (DataError, 4, f"there is no file {path}", str(path))


def test_a_file_whose_name_looks_like_a_glob_is_that_file(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    write("a,y\n9,u\n9,v\n", "data1.csv")
    assert cells(load(block(write(ROWS, "data[1].csv"))))["a"] == [1, 2, 3, 4]


def test_an_empty_list_of_files_is_refused(mistakes: Callable[..., Any]) -> None:
    messages = [message for message, _ in mistakes(block([]))]
    assert "List should have at least 1 item after validation, not 0" in messages


def test_a_fault_in_the_second_file_has_its_own_line_and_row(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    first, second = write(ROWS, "a.csv"), write("a,y\n5,u\n6,v\nx,u\n", "b.csv")
    assert refuse(block([str(first), str(second)])) == (
        *(DataError, 4, "column 'a' holds numbers, but row 3 is 'x'", str(second), 4),
        'correct the cell, or write csv: {…, empty: ["x"]} if it means an empty cell',
    )


def test_an_empty_cell_in_the_second_file_has_its_own_line_and_row(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    first, second = write(ROWS, "a.csv"), write("a,y\n5,u\n,v\n7,u\n", "b.csv")
    refusal = refuse(block([str(first), str(second)]))
    assert refusal[:5] == (DataError, 4, "empty cells: 'a' 1; the first in row 2", str(second), 3)


@pytest.mark.parametrize(
    ("header", "difference"),
    [("a,b,y", "c, b"), ("y,a,c", "the order"), ("a,c,y,d", "d"), ("a,y", "c")],
)
def test_files_with_other_columns_are_refused(
    header: str, difference: str, write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    width = header.count(",") + 1
    first, second = (
        write("a,c,y\n1,2,u\n3,4,v\n", "a.csv"),
        write(header + "\n" + ",".join("1" * width) + "\n", "b.csv"),
    )
    refusal = refuse(block([str(first), str(second)]))
    named = ", ".join(sorted(difference.split(", ")))
    assert refusal == (DataError, 4, f"the columns differ from those of a.csv: {named}", str(second), None, None)


def test_a_table_of_ten_thousand_columns_is_read(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    width = 10_000
    lines = [",".join([*(f"c{column}" for column in range(width)), "y"])]
    lines += [",".join([*(str(row * column) for column in range(width)), "uv"[row % 2]]) for row in range(4)]
    dataset = load(block(write("\n".join(lines))))
    tensor = dataset.splits["train"].inputs["features"]
    assert tensor.shape == (4, width)
    np.testing.assert_array_equal(tensor, np.outer(np.arange(4), np.arange(width)))


def test_a_table_of_many_rows_is_read_in_order_over_all_blocks(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    rows = 200_000
    path = write("a,y\n" + "".join(f"{row},{'uv'[row % 2]}\n" for row in range(rows)))
    assert path.stat().st_size > 1 << 20
    np.testing.assert_array_equal(load(block(path)).fields.arrays["a"], np.arange(rows))


def test_text_far_down_a_column_of_numbers_is_found_with_its_row(
    write: Callable[..., Path], refuse: Callable[..., Any]
) -> None:
    rows = [f"{row},{'uv'[row % 2]}" for row in range(200_000)]
    rows[190_000] = "oh,u"
    path = write("a,y\n" + "\n".join(rows))
    refusal = refuse(block(path))
    assert refusal[2:5] == ("column 'a' holds numbers, but row 190001 is 'oh'", str(path), 190_002)
