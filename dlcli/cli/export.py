"""dlcli export: a run as a model for elsewhere, checked before it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, give


def export(
    run: options.RunName,
    format: Annotated[
        str,
        typer.Option(
            metavar="FORMAT",
            help="keras, litert, onnx, saved_model, or all of them.",
            autocompletion=completion.export_format,
        ),
    ] = "keras",
    quantize: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBERS",
            help="How litert keeps numbers: float, dynamic (weights in 8 bits) or int8 (all in 8 bits).",
            autocompletion=completion.export_numbers,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="The folder; each format has one in it. By default RUN-export."
        ),
    ] = None,
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a model that takes raw data, with its schema and an example, checked without dlcli on real samples.

    Example: dlcli export last --format onnx
    """
    from dlcli.actions.export import Asked
    from dlcli.actions.export import export as write
    from dlcli.runs import Run
    from dlcli.view.console.labelled import note as say_note
    from dlcli.view.export import draw_export

    found = Run.find(runs, run)
    folder = output or Path(f"{found.name}-export")
    exported = write(found, Asked(format=format, quantize=quantize, folder=folder, allow_code=allow_code))
    for note in () if quiet else exported.notes:
        say_note(err(), f"note: {note}")
    give(exported, draw_export, as_json=json)


COMMAND = Command("export", export, Panel.AFTER, heavy=True)
