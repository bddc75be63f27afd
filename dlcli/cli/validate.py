"""dlcli validate: every problem of every file."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dlcli.cli import options
from dlcli.cli.output import emit, out
from dlcli.errors import ConfigError, Problem


def validate(
    configs: Annotated[list[str], typer.Argument(metavar="CONFIG...", help="YAML files, or - for standard input.")],
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    build: Annotated[bool, typer.Option("--build", help="Also read the data and build the model.")] = False,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Show every problem of configurations, in a fraction of a second and without TensorFlow.

    Example: dlcli validate configs/digits.yaml
    """
    found = {file: judged(file, settings, build=build, allow_code=allow_code) for file in configs}
    if json:
        emit({"files": [{"file": file, **as_json(*judgement)} for file, judgement in found.items()]})
    else:
        from dlcli.view.console import supports_unicode
        from dlcli.view.problems import error_text, problem_text

        console = out()
        unicode = supports_unicode(console.file)
        for file, (problems, notes) in found.items():
            for note in notes:
                console.print(problem_text(note, unicode=unicode, kind="note"))
            console.print(error_text(ConfigError(problems), unicode=unicode) if problems else f"{file}: ok")
    if any(problems for problems, _ in found.values()):
        raise typer.Exit(ConfigError.code)


def judged(file: str, settings: list[str], *, build: bool, allow_code: bool) -> tuple[list[Problem], list[Problem]]:
    """The problems of one file, with `build` also those of the model on the shapes of its data; and the notes."""
    from dlcli.config import load_config

    try:
        config, _ = load_config(file, settings=settings)
        if build:
            from dlcli.training.backend import chatter_to
            from dlcli.training.experiment import set_up_config

            with chatter_to(None):
                set_up_config(config, allow_code=allow_code)
    except ConfigError as error:
        return error.problems, []
    return [], config.notes


def as_json(problems: list[Problem], notes: list[Problem]) -> dict[str, Any]:
    """Problems and notes as JSON has them."""
    return {"problems": [plain(each) for each in problems], "notes": [plain(each) for each in notes]}


def plain(problem: Problem) -> dict[str, Any]:
    """A problem as JSON has it."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": ".".join(str(part) for part in problem.path),
        "message": problem.message,
        "suggestion": problem.suggestion or problem.see,
    }
