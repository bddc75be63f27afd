"""dlcli train: trains a configuration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dlcli.cli import options
from dlcli.cli.output import err, give


def train(
    config: options.Config,
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    name: Annotated[str | None, typer.Option(help="The run's name; by default the configuration's.")] = None,
    runs: options.Runs = options.RUNS,
    epochs: Annotated[int | None, typer.Option(min=1, help="The same as --set train.epochs=N.")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="CONDITION", help="Stop when it holds: 'val_accuracy >= 0.98'.")
    ] = None,
    time_limit: Annotated[str | None, typer.Option(metavar="TIME", help="Stop after 90s, 30m or 2h.")] = None,
    no_rename: Annotated[
        bool, typer.Option("--no-rename", help="Fail if the name is taken, instead of adding a number.")
    ] = False,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    json_lines: Annotated[
        bool, typer.Option("--json-lines", help="One JSON object on standard output as each epoch ends.")
    ] = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a configuration and keep everything about it in a run.

    Example: dlcli train configs/digits.yaml --set optimizer.learning_rate=0.01
    """
    from dlcli.config import load_config

    given = {"train.epochs": epochs, "train.until": until, "train.time_limit": time_limit}
    extra = [
        f"{path}={value!r}" if isinstance(value, str) else f"{path}={value}"
        for path, value in given.items()
        if value is not None
    ]
    checked, content = load_config(config, settings=[*settings, *extra])
    from dlcli.training.train import Request
    from dlcli.training.train import train as run_training
    from dlcli.view.console import FadingStream
    from dlcli.view.json_lines import JsonLinesView
    from dlcli.view.live import choose_view
    from dlcli.view.training_result import draw_training

    view = choose_view(err(), quiet=quiet)
    if json_lines:
        view = JsonLinesView(FadingStream(sys.stdout), view)
    request = Request(checked, content, config, Path(runs), name=name, rename=not no_rename, allow_code=allow_code)
    with view:
        run, state = run_training(request, view)
    value: dict[str, Any] = {
        "run": run.name,
        "path": str(run.path),
        **{
            key: getattr(state, key)
            for key in (
                "status",
                "reason",
                "exact",
                "epochs",
                "best",
                "metrics",
                "baseline",
                "verdict",
                "seconds",
                "samples_per_second",
                "engine",
            )
        },
    }
    if json or not json_lines:
        # The training is done and saved: that nobody reads the result any more is no reason to fail.
        sys.stdout = FadingStream(sys.stdout)
        give(value, draw_training, as_json=json)
