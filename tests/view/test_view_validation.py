"""What `validate` shows of several files, and the one exit code of all of them."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from dlcli.config.problems import Problem
from dlcli.errors import ConfigError, DataError, DlcliError, UnsafeError
from dlcli.view.validation import Judgement, draw_validation, exit_code

PROBLEMS = [
    Problem(
        "unknown key 'x'", "a.yaml", 2, 3, path=("data", "x"), suggestion="y", see="dlcli show data", kind="unknown_key"
    ),
    Problem("no loss", "a.yaml", 1, 1, see="dlcli list losses", kind="missing_key"),
]
CONFIG = ConfigError(PROBLEMS)
DATA = DataError("no file", file="a.csv", hint="write another", kind="no_such_file")
UNSAFE = UnsafeError("runs code", kind="code_not_allowed")


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([None, None], 0),
        ([CONFIG, None], 3),
        ([None, DATA], 4),
        ([DATA, DATA], 4),
        ([UNSAFE], UNSAFE.code),
        ([DATA, UNSAFE], 3),
        ([DATA, CONFIG, None], 3),
        ([], 0),
    ],
)
def test_several_kinds_of_errors_count_as_a_wrong_configuration(errors: list[DlcliError | None], code: int) -> None:
    assert exit_code([Judgement("a.yaml", error) for error in errors]) == code


def test_an_error_is_shown_as_problems_with_what_to_write_or_where_to_look() -> None:
    shown = Judgement("a.yaml", CONFIG, [PROBLEMS[1]]).shown()
    assert [(each.path, each.line, each.suggestion, each.kind) for each in shown.problems] == [
        ("data.x", 2, "y", "unknown_key"),
        ("", 1, "dlcli list losses", "missing_key"),
    ]
    assert [each.message for each in shown.notes] == ["no loss"]
    assert shown.code == 3
    [problem] = Judgement("a.yaml", DATA).shown().problems
    assert (problem.file, problem.line, problem.suggestion, problem.kind) == (
        "a.csv",
        0,
        "write another",
        "no_such_file",
    )


def test_each_file_is_told_with_its_notes_before_it() -> None:
    console = Console(file=io.StringIO(), width=100, markup=False, highlight=False, _environ={})
    draw_validation(console, [Judgement("a.yaml", None, [PROBLEMS[1]]), Judgement("b.yaml", DATA)])
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert text.index("note: no loss") < text.index("a.yaml: ok") < text.index("error: no file")
