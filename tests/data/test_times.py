"""Dates and times: seconds, cyclic parts, zones, and what is said of those that are read as names."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.data import Dataset
from dlcli.data.findings import findings
from dlcli.data.times import seconds_of
from dlcli.errors import DataError

UTC = datetime.UTC
UNSPLIT = {"validation": 0.0, "test": 0.0}


def moment(*parts: int, offset: float = 0) -> float:
    return datetime.datetime(*parts, tzinfo=UTC).timestamp() - 3600 * offset  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01", 0),
        ("2024-02-29", moment(2024, 2, 29)),
        ("2024/02/29", moment(2024, 2, 29)),
        ("2024-02", moment(2024, 2, 1)),
        ("1900-01-01 00:00", moment(1900, 1, 1)),
        ("2024-02-29 09:30", moment(2024, 2, 29, 9, 30)),
        ("9:30", moment(1970, 1, 1, 9, 30)),
        ("12:30 AM", moment(1970, 1, 1, 0, 30)),
        ("12:30 pm", moment(1970, 1, 1, 12, 30)),
        ("1:05 p.m.", moment(1970, 1, 1, 13, 5)),
        ("2024-02-29 1:05 PM", moment(2024, 2, 29, 13, 5)),
        ("13:05 PM", None),
        ("0:05 AM", None),
        ("2024-02-29T09:30:15.25", moment(2024, 2, 29, 9, 30, 15) + 0.25),
        ("2024-02-29T09:30:00Z", moment(2024, 2, 29, 9, 30)),
        ("2024-02-29T09:30:00+09:00", moment(2024, 2, 29, 9, 30, offset=9)),
        ("2024-02-29 09:30:00-0330", moment(2024, 2, 29, 9, 30, offset=-3.5)),
        ("09:30", 9.5 * 3600),
        ("23:59:59", 86399),
        *[(text, None) for text in ("2023-02-29", "2024-13-01", "24:00", "12:60", "31.01.2024", "1/31/2024")],
        *[(text, None) for text in ("2024-1-9", "day 1", "", "2024", "2024-01/31", "31-Jux-2024")],
    ],
)
def test_the_seconds_of_a_time_are_those_of_python(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def times_table(write: Callable[..., Path], cells: list[str]) -> Path:
    return write("when,y\n" + "".join(f"{cell},{'uv'[row % 2]}\n" for row, cell in enumerate(cells)))


def tensor(load: Callable[..., Dataset], path: Path, **keys: Any) -> np.ndarray[Any, Any]:
    inputs = {"when": {"columns": "when", "kind": "time", **keys}}
    dataset = load({"source": str(path), "target": "y", "inputs": inputs, "split": UNSPLIT})
    return np.asarray(dataset.splits["train"].inputs["when"], np.float64)


def test_times_become_seconds(write: Callable[..., Path], load: Callable[..., Dataset]) -> None:
    path = times_table(write, ["1970-01-02", "1970-01-01 00:00:30", "1970-01-01T09:00:00+09:00"])
    assert tensor(load, path).tolist() == [[86400], [30], [0]]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("stream", [False, True])
def test_durations_are_seconds(unit: str, stream: bool, tmp_path: Path, load: Callable[..., Dataset]) -> None:
    import pyarrow
    import pyarrow.parquet

    seconds = [0, 90, 604_800, 5]
    times = pyarrow.array([datetime.timedelta(seconds=each) for each in seconds], pyarrow.duration(unit))
    pyarrow.parquet.write_table(pyarrow.table({"t": times, "y": ["u", "v"] * 2}), tmp_path / "t.parquet")
    dataset = load({"source": str(tmp_path / "t.parquet"), "target": "y", "stream": stream, "split": UNSPLIT})
    assert dataset.splits["train"].inputs["features"][:].ravel().tolist() == seconds


PARTS = {
    "minute": (60, lambda time: time.minute),
    "hour": (24, lambda time: time.hour),
    "weekday": (7, lambda time: time.weekday()),
    "day": (31, lambda time: time.day - 1),
    "month": (12, lambda time: time.month - 1),
    "yearday": (365.25, lambda time: time.timetuple().tm_yday - 1),
}


def test_parts_are_sine_and_cosine_and_the_year_a_number(
    write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    start = datetime.datetime(1966, 12, 30, 23, 58, tzinfo=UTC)
    moments = [start + datetime.timedelta(hours=977 * step, minutes=step) for step in range(60)]
    path = times_table(write, [f"{time:%Y-%m-%d %H:%M}" for time in moments])
    found = tensor(load, path, parts=[*PARTS, "year"])
    assert found.shape == (60, 13)
    for number, (period, value) in enumerate(PARTS.values()):
        angles = [2 * math.pi * value(time) / period for time in moments]
        np.testing.assert_allclose(found[:, 2 * number], np.sin(angles), atol=1e-6)
        np.testing.assert_allclose(found[:, 2 * number + 1], np.cos(angles), atol=1e-6)
    assert found[:, 12].tolist() == [time.year for time in moments]


def test_what_is_no_time_is_named_with_its_row(write: Callable[..., Path], refuse: Callable[..., Any]) -> None:
    path = times_table(write, ["2024-01-01", "2024-01-02", "31.01.2024"])
    inputs = {"when": {"columns": "when", "kind": "time"}}
    refusal = refuse({"source": str(path), "target": "y", "inputs": inputs, "split": UNSPLIT})
    assert refusal[:2] == (DataError, 4)
    assert (refusal.message, refusal.line) == ("column 'when' is of kind time, but row 3 is '31.01.2024'", 4)


@pytest.mark.parametrize(
    ("cells", "looks"),
    [
        (["1990", "1991", "2024"], "years"),
        (["1500", "2200"], "years"),
        (["12%", "7%", "100%"], "shares"),
        (["0.5", "", "-1"], "shares"),
        (["20240131", "19991231"], "dates without marks"),
        (["1706659200000", "1706659200500"], "milliseconds, or less"),
        (["1499", "1990"], None),
        (["1990", "2201"], None),
        (["1990.5", "1991"], None),
        (["0.5", "1.5"], None),
        (["0", "0"], None),
        (["20240131", "20240231"], None),
        (["100000000000", "1706659200"], None),
        (["1706659200", "1706659260"], None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_numbers_that_are_no_seconds_since_1970_are_no_times(
    cells: list[str], looks: str | None, stream: bool, write: Callable[..., Path], load: Callable[..., Dataset]
) -> None:
    inputs = {"when": {"columns": "when", "kind": "time", "parts": ["year"]}}
    block = {"source": str(times_table(write, cells)), "target": "y", "inputs": inputs, "split": UNSPLIT}
    block |= {"stream": stream, "missing": {"constant": 0}}
    if looks is None:
        years = [datetime.datetime.fromtimestamp(float(each), UTC).year for each in cells]
        assert load(block).splits["train"].inputs["when"][:].ravel().tolist() == years
        return
    with pytest.raises(DataError) as caught:
        load(block)
    assert (caught.value.kind, caught.value.line) == ("not_a_time", 2)
    assert f"but they look like {looks}: " in caught.value.message


def test_times_read_as_names_are_a_finding_or_an_error_that_says_what_they_are(
    write: Callable[..., Path], load: Callable[..., Dataset], refuse: Callable[..., Any]
) -> None:
    few = times_table(write, [f"2024-01-{row % 10 + 1:02d}" for row in range(100)])
    [finding] = [each for each in findings(load({"source": str(few), "target": "y"})) if "times" in each.code]
    assert (finding.facts, finding.advice[0].key) == ({"columns": {"when": 10}}, "data.inputs.when")
    many = times_table(write, [f"2024-01-01 {row // 60:02d}:{row % 60:02d}" for row in range(100)])
    refusal = refuse({"source": str(many), "target": "y", "split": UNSPLIT})
    assert refusal.message == "column 'when' holds times, 100 different ones in 100 rows, and names rows as text"
    assert "kind: time" in refusal.hint


def test_a_split_by_time_reads_the_zone(
    write: Callable[..., Path], load: Callable[..., Dataset], refuse: Callable[..., Any]
) -> None:
    cells = [f"2024-01-01T{row:02d}:00:00Z" if row % 2 else f"2024-01-01T{row:02d}:01:00+09:00" for row in range(20)]
    block = {"source": str(times_table(write, cells)), "target": "y"}
    dataset = load({**block, "inputs": {"when": {"columns": "when", "kind": "time"}}, "split": {"by": "time:when"}})
    known = sorted(range(20), key=lambda row: datetime.datetime.fromisoformat(cells[row]))
    assert dataset.splits["test"].rows.tolist() == sorted(known[-3:])
    assert dataset.splits["test"].rows.tolist() != sorted(sorted(range(20), key=cells.__getitem__)[-3:])
    block["source"] = str(times_table(write, [*cells, "2024-01-01T00:00:00"]))
    message = refuse({**block, "inputs": ["when"], "split": {"by": "time:when"}}).message
    assert "holds '2024-01-01T00:00:00' without a time zone beside others with one" in message


def test_a_column_of_other_words_says_the_split(
    write: Callable[..., Path], load: Callable[..., Dataset], refuse: Callable[..., Any]
) -> None:
    rows = "".join(f"{row},{row < 70},{'uv'[row % 2]}\n".replace("True", "TRUE") for row in range(100))
    block = {"source": str(write("a,part,y\n" + rows)), "target": "y"}
    dataset = load({**block, "split": {"by": {"column": "part", "train": [True], "test": [False]}}})
    assert dataset.splits["test"].rows.tolist() == list(range(70, 100))
    assert len(dataset.splits["validation"].rows) == round(0.15 * 70)
    together = np.concatenate([dataset.splits["train"].rows, dataset.splits["validation"].rows])
    assert sorted(together.tolist()) == list(range(70))
    whole = load(
        {**block, "split": {"validation": 0.0, "by": {"column": "part", "train": ["TRUE"], "test": ["False"]}}}
    )
    assert (len(whole.splits["train"].rows), "validation" in whole.splits) == (70, False)
    refusal = refuse({**block, "split": {"by": {"column": "part", "train": [True]}}})
    assert refusal.message == "the column of the split holds 'false'; expected true"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1991 Jul", (1991, 7, 1)), ("1991-Jul", (1991, 7, 1)), ("Jul 1991", (1991, 7, 1)), ("July 1991", (1991, 7, 1)),
        ("31-Jan-2024", (2024, 1, 31)), ("1 march 2024", (2024, 3, 1)), ("2024Q2", (2024, 4, 1)), ("2024 Q4", (2024, 10, 1)),
        ("2024-Q1", (2024, 1, 1)), ("1991 Jux", None), ("1991 Ju", None), ("31-Feb-2024", None), ("2024Q5", None),
        ("31-Jan 2024", None), ("Mayor 1991", None),
    ],
)  # fmt: skip
def test_months_by_name_and_quarters_are_their_first_day(text: str, day: tuple[int, int, int] | None) -> None:
    expected = None if day is None else datetime.datetime(*day, tzinfo=datetime.UTC).timestamp()
    assert seconds_of(text) == expected


DAYS_FIRST = [f"{day:02d}/{month:02d}/2020" for month in (1, 2) for day in range(1, 29)]


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (DAYS_FIRST, "day"),
        ([f"{each[3:5]}/{each[:2]}/2020" for each in DAYS_FIRST], "month"),
        ([each.replace("/", ".") for each in DAYS_FIRST[:12]], "day"),
        (["1/2/2020", "3/4/2020"], None),
        (["13/1/2020", "1/13/2020"], None),
        (["13/1/2020", "2020-01-13"], None),
        (["31-12-2020 09:30", "01-02-2020 10:00"], "day"),
        ([], None),
    ],
)
def test_which_of_day_and_month_comes_first_is_told_by_the_column(texts: list[str], first: str | None) -> None:

    from dlcli.data.times import first_in, seconds_as

    assert first_in(texts) == first
    if first is not None:
        for text in texts:
            numbers = [int(part) for part in re.split(r"[-/. :]", text)]
            day, month = (numbers[0], numbers[1]) if first == "day" else (numbers[1], numbers[0])
            wanted = datetime.datetime(numbers[2], month, day, *numbers[3:], tzinfo=datetime.UTC).timestamp()
            assert seconds_as(text, first) == wanted  # type: ignore[arg-type]


def test_a_run_reads_new_days_as_it_read_its_own(
    tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    rows = "".join(f"{day},{'uv'[number % 2]}\n" for number, day in enumerate(DAYS_FIRST))
    (tmp_path / "t.csv").write_text(f"day,y\n{rows}", encoding="utf-8")
    (tmp_path / "new.csv").write_text("day\n03/02/2020\n", encoding="utf-8")
    (tmp_path / "same.csv").write_text("day\n2020-02-03\n", encoding="utf-8")
    inputs = {"when": {"columns": "day", "kind": "time", "parts": ["day", "month"]}}
    changes = {
        "data": {"source": "t.csv", "target": "y", "inputs": inputs, "split": {"by": "time:day"}},
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
        "train.epochs": 1,
    }
    path = write_experiment(tmp_path, changes)
    assert run_dlcli("train", path, cwd=tmp_path).code == 0
    new, same = (run_dlcli("predict", "last", each, "--json", cwd=tmp_path).value for each in ("new.csv", "same.csv"))
    assert new["predictions"] == same["predictions"]
    (column,) = run_dlcli("inspect-data", path, "--json", cwd=tmp_path).value["columns"]
    assert (column["kind"], column["min"]) == ("times", 1577836800.0)
    assert "2020-01-01 … 2020-02-" in run_dlcli("inspect-data", path, cwd=tmp_path).out


def test_days_that_cannot_be_told_say_what_to_write(tmp_path: Path, run_dlcli: Callable[..., Any]) -> None:
    rows = "".join(
        f"{number % 12 + 1:02d}/{number // 12 + 1:02d}/{2000 + number},{number % 7},{'uv'[number % 2]}\n"
        for number in range(60)
    )
    (tmp_path / "t.csv").write_text(f"day,a,y\n{rows}", encoding="utf-8")
    setting = "data.inputs={when: {columns: day, kind: time}}"
    error = run_dlcli("inspect-data", "t.csv", "--target", "y", "--set", setting, "--json", cwd=tmp_path).error
    assert error["hint"].startswith("whether day or month comes first cannot be told: write the year first")
    assert "day may begin with day or month" in run_dlcli("init", "t.csv", cwd=tmp_path).out
    clear = "".join(f"{day},{number % 7},{'uv'[number % 2]}\n" for number, day in enumerate(DAYS_FIRST))
    (tmp_path / "t.csv").write_text(f"day,a,y\n{clear}", encoding="utf-8")
    assert "by: time:day" in run_dlcli("init", "t.csv", cwd=tmp_path).out
