from __future__ import annotations

import io
import math

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from dlcli.errors import ConfigError, DataError, Problem
from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import byte_size, duration, number
from dlcli.view.drawing.bars import bars
from dlcli.view.drawing.histogram import histogram
from dlcli.view.problems import cut_line, error_text, problem_text
from dlcli.view.sentences.sentence import listed


def problem(**changes: object) -> Problem:
    values = {"message": "m", "file": "f.yaml", "line": 3, "column": 1, "text": "a: b", "kind": "bad_value", **changes}
    return Problem(**values)  # type: ignore[arg-type]


EXAMPLE = Problem(
    "unknown argument 'unit' for Dense",
    "configs/digits.yaml",
    15,
    13,
    4,
    "  - Dense: {unit: 64, activation: relu}",
    suggestion="did you mean 'units'?",
    see="dlcli show Dense",
    kind="unknown_argument",
)


def test_the_example_of_the_design():
    assert problem_text(EXAMPLE, unicode=True).plain == (
        "error: unknown argument 'unit' for Dense\n"
        "  ┌─ configs/digits.yaml:15:13\n"
        "15 │   - Dense: {unit: 64, activation: relu}\n"
        "   │             ^^^^ did you mean 'units'?\n"
        "   = see: dlcli show Dense"
    )


def test_the_example_in_ascii():
    assert problem_text(EXAMPLE, unicode=False).plain == (
        "error: unknown argument 'unit' for Dense\n"
        "  --> configs/digits.yaml:15:13\n"
        "15 |   - Dense: {unit: 64, activation: relu}\n"
        "   |             ^^^^ did you mean 'units'?\n"
        "   = see: dlcli show Dense"
    )


@pytest.mark.parametrize(
    ("text", "column", "length", "before", "carets"),
    [
        ("이름: 값들 x", 5, 2, 6, 4),
        ("a: 👍 bad", 6, 3, 6, 3),
        ("\ta: b", 2, 1, 4, 1),
        ("a: b", 3, 99, 2, 2),
        ("a: b", 5, 1, 4, 1),
        ("a: b", 9, 1, 8, 1),
        ("", 1, 1, 0, 1),
    ],
)
def test_the_caret_stands_under_the_right_cell(text, column, length, before, carets):
    last = problem_text(problem(text=text, column=column, length=length), unicode=True).plain.split("\n")[-1]

    assert last == "  │ " + " " * before + "^" * carets


@pytest.mark.parametrize("letter", ["x", "가"])
@pytest.mark.parametrize("column", [1, 40, 118, 121, 200, 300])
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [None, 60])
def test_a_long_line_is_cut_around_the_caret(letter, column, unicode, width):
    text = letter * (column - 1) + "!" + letter * (300 - column)

    shown = problem_text(problem(text=text, column=column), unicode=unicode, width=width).plain.split("\n")

    line, caret = shown[2], shown[3]
    assert cell_len(line) <= (124 if width is None else 60)
    assert cell_len(line[: line.index("!")]) == caret.index("^")
    assert caret.count("^") == 1


def test_a_suggestion_that_does_not_fit_is_wrapped_where_a_width_is_given():
    long = problem(suggestion="there are: " + ", ".join(f"name{k}" for k in range(20)))

    assert len(problem_text(long, unicode=True).plain.split("\n")) == 4
    wrapped = problem_text(long, unicode=True, width=60).plain.split("\n")
    assert max(map(cell_len, wrapped)) <= 60
    assert " ".join(line.removeprefix("  │ ") for line in wrapped[4:]) == long.suggestion


def test_a_problem_of_the_whole_file_has_no_line():
    shown = problem_text(problem(line=0, column=0), unicode=True).plain
    assert shown == "error: m\n  ┌─ f.yaml"


def test_problems_are_separated_and_counted():
    shown = error_text(ConfigError([problem(line=0), problem(line=0, message="[/b]")]), unicode=False).plain
    assert shown == "error: m\n  --> f.yaml\n\nerror: [/b]\n  --> f.yaml\n\n2 problems in f.yaml"


def test_one_problem_is_not_counted():
    assert error_text(ConfigError([problem(line=0)]), unicode=False).plain == "error: m\n  --> f.yaml"


def test_problems_of_two_files_count_the_files():
    shown = error_text(ConfigError([problem(line=0), problem(line=0, file="g.yaml")]), unicode=False).plain
    assert shown.endswith("\n\n2 problems in 2 files")


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ({}, ""),
        ({"file": "a.csv"}, "\n  ┌─ a.csv"),
        ({"file": "a.csv", "line": 3}, "\n  ┌─ a.csv:3"),
        ({"file": "a.csv", "line": 3, "column": 7}, "\n  ┌─ a.csv:3:7"),
    ],
)
def test_another_error_shows_message_place_and_hint(place, shown):
    error = DataError("bad [/b]", kind="bad_cell", hint="write this", **place)
    assert error_text(error, unicode=True).plain == f"error: bad [/b]{shown}\n   = write this"


def test_control_characters_reach_no_terminal():
    evil = problem(message="a\x1b]0;x\x07", text="a: \x1b[31mb", suggestion="\x1b[2J", see="\x9b", file="\x1bf")
    shown = problem_text(evil, unicode=True).plain.replace("\n", "")
    assert shown.isprintable()


def test_bars_are_aligned_with_wide_names_and_markup():
    lines = bars({"고양이": 120, "[/b]dog": 30, "none": 0}, width=40).plain.split("\n")
    assert lines == [
        "고양이   █████████████████  120   80.0 %",
        "[/b]dog  ████▎               30   20.0 %",
        "none                          0    0.0 %",
    ]


