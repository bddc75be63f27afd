"""dlcli reproduce: trains a run again and says whether the numbers match."""

from __future__ import annotations

import typer

from dlcli.cli import options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, give

DIFFERS = 9
"""The exit code where a number is another one."""


def reproduce(
    run: options.RunName = "last",
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a run again from its folder, compare every epoch, and say what differs and whether it matters.

    Example: dlcli reproduce last
    """
    from dlcli.actions.reproduce import reproduce as train_again
    from dlcli.runs import Run
    from dlcli.view.reproduced import draw_reproduced
    from dlcli.view.training.listeners import Listeners
    from dlcli.view.training.live import ProgressRests, choose_view

    # Notes and warnings were said when it was trained first; on a terminal it shows how far it has come.
    view = choose_view(err(), quiet=quiet or json, verbose=False)
    with Listeners([ProgressRests(), view]) as listeners:
        found = train_again(Run.find(runs, run), listeners, runs=runs, allow_code=allow_code)
    give(found, draw_reproduced, as_json=json)
    if not found.equal:
        raise typer.Exit(DIFFERS)


COMMAND = Command("reproduce", reproduce, Panel.AFTER, heavy=True)
