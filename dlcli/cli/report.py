"""dlcli report: one page with all that is known of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import emit, err, write_rows


def report(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="Runs and groups by name, their folders, or last.",
            autocompletion=completion.run_or_group,
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The page; by default RUN.html.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="SPLIT", help="Measure train, validation or test; by default test.", autocompletion=completion.split
        ),
    ] = None,
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Leave out what needs the model; TensorFlow is not loaded.")
    ] = False,
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Write one HTML page: the four steps, data, curves, verdict, confusion matrix, worst samples; of several runs what differs.

    Example: dlcli report last -o report.html
    """
    from dlcli.actions.page_files import check_page, page_file, write_page
    from dlcli.actions.report import Choice, file_names, page_of_runs
    from dlcli.view.console.json_value import json_value
    from dlcli.view.console.labelled import note as say_note

    file = output or page_file(file_names(runs, names))
    check_page(file)
    page = page_of_runs(runs, names, Choice(split, not no_model, allow_code))
    written = write_page(page, file)
    for words in page.notes:
        say_note(err(), f"note: {words}")
    for part in written.parts:
        if part.missing is not None:
            hint = f" ({part.hint})" if part.hint else ""
            say_note(err(), f"note: without {part.part}: {part.missing}{hint}")
    if json:
        emit(json_value(written))
    elif output is not None:
        err().print(f"written to {file}", markup=False, highlight=False)
    else:
        write_rows(f"{file}\n")


COMMAND = Command("report", report, Panel.AFTER, heavy=True)
