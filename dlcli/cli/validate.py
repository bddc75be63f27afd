"""dlcli validate: every problem of every file."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import emit, out, write_rows


class OutputFormat(StrEnum):
    """How problems are written."""

    TEXT = "text"
    GITHUB = "github"


def validate(
    configs: Annotated[
        list[str],
        typer.Argument(metavar="CONFIG", help="YAML files, or - for standard input.", autocompletion=completion.config),
    ],
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    build: Annotated[bool, typer.Option("--build", help="Also read the data and build the model.")] = False,
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    output_format: Annotated[
        OutputFormat, typer.Option("--output-format", metavar="FORM", help="text, or github for GitHub Actions.")
    ] = OutputFormat.TEXT,
    json: options.Json = False,
) -> None:
    """Show every problem of configurations, in a fraction of a second and without TensorFlow.

    Example: dlcli validate configs/digits.yaml
    """
    from dlcli.actions.validate import validated
    from dlcli.view.console.json_value import json_value
    from dlcli.view.validation import Validation, draw_validation, exit_code, github_lines

    files = dict.fromkeys(configs)
    judgements = [validated(file, settings, build=build, runs=runs, allow_code=allow_code) for file in files]
    if json:
        emit(json_value(Validation([judgement.shown() for judgement in judgements])))
    elif output_format is OutputFormat.GITHUB:
        write_rows("".join(f"{line}\n" for line in github_lines(judgements)))
    else:
        draw_validation(out(), judgements)
    if code := exit_code(judgements):
        raise typer.Exit(code)


COMMAND = Command("validate", validate, Panel.BEFORE)
