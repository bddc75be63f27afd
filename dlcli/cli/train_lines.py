"""Lines of a file as the command line of `dlcli train`, checked all together before the first is trained."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dlcli.cli.asked import asked_apart
from dlcli.cli.everywhere import with_options_of_all
from dlcli.cli.grouped import check_alone
from dlcli.cli.options import train_settings
from dlcli.cli.train import COMMAND as TRAIN
from dlcli.errors import ConfigError, DlcliError, LinesError, Problem, UsageError

if TYPE_CHECKING:
    from dlcli.actions.many.asked import Asked
    from dlcli.actions.many.lines import Line, Word

HELP = {"-h", "--help"}
OF_OPTIONS = {"train.epochs": "--epochs", "train.time_limit": "--time-limit", "train.until": "--until"}
"""The keys that have an option of their own."""


@dataclass
class Mistakes:
    """What is wrong with lines: each thing once, at the first line that has it."""

    problems: dict[tuple[Any, ...], Problem] = field(default_factory=dict)
    places: dict[tuple[Any, ...], list[tuple[int, int]]] = field(default_factory=dict)
    """By problem the line and the column of the file of lines that have it."""
    codes: set[int] = field(default_factory=set)

    def add(self, problem: Problem, *, code: int, at: tuple[int, int] | None = None) -> None:
        """One more, at a line and a column; without these it stands there itself."""
        key = (problem.file, problem.line, problem.column, problem.message)
        self.codes.add(code)
        self.problems.setdefault(key, problem)
        self.places.setdefault(key, []).append(at or (problem.line, problem.column))

    @contextmanager
    def of(self, line: Line, option: str | None = None) -> Iterator[None]:
        """Takes what is raised while it is open for a mistake of a line, at an `option` or where it says itself."""
        try:
            yield
        except ConfigError as error:
            for each in error.problems:
                source = word_of_problem(line, each) or line.words[0]
                self.add(each, code=error.code, at=(source.line, source.column))
        except DlcliError as error:
            word = next((each for each in line.words if each.text.partition("=")[0] == option), None)
            self.add(line.problem(error.message, word, kind=error.kind, suggestion=error.hint), code=error.code)
        except Exception as error:
            if not hasattr(error, "format_message"):
                raise
            word = word_at_fault(line, error)
            self.add(line.problem(error.format_message(), word, kind="bad_command_line"), code=UsageError.code)

    def told(self, file: str) -> list[Problem]:
        """All of them in the order of the lines; what stands elsewhere with the place of the line that leads there."""
        found = []
        for key in sorted(self.problems, key=lambda key: self.places[key][0]):
            problem, (line, column), more = self.problems[key], self.places[key][0], len(self.places[key]) - 1
            if problem.file != file:
                place = f"{file}:{line}:{column}{f' and {more} more' if more else ''}"
                problem = replace(problem, see="; ".join(filter(None, [problem.see, place])))
            found.append(problem)
        return found

    def check(self, file: str) -> None:
        """Raises `LinesError` with all of them, if there are any."""
        if self.problems:
            raise LinesError(self.told(file), file=file, usage=self.codes == {UsageError.code})


def trainings_of(content: bytes, *, file: str, runs: Path | None) -> list[tuple[Asked, str]]:
    """What each line asks, and what its run would be called if that is free. `runs` is the folder of lines that name none.

    Raises `LinesError` with all mistakes of all lines.
    """
    from dlcli.actions.many.lines import lines_in
    from dlcli.config.devices import check_begun_here
    from dlcli.config.text import decode
    from dlcli.runs.names import check_name
    from dlcli.training.setup.plugins import refuse_plugins
    from dlcli.training.train import asked_name

    lines, problems = lines_in(decode(content, file=file), file=file)
    mistakes = Mistakes()
    trainings: list[tuple[Asked, str]] = []
    for problem in problems:
        mistakes.add(problem, code=UsageError.code)
    if not lines and not problems:
        nothing = Problem("no line trains anything", file, see="a line is what 'dlcli train' takes", kind="no_lines")
        mistakes.add(nothing, code=UsageError.code)
    command = typer.main.get_command(train_alone())
    for line in lines:
        context = None
        with mistakes.of(line), asked_apart():
            context = parsed(line, command)
        if context is None:
            continue
        with mistakes.of(line, "--name"):
            check_name(context.params["name"] or "run")
        with mistakes.of(line):
            asked = asked_in(line, context, runs)
            request = asked.request()
            with request.config.locating():
                check_begun_here(request.config.train.distribute)
            refuse_plugins(request.config.plugins, allow_code=asked.allow_code)
            request.config.data.source.check_code(allowed=asked.allow_code)
            trainings.append((asked, asked_name(request)))
    mistakes.check(file)
    return trainings


def train_alone() -> typer.Typer:
    """`dlcli train` and nothing else."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(TRAIN.name)(with_options_of_all(TRAIN.run))
    return app


