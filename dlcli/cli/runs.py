"""dlcli runs: all runs as a table."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli import options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import give


def runs(
    sort: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Ascending by a value, or -VALUE for descending.")
    ] = None,
    filters: Annotated[
        list[str],
        typer.Option("--filter", metavar="EXPRESSION", help="status=done, val_accuracy>=0.9, run~digits. Repeatable."),
    ] = [],  # noqa: B006
    runs: options.Runs = options.RUNS,
    json: options.Json = False,
) -> None:
    """Show the runs with their status and metrics.

    Example: dlcli runs --sort=-val_accuracy --filter status=done
    """
    from dlcli.actions.runs import listed_runs
    from dlcli.view.runs import draw_runs

    give(listed_runs(runs, filters=filters, sort=sort), draw_runs, as_json=json)


COMMAND = Command("runs", runs, Panel.AFTER)
