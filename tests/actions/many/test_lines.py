"""Lines of trainings are split as a shell splits them, and each word knows its place."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAW

from dlcli.actions.many.lines import Line, lines_in

TEXT = """\
# rates
configs/digits.yaml --set a=1   # the first

dlcli train 'a b.yaml' --set "name=x y" --name=q#1
  c.yaml \\
    --epochs 3
dlcli train
"""


def split(text: str) -> list[Line]:
    lines, problems = lines_in(text, file="lines.txt")
    assert problems == []
    return lines


def test_the_words_of_lines() -> None:
    assert [(line.number, line.texts) for line in split(TEXT)] == [
        (2, ["configs/digits.yaml", "--set", "a=1"]),
        (4, ["a b.yaml", "--set", "name=x y", "--name=q#1"]),
        (5, ["c.yaml", "--epochs", "3"]),
        (7, []),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.yaml --name x\\\ny", ["a.yaml", "--name", "xy"]),
        ('a.yaml --set "b c\\\nd" e', ["a.yaml", "--set", "b cd", "e"]),
        ("a.yaml e\\\n  f", ["a.yaml", "e", "f"]),
    ],
)
def test_a_line_that_goes_on_is_one_as_in_a_shell(text: str, words: list[str]) -> None:
    assert [line.texts for line in split(text)] == [words]
    said = subprocess.run(["bash", "-c", f"printf '%s\\n' {text}"], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == words


def test_each_word_knows_where_it_is_written() -> None:
    written = TEXT.split("\n")
    words = [word for line in split(TEXT) for word in line.words]
    assert len(words) == 10
    places = [written[word.line - 1][word.column - 1 : word.column - 1 + word.length] for word in words]
    assert places == [
        "configs/digits.yaml", "--set", "a=1", "'a b.yaml'", "--set", '"name=x y"', "--name=q#1", "c.yaml", "--epochs", "3",
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
def test_any_end_of_line_will_do(end: str) -> None:
    assert [line.texts for line in split(f"a.yaml{end or chr(10)}b.yaml{end}")] == [["a.yaml"], ["b.yaml"]]


@pytest.mark.parametrize("text", ["", "\n\n", "# a\\\n  # b\n", "   "])
def test_nothing_trains_nothing(text: str) -> None:
    assert split(text) == []


@pytest.mark.parametrize(
    ("text", "message", "line", "column", "length"),
    [
        ("a.yaml\nb.yaml 'x y", "a quote is not closed", 2, 8, 4),
        ("a.yaml --name \\", "nothing follows the backslash", 1, 15, 1),
        ("dlcli resume last", "a line trains: expected 'dlcli train'", 1, 7, 6),
        ("dlcli", "a line trains: expected 'dlcli train'", 1, 1, 5),
        ("a.yaml \\\n  --set 'b", "a quote is not closed", 2, 9, 2),
    ],
)
def test_what_is_no_line_is_told_at_its_place(text: str, message: str, line: int, column: int, length: int) -> None:
    _, [problem] = lines_in(text, file="lines.txt")
    assert (problem.message, problem.line, problem.column, problem.length) == (message, line, column, length)
    assert problem.text == text.split("\n")[line - 1]


def test_one_mistake_hides_no_other_line() -> None:
    lines, problems = lines_in("a 'b\nc\ndlcli show\nd", file="f")
    assert ([line.texts for line in lines], [each.line for each in problems]) == ([["c"], ["d"]], [1, 3])


@LAW
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=0), min_size=1, max_size=6))
def test_words_that_a_shell_would_quote_come_back(words: list[str]) -> None:
    lines, problems = lines_in(shlex.join(words), file="f")
    assert problems == []
    assert [line.texts for line in lines] == [words if words[:2] != ["dlcli", "train"] else words[2:]]
