"""dlcli look: what the layers of a run see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, give
from dlcli.errors import UsageError


def look(
    run: options.RunName = "last",
    layer: Annotated[
        str | None,
        typer.Option(
            metavar="L", help="Look at this layer; one inside a model as tower/dense.", autocompletion=completion.layer
        ),
    ] = None,
    sample: Annotated[int, typer.Option(metavar="N", help="The sample of the split, counted from 1.")] = 1,
    grad_cam: Annotated[bool, typer.Option("--grad-cam", help="Show what counted for the answer.")] = False,
    class_: Annotated[
        str | None, typer.Option("--class", metavar="C", help="Ask about this class, not the one that is predicted.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="SPLIT", help="By default validation.", autocompletion=completion.split),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", metavar="TARGET", help="Of several outputs this one; by default the first."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("-o", metavar="FOLDER", help="Also write all of it as pictures (PNG and SVG).")
    ] = None,
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    no_pager: options.NoPager = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show what layers see: filters, a sample's activations, classes coming apart, and what counted for an answer.

    Example: dlcli look last --sample 3 --grad-cam
    """
    from dlcli.actions.look import Asking
    from dlcli.actions.look import look as look_at
    from dlcli.runs import Run
    from dlcli.view.console.labelled import note as say_note
    from dlcli.view.drawn_look import draw_look

    if class_ is not None and not grad_cam:
        raise UsageError("--class asks what counted for it", hint="write --grad-cam too", kind="option_without_effect")
    asking = Asking(layer=layer, sample=sample, grad_cam=grad_cam, answer=class_, split=split, output=output)
    looked = look_at(Run.find(runs, run), asking, folder=folder, allow_code=allow_code)
    for note in () if quiet else looked.notes:
        say_note(err(), f"note: {note}")
    give(looked, draw_look, as_json=json, pages=not no_pager)


COMMAND = Command("look", look, Panel.UNDERSTANDING, heavy=True)