def test_bars_in_ascii_say_how_many_more_there_are():
    lines = bars({f"c{k}": k + 1 for k in range(32)}, width=40, unicode=False, most=2).plain.split("\n")
    assert [line.split()[0] for line in lines] == ["c0", "c1", "..."]
    assert lines[-1] == "... and 30 more"
    assert "".join(lines).isascii()


@pytest.mark.parametrize("counts", [{}, {"x" * 99: 10**12, "나" * 50: 1}, {"a": 0}, {"a": 1}])
@pytest.mark.parametrize("width", [48, 60, 120])
def test_bars_never_exceed_their_width(counts, width):
    assert max(map(cell_len, bars(counts, width=width).plain.split("\n"))) <= width


def test_a_count_above_zero_is_always_seen():
    assert "▏" in bars({"a": 1_000_000, "b": 1}, width=60).plain


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"), (0, "0"), (9999, "9999"), (10_000, "10,000"), (-12_345, "-12,345"), (1_234_567, "1,234,567"),
        (np.int64(12_345), "12,345"), (0.0, "0"), (0.312, "0.3120"), (1.0, "1.000"), (0.99999, "1.000"),
        (64.0, "64.00"), (999.96, "1000"), (12_345.6, "12,346"), (999_999.9, "1,000,000"), (1e6, "1.000e+06"),
        (1e-4, "0.0001000"), (9.9e-5, "9.900e-05"), (-0.5, "-0.5000"), (math.nan, "nan"), (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)  # fmt: skip
def test_numbers(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.99999, 7, "0.9999900"),
        (35_313.128, 7, "35,313.13"),
        (1234.5678, 7, "1234.568"),
        (0.4321, 2, "0.43"),
        (120.4, 2, "120"),
        (12_345.6, 2, "12,346"),
        (9.9e-5, 2, "9.9e-05"),
        (9.6, 2, "9.6"),
    ],
)
def test_numbers_of_other_lengths(value: float, digits: int, shown: str) -> None:
    assert number(value, digits=digits) == shown


@pytest.mark.parametrize(
    ("bytes", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_950, "100 kB"),
        (999_960, "1.0 MB"),
        (2 * 10**9, "2.0 GB"),
        (10**13, "10000 GB"),
    ],
)
def test_sizes(bytes, shown):
    assert byte_size(bytes) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (0.04, "0.04 s"),
        (0.8, "0.8 s"),
        (9.97, "10 s"),
        (12, "12 s"),
        (59.7, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.9, "1 h 00 min"),
        (7440, "2 h 04 min"),
        (math.nan, "–"),
        (-1, "–"),
    ],
)
def test_durations(seconds, shown):
    assert duration(seconds) == shown


def printed(encoding: str, width: int) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    rows = [["[/b]", "1"], ["고양이" if encoding == "utf-8" else "cat", "12,345"]]
    write_table(Console(file=stream, width=width), Table([Column("name"), number_column("count", str)], rows))
    return stream.buffer.getvalue().decode(encoding)


def test_a_table_has_a_rule_under_its_header_only():
    assert printed("utf-8", 60) == "name      count\n───────────────\n[/b]          1\n고양이   12,345\n"


def test_a_table_in_ascii():
    assert printed("ascii", 60) == "name    count\n-------------\n[/b]        1\ncat    12,345\n"


@pytest.mark.parametrize(("classes", "last"), [(19, "c18"), (20, "c19"), (21, "… and 1 more")])
def test_up_to_twenty_bars_are_all_of_them(classes, last):
    lines = bars({f"c{number}": 1 for number in range(classes)}, width=60).plain.split("\n")
    assert len(lines) == classes
    assert lines[-1].startswith(last)


def test_a_histogram_goes_from_left_to_right():
    assert histogram([1, 0, 3, 8]) == "▁ ▃█"
    assert histogram([1, 0, 3, 8], unicode=False) == "_ -@"
    assert histogram([1, 1000]) == "▁█"
    assert histogram([0, 0]) == "  "


@pytest.mark.parametrize(("names", "text"), [(5, "'0', '1', '2', '3', '4'"), (6, "'0', '1', '2', '3', '4' and 1 more")])
def test_five_names_are_listed_and_the_rest_is_counted(names, text):
    assert listed([str(number) for number in range(names)]) == text


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0949, "0.09 s"),
        (0.095, "0.1 s"),
        (9.949, "9.9 s"),
        (9.95, "10 s"),
        (59.4, "59 s"),
        (60, "1 min 00 s"),
        (3599.4, "59 min 59 s"),
        (3600, "1 h 00 min"),
    ],
)
def test_a_time_changes_its_unit_where_its_digits_do(seconds, shown):
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (99_949, "99.9 kB"),
        (99_951, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (999_499_999, "999 MB"),
        (999_500_000, "1.0 GB"),
    ],
)
def test_a_size_changes_its_unit_where_its_digits_do(size, shown):
    assert byte_size(size) == shown


@pytest.mark.parametrize(("column", "length", "start"), [(36, 4, "a"), (37, 4, "…"), (20, 19, "a"), (21, 20, "…")])
def test_a_long_line_keeps_its_start_as_long_as_what_is_marked_fits(column, length, start):
    evil = problem(text="a" * 200, column=column, length=length)
    shown, at, marked = cut_line(evil, room=40, unicode=True)
    assert (cell_len(shown), shown[0], shown[-1]) == (40, start, "…")
    assert 0 < marked <= length
    assert at + marked <= 40


def test_a_line_that_fits_is_whole():
    evil = problem(text="a" * 40, column=40, length=1)
    assert cut_line(evil, room=40, unicode=True) == ("a" * 40, 39, 1)
    assert cut_line(problem(text="a" * 41, column=1, length=1), room=40, unicode=True)[0] == "a" * 39 + "…"
