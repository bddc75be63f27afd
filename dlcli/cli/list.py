"""dlcli list: what there is of a kind."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import give


def list_kind(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            help="layers, losses, optimizers, sources, …",
            autocompletion=completion.kind,
        ),
    ] = None,
    no_pager: options.NoPager = False,
    json: options.Json = False,
) -> None:
    """List the layers, losses, optimizers, schedules, metrics, sources, … that a configuration can name.

    Example: dlcli list layers
    """
    from dlcli.config.reference import kinds, names
    from dlcli.view.reference import draw_kinds, draw_names, names_shown

    if kind is None:
        give(kinds(), draw_kinds, as_json=json, pages=not no_pager)
    else:
        give(names_shown(names(kind)), draw_names, as_json=json, pages=not no_pager)


COMMAND = Command("list", list_kind, Panel.UNDERSTANDING)
