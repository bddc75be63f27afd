"""The lines of a file of trainings, split into words as a shell would, each word at its place."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlcli.config.text import LINE_END
from dlcli.errors import Problem

COMMAND = ("dlcli", "train")
"""What a line may begin with."""


@dataclass(frozen=True)
class Word:
    """A word without its quotes, and where it is written: its line and its column, each from 1, and how long it is there."""

    text: str
    line: int
    column: int
    length: int


@dataclass(frozen=True)
class Line:
    """What is behind `dlcli train`. `written` has the lines of the file as they are, from the line `number` on."""

    file: str
    number: int
    written: Sequence[str]
    words: Sequence[Word]

    @property
    def texts(self) -> list[str]:
        """The words alone."""
        return [word.text for word in self.words]

    def problem(self, message: str, word: Word | None, *, kind: str, suggestion: str | None = None) -> Problem:
        """What is wrong with a word, or with the line as a whole."""
        at = word or Word("", self.number, 1, len(self.written[0].rstrip()))
        text = self.written[at.line - self.number]
        return Problem(message, self.file, at.line, at.column, at.length, text, suggestion=suggestion, kind=kind)


def lines_in(text: str, *, file: str) -> tuple[list[Line], list[Problem]]:
    """The lines that train, without those that are empty or a comment; and what cannot be split into words.

    A line that ends with a backslash goes on in the next one.
    """
    lines, problems = list[Line](), list[Problem]()
    for number, written in joined_lines(LINE_END.split(text)):
        line = Line(file, number, written, ())
        try:
            words = list(words_in(written, number=number))
        except UnclosedError as error:
            problems.append(line.problem(str(error), error.at, kind="unclosed_quote"))
            continue
        if not words:
            continue
        if words[0].text == COMMAND[0]:
            if [word.text for word in words[:2]] != [*COMMAND]:
                problems.append(
                    line.problem(
                        "a line trains: expected 'dlcli train'", words[1] if words[1:] else words[0], kind="no_training"
                    )
                )
                continue
            words = words[2:]
        lines.append(Line(file, number, written, words))
    return lines, problems


def joined_lines(written: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines that belong together, with the number of the first: each but the last ends with an odd number of backslashes."""
    group: list[str] = []
    for number, line in enumerate(written, start=1):
        group.append(line)
        ends = re.search(r"\\*\Z", line)
        goes_on = ends is not None and len(ends[0]) % 2 == 1 and not group[0].lstrip().startswith("#")
        if not goes_on or number == len(written):
            yield number - len(group) + 1, group
            group = []


class UnclosedError(ValueError):
    """A quote has no end, or nothing follows a backslash; `at` is the word."""

    def __init__(self, message: str, at: Word) -> None:
        super().__init__(message)
        self.at = at


def words_in(written: Sequence[str], *, number: int) -> Iterator[Word]:
    """The words of lines that belong together, up to a `#` that begins a word. Raises `UnclosedError`."""
    text = "".join([*(line[:-1] for line in written[:-1]), written[-1]])
    stream = io.StringIO(text)
    lexer = shlex.shlex(stream, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    end = 0
    while True:
        start = end + len(text[end:]) - len(text[end:].lstrip(lexer.whitespace))
        if start == len(text) or text[start] == "#":
            return
        line, column = place_in(written, start)
        try:
            word = lexer.get_token()
        except ValueError:
            missing = "nothing follows the backslash" if text.endswith("\\") else "a quote is not closed"
            at = Word("", number + line, column, len(written[line]) - column + 1)
            raise UnclosedError(missing, at) from None
        end = stream.tell()
        length = len(text[start:end].rstrip(lexer.whitespace))
        yield Word(word or "", number + line, column, length)


def place_in(written: Sequence[str], position: int) -> tuple[int, int]:
    """Which line a position is in, from 0, and which column of it, from 1."""
    for number, line in enumerate(written):
        inside = len(line) - (number < len(written) - 1)  # without the backslash
        if position < inside or (position == inside and number == len(written) - 1):
            return number, position + 1
        position -= inside
    return len(written) - 1, len(written[-1]) + 1
