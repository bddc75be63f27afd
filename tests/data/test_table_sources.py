from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dlcli.data.fields.fields import Fields
from dlcli.data.sources.source import Reading, SourceBlock
from dlcli.data.sources.tables.csv import Csv
from dlcli.data.sources.tables.excel import Excel
from dlcli.data.sources.tables.jsonl import Jsonl
from dlcli.data.sources.tables.parquet import Parquet
from dlcli.errors import DataError, ResourceError

BOTH = pytest.mark.parametrize("stream", [False, True])


def read(source: SourceBlock, *, stream: bool = False, text: frozenset[str] = frozenset()) -> Fields:
    return source.read(Reading(text, stream=stream))


def refusal(source: SourceBlock, *, stream: bool) -> tuple[str, str | None, int | None]:
    with pytest.raises(DataError) as caught:
        read(source, stream=stream)
    return caught.value.message, caught.value.file, caught.value.line


def stored(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def check_streamed_equals_in_memory(source: SourceBlock) -> Fields:
    """Same names, dtypes and values both ways; the streamed fields."""
    whole, lazy = read(source), read(source, stream=True)
    assert list(whole.arrays) == list(lazy.arrays)
    for name, array in whole.arrays.items():
        assert (lazy.arrays[name].dtype, lazy.arrays[name].shape) == (array.dtype, array.shape), name
        np.testing.assert_array_equal(lazy.arrays[name][:], array[:])
    assert [whole.where(row) for row in range(whole.samples)] == [lazy.where(row) for row in range(lazy.samples)]
    return lazy


AWKWARD_CSV = [
    "a,y\n" + "".join(f'{row},"u\nu"\n' for row in range(40)),
    "a,y\n" + "".join(f'{row},"a ""quoted"", word"\n' for row in range(40)),
    "a,y\n" + "1,u\n" * 40 + "\n\n" + "2,v\n" * 40,
    "a,y\n" + "1,u\n" * 40 + ",v\n",
    "a,y\n" + "1,u\n" * 40 + "2.5,v\n",
    "a,y\n" + "1,u\n" * 40 + "01,v\n",
    "\ufeff꽃잎,y\r\n" + "1,장미\r\n" * 40,
    "a,y\n" + "1,u\n" * 39 + "1,u",
]


@pytest.mark.parametrize("text", AWKWARD_CSV)
def test_a_streamed_csv_equals_the_one_in_memory(
    text: str, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcli.data.sources.tables.text_blocks.BLOCK_BYTES", 64)
    fields = check_streamed_equals_in_memory(Csv(path=str(write(text))))
    assert fields.chunks is not None
    assert len(fields.chunks.rows) > 1


@pytest.mark.parametrize(
    ("last", "message", "line"),
    [
        (b"2\n", "row 41 has 1 cell, the header has 2", 42),
        (b"2,u,v\n", "row 41 has 3 cells, the header has 2", 42),
        (b"x,u\n", "column 'a' holds numbers, but row 41 is 'x'", 42),
        (b"2,\xe9\n", "row 41: byte 0xe9 is not UTF-8", 42),
        (b"2,\0\n", "the file holds zero bytes, which text has not", 42),
        (b'2,"u\n', "row 41: a quote is opened and never closed", 42),
    ],
)
@BOTH
def test_a_fault_far_down_a_csv_is_the_same_fault_streamed(
    last: bytes, message: str, line: int, stream: bool, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcli.data.sources.tables.text_blocks.BLOCK_BYTES", 64)
    path = write(b"a,y\n" + b"1,u\n" * 40 + last)
    assert refusal(Csv(path=str(path)), stream=stream) == (message, str(path), line)


def peak_of(source: SourceBlock, *, stream: bool) -> int:
    """Bytes of Python and NumPy that reading takes at most."""
    read(source, stream=stream)  # what is imported once is not counted
    tracemalloc.start()
    try:
        read(source, stream=stream)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_memory_of_a_streamed_csv_does_not_grow_with_the_file(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcli.data.sources.tables.text_blocks.BLOCK_BYTES", 1 << 16)
    row = "123456789,some text of a row\n"
    small, large = (Csv(path=str(write("a,y\n" + row * rows, f"{rows}.csv"))) for rows in (50_000, 200_000))
    assert peak_of(large, stream=True) < 1.2 * peak_of(small, stream=True)
    assert peak_of(large, stream=False) > 1.4 * peak_of(small, stream=False)


@BOTH
def test_types_of_parquet_become_numbers_text_and_times(stream: bool, tmp_path: Path) -> None:
    columns = {
        "whole": pa.array([1, 2, 3], pa.int64()),
        "gaps": pa.array([1, None, 3], pa.int64()),
        "real": pa.array([0.5, None, 2.5]),
        "yes": pa.array([True, False, True]),
        "name": pa.array(["장미", None, "백합"]),
        "kind": pa.array(["u", "v", "u"]).dictionary_encode(),
        "day": pa.array([0, 1, 19_753], pa.date32()),
        "money": pa.array(["1.25", "2.50", "3.75"]).cast(pa.decimal128(6, 2)),
        "vector": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
    }
    path = stored(tmp_path / "자료.parquet", columns, row_group_size=2)
    arrays = {name: column[:] for name, column in read(Parquet(path=str(path)), stream=stream).arrays.items()}
    assert (arrays["whole"].dtype, arrays["whole"].tolist()) == (np.int64, [1, 2, 3])
    np.testing.assert_array_equal(arrays["gaps"], [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(arrays["real"], [0.5, np.nan, 2.5])
    assert (arrays["yes"].dtype, arrays["yes"].tolist()) == (np.uint8, [1, 0, 1])
    assert arrays["name"].tolist() == ["장미", None, "백합"]
    assert arrays["kind"].tolist() == ["u", "v", "u"]
    assert arrays["day"].tolist() == ["1970-01-01", "1970-01-02", "2024-01-31"]
    assert arrays["money"].tolist() == [1.25, 2.5, 3.75]
    assert arrays["vector"].tolist() == [[1, 2], [3, 4], [5, 6]]


def test_row_groups_are_the_chunks_of_a_streamed_parquet(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.parquet", {"a": np.arange(10), "b": ["u", None] * 5}, row_group_size=4)
    fields = check_streamed_equals_in_memory(Parquet(path=str(path)))
    assert fields.chunks is not None
    assert fields.chunks.rows == [4, 4, 2]


@pytest.mark.parametrize(
    ("value", "kind"), [({"x": 1}, "struct<x: int64>"), (b"x", "binary"), ([("k", 1)], "map<string, int64")]
)
@BOTH
def test_a_type_that_is_no_column_is_refused_by_its_name(value: Any, kind: str, stream: bool, tmp_path: Path) -> None:
    dtype = pa.map_(pa.string(), pa.int64()) if kind.startswith("map") else None
    path = stored(tmp_path / "a.parquet", {"s": pa.array([value], dtype)})
    message, file, _ = refusal(Parquet(path=str(path)), stream=stream)
    assert message.startswith(f"column 's' holds {kind}")
    assert file == str(path)


UNASKED: dict[str, pa.Array] = {
    "struct": pa.array([{"x": 1}, {"x": 2}, None]),
    "map": pa.array([[("k", 1)], [], []], pa.map_(pa.string(), pa.int64())),
    "binary": pa.array([b"x", b"y", b"z"]),
    "ragged": pa.array([[1], [1, 2], []]),
    "words": pa.array([["x"], ["y", "z"], []]),
}


@pytest.mark.parametrize("name", UNASKED)
@BOTH
def test_a_column_of_parquet_that_nobody_asks_for_is_not_looked_at(name: str, stream: bool, tmp_path: Path) -> None:
    path = stored(tmp_path / "a.parquet", {"a": np.arange(3), name: UNASKED[name], "y": ["u", "v", "u"]})
    with pytest.raises(DataError, match=f"column '{name}' holds "):
        read(Parquet(path=str(path)), stream=stream)
    fields = Parquet(path=str(path)).read(Reading(stream=stream, columns=frozenset({"a", "y"})))
    assert {each: array[:].tolist() for each, array in fields.arrays.items()} == {"a": [0, 1, 2], "y": ["u", "v", "u"]}
    assert fields.names == ["a", name, "y"]


@pytest.mark.parametrize(
    "cells",
    ['{"x": 1}|{"x": 2}|null', '{"x": 1}|"text"|3', "[1]|[1, 2]|[]", '["x"]|[]|["y", 1]', "1|true|null", '1|"x"|2'],
)
@BOTH
def test_a_key_that_nobody_asks_for_is_not_looked_at(cells: str, stream: bool, write: Callable[..., Path]) -> None:
    rows = [f'{{"a": {row}, "m": {cell}, "y": "{"uvu"[row]}"}}' for row, cell in enumerate(cells.split("|"))]
    source = Jsonl(path=str(write("\n".join(rows), "t.jsonl")))
    with pytest.raises(DataError):
        read(source, stream=stream)
    fields = source.read(Reading(stream=stream, columns=frozenset({"a", "y"})))
    assert {each: array[:].tolist() for each, array in fields.arrays.items()} == {"a": [0, 1, 2], "y": ["u", "v", "u"]}


def test_a_cell_of_a_sheet_that_nobody_asks_for_is_not_looked_at(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [["a", "bad", "y"], [1, "#REF!", "u"], [2, 3, "v"]]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    source = Excel(path=str(tmp_path / "t.xlsx"))
    assert refusal(source, stream=False)[0] == "cell B2 of column 'bad' is #REF!"
    fields = source.read(Reading(columns=frozenset({"a", "y"})))
    assert {each: array[:].tolist() for each, array in fields.arrays.items()} == {"a": [1, 2], "y": ["u", "v"]}


@BOTH
def test_keys_with_a_gap_or_a_large_number_are_not_complete(
    stream: bool, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dlcli.data.sources.tables.json_lines.BLOCK", 64)
    rows = [{"a": row, "b": row / 4, "c": f"n{row}", "gap": 1, "null": 2, "large": 0.5} for row in range(20)]
    rows.append({"a": 1, "b": 2.5, "c": "x", "null": None, "large": 1e39})  # type: ignore[dict-item]
    path = write("\n".join(map(json.dumps, rows)), "t.jsonl")
    fields = Jsonl(path=str(path)).read(Reading(stream=stream, often=frozenset({"c"})))
    assert fields.complete == {"a", "b", "c"}
    assert isinstance(fields.arrays["c"], np.ndarray)
    assert isinstance(fields.arrays["a"], np.ndarray) is not stream


@BOTH
def test_a_cut_parquet_is_damaged(stream: bool, tmp_path: Path) -> None:
    path = stored(tmp_path / "a.parquet", {"a": np.arange(1000)})
    content = path.read_bytes()
    sizes = [0, 3, len(content) // 2, len(content) - 1]
    for size in sizes:
        path.write_bytes(content[:size])
        message, file, _ = refusal(Parquet(path=str(path)), stream=stream)
        assert message.startswith("the file is damaged or no Parquet file"), size
        assert file == str(path)
    assert len(sizes) == 4


def test_a_flipped_byte_is_found_by_the_checksum_of_its_page(tmp_path: Path) -> None:
    plain = {"compression": "none", "use_dictionary": False, "write_page_checksum": True}
    path = stored(tmp_path / "a.parquet", {"a": np.arange(1000)}, **plain)
    content = bytearray(path.read_bytes())
    place = content.index(np.arange(500, 502).tobytes())
    assert read(Parquet(path=str(path))).samples == 1000
    content[place] ^= 1
    path.write_bytes(content)
    message, file, _ = refusal(Parquet(path=str(path)), stream=False)
    assert message.startswith("row group 1 is damaged")
    assert file == str(path)


def test_a_parquet_that_declares_more_than_fits_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stored(tmp_path / "bomb.parquet", {"a": np.zeros(5_000_000, np.int64)})
    assert path.stat().st_size < 100_000
    monkeypatch.setattr("dlcli.data.sources.tables.parquet.free_memory", lambda: 20_000_000)
    with pytest.raises(ResourceError) as caught:
        read(Parquet(path=str(path)))
    assert caught.value.code == 7
    assert caught.value.message.startswith("5,000,000 rows of 1 columns take 0.0 GB")
    assert caught.value.hint == "write data.stream: true to read it piece by piece"
    monkeypatch.setattr("dlcli.data.sources.tables.parquet.free_memory", lambda: 200_000_000)
    assert read(Parquet(path=str(path))).samples == 5_000_000


@BOTH
def test_parquet_files_with_other_columns_are_refused(stream: bool, tmp_path: Path) -> None:
    first = stored(tmp_path / "a.parquet", {"a": [1], "b": [2]})
    second = stored(tmp_path / "b.parquet", {"a": [1], "c": [2]})
    found = refusal(Parquet(path=[str(first), str(second)]), stream=stream)
    assert found == ("the columns differ from those of a.parquet: b, c", str(second), None)


def test_columns_named_as_text_are_text(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = stored(tmp_path / "a.parquet", {"a": pa.array([1, None, 3])})
    named = frozenset({"a"})
    assert read(Parquet(path=str(path)), text=named).arrays["a"][:].tolist() == ["1", None, "3"]
    lines = write('{"a": 1}\n{"a": 2}\n', "a.jsonl")
    assert read(Jsonl(path=str(lines)), text=named).arrays["a"][:].tolist() == ["1", "2"]


@BOTH
def test_lines_of_json_become_columns(stream: bool, write: Callable[..., Path]) -> None:
    rows = [
        {"n": 1, "x": 0.5, "t": "장미", "v": [1, 2], "day": "2024-01-31"},
        {"n": 2, "x": 2, "v": [3, 4], "day": "2024-02-01"},
    ]
    path = write("".join(json.dumps(row) + "\n" for row in rows), "a.jsonl")
    arrays = {name: column[:] for name, column in read(Jsonl(path=str(path)), stream=stream).arrays.items()}
    assert (arrays["n"].dtype, arrays["n"].tolist()) == (np.int64, [1, 2])
    assert (arrays["x"].dtype, arrays["x"].tolist()) == (np.float64, [0.5, 2])
    assert arrays["t"].tolist() == ["장미", None]
    assert arrays["v"].tolist() == [[1, 2], [3, 4]]
    assert arrays["day"].tolist() == ["2024-01-31", "2024-02-01"]


def test_a_streamed_jsonl_equals_the_one_in_memory(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlcli.data.sources.tables.json_lines.BLOCK", 64)
    text = '{"a": 1}\n' * 20 + "\n" + '{"a": 1.5, "b": "u"}\n' * 20 + '{"b": null}\n'
    fields = check_streamed_equals_in_memory(Jsonl(path=str(write(text, "a.jsonl"))))
    assert fields.chunks is not None
    assert len(fields.chunks.rows) > 1
    assert fields.samples == 41


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"{", "line 3: no JSON"),
        (b"[1]", "line 3: expected an object, found list"),
        (b'{"a": 1, "a": 2}', "line 3: no JSON: the key 'a' stands 2 times"),
        (b'{"a": {"b": 1}}', "line 3: 'a' holds an object; expected a number, text or a list of numbers"),
        (b'{"a": "x"}', "line 3: 'a' holds text, but a number in line 1"),
        (b'{"a": "\xe9"}', "line 3: byte 0xe9 is not UTF-8"),
    ],
)
@BOTH
def test_a_line_that_is_no_row_is_named(bad: bytes, said: str, stream: bool, write: Callable[..., Path]) -> None:
    path = write(b'{"a": 1}\n\n' + bad + b"\n", "a.jsonl")
    message, file, line = refusal(Jsonl(path=str(path)), stream=stream)
    assert message.startswith(said)
    assert (file, line) == (str(path), 3)


def test_the_memory_of_a_missing_file_is_nothing(tmp_path: Path) -> None:
    kinds = [(Csv, "csv"), (Parquet, "parquet"), (Jsonl, "jsonl")]
    for kind, ending in kinds:
        assert kind(path=str(tmp_path / f"no.{ending}")).memory() == 0
    assert len(kinds) == 3


def test_days_of_a_workbook_are_days_and_times_are_text_that_sorts(tmp_path: Path) -> None:
    import datetime

    import openpyxl

    from dlcli.data.sources.tables.excel import Excel

    day, moment = datetime.datetime(2024, 1, 31), datetime.datetime(2024, 1, 31, 9, 30)
    book = openpyxl.Workbook()
    for row in (["day", "moment", "time", "yes"], [day, moment, datetime.time(9, 30), True], [day, day, None, False]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    arrays = read(Excel(path=str(tmp_path / "t.xlsx"))).arrays
    assert arrays["day"].tolist() == ["2024-01-31", "2024-01-31"]
    assert arrays["moment"].tolist() == ["2024-01-31 09:30:00", "2024-01-31"]
    assert arrays["time"].tolist() == ["09:30:00", None]
    assert (arrays["yes"].dtype, arrays["yes"].tolist()) == (np.int64, [1, 0])


def test_cells_that_are_merged_hold_their_value_in_each_row(tmp_path: Path) -> None:
    import openpyxl

    from dlcli.data.sources.tables.excel import Excel

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["grp", "b", "c"])
    for number in range(12):
        sheet.append([number // 4 if number % 4 == 0 else None, number, None if number == 3 else f"=B{number + 2}"])
    for area in ("A2:A5", "A6:A9", "B3:C3"):
        sheet.merge_cells(area)
    book.save(tmp_path / "t.xlsx")
    fields = Excel(path=str(tmp_path / "t.xlsx")).read(
        Reading(columns=frozenset({"grp", "b"}))
    )  # formulas stand in c alone
    np.testing.assert_equal(fields.arrays["grp"].tolist(), [0] * 4 + [1] * 4 + [2] + [np.nan] * 3)
    assert fields.arrays["b"].tolist() == list(range(12))
    assert list(fields.notes) == ["merged cells hold their value in each of their rows: A2:A5 and 1 more"]


def test_data_to_measure_on_does_not_come_from_standard_input(
    tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    write_experiment(tmp_path, {"train.epochs": 1})
    assert run_dlcli("train", "experiment.yaml", "--name", "r", "-q", cwd=tmp_path).code == 0
    done = run_dlcli("evaluate", "r", "--data", "-", "--json", cwd=tmp_path)
    assert (done.error["kind"], "cat … > data.csv" in done.error["hint"]) == ("no_plain_file", True)


def test_a_fifo_is_no_file_of_data(tmp_path: Path) -> None:
    import os

    from dlcli.data.sources.paths import existing
    from dlcli.errors import DataError

    os.mkfifo(tmp_path / "fifo.csv")
    with pytest.raises(DataError, match=r"fifo\.csv is a FIFO, a device or a socket, expected a file") as caught:
        existing(tmp_path / "fifo.csv")
    assert caught.value.kind == "no_plain_file"
