"""What is wrong with configurations: every problem of every file, with the lines that they are at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from dlcli.errors import ConfigError, DlcliError, Problem
from dlcli.view.console.console import supports_unicode
from dlcli.view.console.labelled import line_width, whole_lines
from dlcli.view.problems import error_text, problem_text


@dataclass(frozen=True)
class ProblemShown:
    """A problem as JSON has it; `path` is the way to it in the configuration, joined by dots."""

    file: str
    line: int
    column: int
    path: str
    message: str
    suggestion: str | None
    kind: str


@dataclass(frozen=True)
class FileShown:
    """A file with what is wrong with it; `code` is the exit code that it alone would give."""

    file: str
    problems: Sequence[ProblemShown]
    notes: Sequence[ProblemShown]
    code: int


@dataclass(frozen=True)
class Validation:
    """The keys of `dlcli validate --json`."""

    files: Sequence[FileShown]


@dataclass(frozen=True)
class Judgement:
    """What ended the reading of a file, or None, and notes on it."""

    file: str
    error: DlcliError | None
    notes: Sequence[Problem] = field(default_factory=tuple)

    @property
    def code(self) -> int:
        """The exit code of the file alone."""
        return 0 if self.error is None else self.error.code

    def shown(self) -> FileShown:
        """The file as JSON has it."""
        problems = [] if self.error is None else problems_in(self.error)
        return FileShown(self.file, list(map(problem_shown, problems)), list(map(problem_shown, self.notes)), self.code)


def exit_code(judgements: Sequence[Judgement]) -> int:
    """0 where all is well, the code of the only kind of error, or that of a wrong configuration where there are several."""
    codes = {judgement.code for judgement in judgements} - {0}
    return codes.pop() if len(codes) == 1 else ConfigError.code if codes else 0


def draw_validation(console: Console, judgements: Sequence[Judgement]) -> None:
    """The problems of each file, or that it is well."""
    unicode = supports_unicode(console.file)
    width = line_width(console)
    for position, judgement in enumerate(judgements):
        parts = [problem_text(note, unicode=unicode, width=width, kind="note") for note in judgement.notes]
        error = judgement.error
        if position and (parts or error or judgements[position - 1].error):
            console.print()
        parts.append(
            Text(f"{judgement.file}: ok") if error is None else error_text(error, unicode=unicode, width=width)
        )
        whole_lines(console, Text("\n").join(parts))


def github_lines(judgements: Sequence[Judgement]) -> Iterator[str]:
    """Each problem and note as GitHub Actions shows it beside the line of the file, of data beside the line that names it."""
    for judgement in judgements:
        shown, named = judgement.shown(), None if judgement.error is None else judgement.error.named
        for level, problems in (("error", shown.problems), ("warning", shown.notes)):
            for each in problems:
                message = each.message + (f": {each.suggestion}" if each.suggestion else "")
                file, line, column = (
                    (named.file, named.line, named.column)
                    if named is not None and named.line and level == "error"
                    else (each.file or shown.file, each.line, each.column)
                )
                place = f"file={escaped_property(file)},line={max(1, line)},col={max(1, column or 0)}"
                yield f"::{level} {place},title=dlcli {each.kind}::{escaped_data(message)}"


def escaped_data(text: str) -> str:
    """A text as a command of GitHub Actions holds it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(text: str) -> str:
    """A text as a property of such a command."""
    return escaped_data(text).replace(":", "%3A").replace(",", "%2C")


def problems_in(error: DlcliError) -> Sequence[Problem]:
    """An error as problems: all those of a configuration, or the one of data that cannot be read."""
    if isinstance(error, ConfigError):
        return error.problems
    line, column = error.line or 0, error.column or 0
    return [Problem(error.message, error.file or "", line, column, suggestion=error.hint, kind=error.kind)]


def problem_shown(problem: Problem) -> ProblemShown:
    """A problem as JSON has it."""
    path, suggestion = ".".join(map(str, problem.path)), problem.suggestion or problem.see
    return ProblemShown(problem.file, problem.line, problem.column, path, problem.message, suggestion, problem.kind)