def parsed(line: Line, command: Any) -> Any:
    """The options and arguments of a line, as Typer reads them. Raises what Typer raises, and `UsageError`."""
    if HELP & {*line.texts}:
        raise UsageError("help trains nothing", hint="dlcli train --help", kind="no_training")
    context = command.make_context(TRAIN.name, line.texts)
    check_alone(**{name: context.params[name] for name in ("jobs", "threads", "resume")})
    if context.params["seeds"] is not None or context.params["folds"] is not None:
        hint = "write a line for each: --set seed=1, or --set data.split.fold=1/5"
        raise UsageError("a line trains one run, and no group of them", hint=hint, kind="group_in_line")
    if context.params["config"] == "-":
        raise UsageError("a line cannot read its configuration from standard input", kind="no_training")
    return context


def asked_in(line: Line, context: Any, runs: Path | None) -> Asked:
    """What a line asks. Raises `ConfigError` where its configuration cannot be read."""
    from dlcli.actions.many.asked import Asked
    from dlcli.config import read_file

    given = context.params
    elsewhere = runs if context.get_parameter_source("runs").name in {"DEFAULT", "ENVIRONMENT"} else None
    return Asked(
        line=line.number,
        words=[*line.texts, *(["--runs", str(elsewhere)] if elsewhere else [])],
        file=given["config"],
        content=read_file(given["config"]),
        settings=[*given["settings"], *train_settings(given["epochs"], given["until"], given["time_limit"])],
        runs=elsewhere or Path(given["runs"]),
        name=given["name"],
        rename=not given["no_rename"],
        allow_code=given["allow_code"],
    )


def word_of_problem(line: Line, problem: Problem) -> Word | None:
    """The word that a problem of a configuration comes from: the setting that it quotes, or else that of the file."""
    by_text = {word.text: word for word in line.words}
    option = OF_OPTIONS.get(problem.text.partition("=")[0] if problem.text else "")
    behind = {name.text: value for name, value in pairwise(line.words)}
    joined = {word.text.partition("=")[0]: word for word in line.words if "=" in word.text}
    places = (by_text.get(str(problem.text)), by_text.get(f"--set={problem.text}"))
    of_option = () if option is None else (behind.get(option), joined.get(option))
    return next((each for each in (*places, *of_option, by_text.get(problem.file)) if each is not None), None)


def word_at_fault(line: Line, error: Any) -> Word | None:
    """The word that the command line does not know, or of which it does not like the value."""
    names = {getattr(error, "option_name", None), *getattr(getattr(error, "param", None), "opts", ())}
    return next((word for word in line.words if word.text.partition("=")[0] in names), None)


def nothing_typed(file: str | None) -> str:
    """The file of lines; standard input where none is named. Raises `UsageError` where that is a terminal: nothing is asked."""
    if file is None and sys.stdin.isatty():
        raise UsageError("no file of lines", hint="dlcli many FILE, or - to type them here", kind="no_lines")
    return file or "-"


def lines_content(file: str) -> bytes:
    """The bytes of a file of lines, or of standard input for `-`. Raises `UsageError` where it cannot be read."""
    from dlcli.config.text import MOST_BYTES, configuration_bytes

    try:
        return sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else configuration_bytes(Path(file))
    except OSError as error:
        message = f"cannot read the lines: {error.strerror}"
        raise UsageError(message, file=file, hint="dlcli many FILE, or - for standard input", kind="no_lines") from None


def chosen_words(options: Sequence[tuple[str, object]]) -> Iterator[str]:
    """The options that somebody has chosen, as words."""
    for name, value in options:
        if value is not None:
            yield from (name, str(value))
