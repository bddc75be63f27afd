"""dlcli eject: the same experiment as a plain Keras script."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import give


def eject(
    config: options.Config,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The script; by default CONFIG.py.")
    ] = None,
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Write the experiment as a plain Keras script, with its arrays beside it, that reaches the same numbers without dlcli.

    Example: dlcli eject configs/tables/iris.yaml
    """
    from dlcli.actions.eject import check_ejected_place
    from dlcli.actions.eject import eject as write
    from dlcli.config import load_config
    from dlcli.view.ejected import draw_ejected

    file = output or Path("experiment.py" if config == "-" else f"{Path(config).stem}.py")
    check_ejected_place(file)
    loaded = load_config(config, settings=settings)[0]
    give(write(loaded, file=file, name=config, runs=runs, allow_code=allow_code), draw_ejected, as_json=json)


COMMAND = Command("eject", eject, Panel.UNDERSTANDING, heavy=True)
