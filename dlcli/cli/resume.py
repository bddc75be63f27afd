"""dlcli resume: goes on with a run."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli import options
from dlcli.cli.command import Command, Panel
from dlcli.cli.grouped import resume_group
from dlcli.cli.training import Shown, show_training


def resume(
    run: options.RunOrGroup = "last",
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    runs: options.Runs = options.RUNS,
    epochs: options.Epochs = None,
    until: options.Until = None,
    time_limit: options.TimeLimit = None,
    allow_config_change: Annotated[
        bool, typer.Option("--allow-config-change", help="Go on with a changed configuration, no longer exact.")
    ] = False,
    allow_data_change: Annotated[
        bool, typer.Option("--allow-data-change", help="Go on with changed data, no longer exact.")
    ] = False,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    json_lines: options.JsonLines = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Go on exactly where a run stopped, or train a finished one for more epochs.

    Example: dlcli resume last --epochs 40
    """
    one_run = {
        "--set": settings,
        "--epochs": epochs,
        "--until": until,
        "--time-limit": time_limit,
        "--allow-config-change": allow_config_change,
        "--allow-data-change": allow_data_change,
        "--json-lines": json_lines,
    }
    if resume_group(runs, run, one_run, allow_code=allow_code, json=json, verbose=verbose):
        return
    from dlcli.runs import Run
    from dlcli.training.resume import ResumeRequest
    from dlcli.training.resume import resume as go_on

    request = ResumeRequest(
        Run.find(runs, run),
        [*settings, *options.train_settings(epochs, until, time_limit)],
        allow_code=allow_code,
        allow_config_change=allow_config_change,
        allow_data_change=allow_data_change,
    )
    shown = Shown(quiet=quiet, verbose=verbose, json=json, json_lines=json_lines)
    show_training(lambda listeners: go_on(request, listeners), shown=shown)


COMMAND = Command("resume", resume, Panel.TRAINING, heavy=True)
