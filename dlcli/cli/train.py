"""dlcli train: trains a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import options
from dlcli.cli.command import Command, Panel
from dlcli.cli.training import Shown, show_training
from dlcli.progress import stage


def train(
    config: options.Config,
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The run's name; by default the configuration's.")
    ] = None,
    runs: options.Runs = options.RUNS,
    epochs: options.Epochs = None,
    until: options.Until = None,
    time_limit: options.TimeLimit = None,
    no_rename: Annotated[
        bool, typer.Option("--no-rename", help="Fail if the name is taken, instead of adding a number.")
    ] = False,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    json_lines: options.JsonLines = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Train a configuration and keep everything about it in a run.

    Example: dlcli train configs/digits.yaml --set optimizer.learning_rate=0.01
    """
    with stage("reading the configuration"):
        from dlcli.config import load_config

        given = [*settings, *options.train_settings(epochs, until, time_limit)]
        checked, content = load_config(config, settings=given)
    from dlcli.training.train import Request
    from dlcli.training.train import train as run_training

    request = Request(
        checked, content, config, Path(runs), name=name, rename=not no_rename, allow_code=allow_code, settings=given
    )
    shown = Shown(quiet=quiet, verbose=verbose, json=json, json_lines=json_lines)
    show_training(lambda listeners: run_training(request, listeners), shown=shown, first="reading the data")


COMMAND = Command("train", train, Panel.TRAINING, heavy=True)
