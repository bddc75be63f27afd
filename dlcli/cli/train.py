"""dlcli train: trains a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import grouped, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.training import Shown, show_training
from dlcli.errors import UsageError
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
    seeds: grouped.Seeds = None,
    folds: grouped.Folds = None,
    jobs: grouped.Jobs = None,
    threads: grouped.Threads = None,
    resume: grouped.Resume = False,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    json_lines: options.JsonLines = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Train a configuration and keep everything about it in a run.

    Example: dlcli train configs/digits.yaml --set optimizer.learning_rate=0.01
    """
    is_group = seeds is not None or folds is not None
    if not is_group:
        grouped.check_alone(jobs=jobs, threads=threads, resume=resume)
    elif json_lines:
        raise UsageError("--json-lines tells the epochs of one run", hint="write --json", kind="option_without_effect")
    with stage("reading the configuration"):
        from dlcli.config import load_config

        given = [*settings, *options.train_settings(epochs, until, time_limit)]
        checked, content = load_config(config, settings=given)
    from dlcli.training.train import Request
    from dlcli.training.train import train as run_training

    request = Request(
        checked, content, config, Path(runs), name=name, rename=not no_rename, allow_code=allow_code, settings=given
    )
    if is_group:
        each = {"jobs": jobs, "threads": threads}
        grouped.train_members(request, seeds=seeds, folds=folds, **each, resume=resume, json=json, verbose=verbose)
        return
    shown = Shown(quiet=quiet, verbose=verbose, json=json, json_lines=json_lines)
    if checked.train.is_begun_together:
        from dlcli.cli.workers import train_together

        train_together(request, shown=shown)
        return
    show_training(lambda listeners: run_training(request, listeners), shown=shown, first="reading the data")


COMMAND = Command("train", train, Panel.TRAINING, heavy=True)
