"""dlcli init: a configuration to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, write
from dlcli.errors import UsageError


def init(
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA", help="A data file, a folder, or a bundled data set.", autocompletion=completion.data
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="The column that is predicted; repeatable.", autocompletion=completion.column
        ),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="A configuration of the gallery instead.", autocompletion=completion.template
        ),
    ] = None,
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it there instead of showing it; - shows it."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
) -> None:
    """Write a configuration that trains as it is, each choice with its reason.

    Example: dlcli init iris -o my-iris.yaml
    """
    from dlcli.actions.init import check_new_file, write_configuration
    from dlcli.actions.init import init as draft
    from dlcli.actions.init import template as copy
    from dlcli.view.console.labelled import note

    if (data is None) == (template is None):
        raise UsageError("name either DATA or --template NAME", hint="dlcli init iris", kind="bad_command_line")
    shown = output in {None, Path("-")}
    if output is not None and not shown:
        check_new_file(output, force=force)
    guessed = None
    if template is not None:
        text = copy(template)
    else:
        assert data is not None
        drafted = draft(data, target=target or [], file=None if shown else output, settings=settings)
        text, guessed = drafted.text, drafted.guessed
    if output is None or shown:
        write(text)
        return
    write_configuration(text, output, force=force)
    err().print(f"written to {output}; next: dlcli train {output}")
    if guessed is not None:
        note(err(), f"target: {guessed}, the last column that can be one; --target takes another")


COMMAND = Command("init", init, Panel.BEFORE)
