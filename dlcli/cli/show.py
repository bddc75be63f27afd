"""dlcli show: one thing's arguments, with an example in YAML."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import give


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A layer, loss, optimizer, source, or a block such as train.",
            autocompletion=completion.name,
        ),
    ],
    no_pager: options.NoPager = False,
    json: options.Json = False,
) -> None:
    """Show what something takes and how it is written.

    Example: dlcli show Dense
    """
    from dlcli.config.reference import things
    from dlcli.view.reference import draw_thing

    give(things(name), draw_thing, as_json=json, pages=not no_pager)


COMMAND = Command("show", show, Panel.UNDERSTANDING)
