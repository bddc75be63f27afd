"""dlcli export: a run as a model for elsewhere, checked before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, give
from dlcli.errors import UsageError

if TYPE_CHECKING:
    from dlcli.runs import Run

Docker = Annotated[
    bool, typer.Option("--docker", help="Write a Dockerfile instead, with what an image needs to serve the run.")
]


def export(
    run: options.RunName,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            help="keras, litert, onnx, saved_model, or all of them; keras if nothing else is asked for.",
            autocompletion=completion.export_format,
        ),
    ] = None,
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
    card: Annotated[
        bool, typer.Option("--card", help="Write a model card in Markdown, README.md, alone or with a format.")
    ] = False,
    docker: Docker = False,
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
    from dlcli.actions.model_card import write_card
    from dlcli.runs import Run
    from dlcli.view.console.labelled import note as say_note
    from dlcli.view.export import CardWritten, draw_card, draw_export

    found = Run.find(runs, run)
    folder = output or Path(f"{found.flat_name}-export")
    if docker:
        give_docker(found, folder, [format, quantize, card or None], allow_code=allow_code, json=json)
        return
    written = str(write_card(found, folder, allow_code=allow_code)) if card else None
    if written is not None and format is None and quantize is None:
        give(CardWritten(run=found.name, card=written), draw_card, as_json=json)
        return
    asked = Asked(format=format or "keras", quantize=quantize, folder=folder, allow_code=allow_code)
    exported = replace(write(found, asked), card=written)
    for note in () if quiet else exported.notes:
        say_note(err(), f"note: {note}")
    give(exported, draw_export, as_json=json)


def give_docker(run: Run, folder: Path, others: Sequence[object], *, allow_code: bool, json: bool) -> None:
    """Writes what Docker needs. Raises `UsageError` where something else is asked for as well."""
    from dlcli.actions.export.docker import write_docker
    from dlcli.view.docker import draw_docker

    if any(each is not None for each in others):
        message = "--docker writes what serves the run, and --format, --quantize and --card something else"
        raise UsageError(message, hint="write one of them", kind="options_exclude")
    give(write_docker(run, folder, allow_code=allow_code), draw_docker, as_json=json)


COMMAND = Command("export", export, Panel.AFTER, heavy=True)
