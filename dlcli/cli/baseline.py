"""dlcli baseline: what the classical methods reach on the same data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, give


def baseline(
    what: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG|RUN",
            help="A YAML file, or a run's name, its folder, or last.",
            autocompletion=completion.config_or_run,
        ),
    ],
    split: Annotated[
        str | None,
        typer.Option(
            metavar="SPLIT",
            help="train, validation or test.  [default: test, or validation where there is none]",
            autocompletion=completion.split,
        ),
    ] = None,
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Let the classical methods learn the same data, from a constant answer to gradient boosting, beside the network.

    Example: dlcli baseline configs/tables/iris.yaml
    """
    from dlcli.actions.baseline import baseline_of
    from dlcli.config import load_config
    from dlcli.runs import Run
    from dlcli.view.baseline import draw_baselines
    from dlcli.view.console.labelled import note as say_note

    is_config = what == "-" or Path(what).suffix.lower() in {".yaml", ".yml"}
    subject = load_config(what, settings=settings)[0] if is_config else Run.find(runs, what)
    found = baseline_of(subject, runs=runs, split=split, allow_code=allow_code)
    for note in () if quiet else found.notes:
        say_note(err(), f"note: {note}")
    give(found, draw_baselines, as_json=json)


COMMAND = Command("baseline", baseline, Panel.UNDERSTANDING, heavy=True)
