"""dlcli remove: removes runs."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import give


def remove(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="Runs and groups by name, their folders, or last.",
            autocompletion=completion.run_or_group,
        ),
    ] = None,
    filters: options.Filters = [],  # noqa: B006 (Typer copies it)
    keep_best: Annotated[
        str | None,
        typer.Option(
            metavar="METRIC", help="But not the best of them by this metric.", autocompletion=completion.value
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
    runs: options.Runs = options.RUNS,
    json: options.Json = False,
) -> None:
    """Remove runs, without a question, and say what that frees; never one that trains.

    Example: dlcli remove --filter status=failed --dry-run
    """
    from dlcli.actions.remove import remove_chosen
    from dlcli.view.removal import draw_removal

    removal = remove_chosen(runs, names or [], filters=filters, keep_best=keep_best, dry_run=dry_run)
    give(removal, draw_removal, as_json=json)


COMMAND = Command("remove", remove, Panel.AFTER)
