"""dlcli doctor: whether everything works here."""

from __future__ import annotations

import typer

from dlcli.cli import options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import give
from dlcli.errors import ResourceError


def doctor(
    runs: options.Runs = options.RUNS,
    json: options.Json = False,
) -> None:
    """Show versions, devices and extras, and try whether everything works, with one tiny training.

    Example: dlcli doctor
    """
    from dlcli.actions.doctor import examined
    from dlcli.view.doctor import draw_health

    health = examined(runs)
    give(health, draw_health, as_json=json)
    if any(not check.ok for check in health.checks):
        raise typer.Exit(ResourceError.code)


COMMAND = Command("doctor", doctor, Panel.UNDERSTANDING, heavy=True)
