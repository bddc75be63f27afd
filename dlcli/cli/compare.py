"""dlcli compare: runs beside each other."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import give


def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="Runs and groups by name, their folders, or last.",
            autocompletion=completion.run_or_group,
        ),
    ],
    runs: options.Runs = options.RUNS,
    json: options.Json = False,
) -> None:
    """Show what differs between runs, what they reached, and whether that is more than noise.

    Example: dlcli compare iris iris-2
    """
    from dlcli.actions.compare import compare as compare_runs
    from dlcli.view.comparison import draw_comparison

    give(compare_runs(runs, names), draw_comparison, as_json=json)


COMMAND = Command("compare", compare, Panel.AFTER)
