"""dlcli check: can this learn at all?"""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli import options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import give


def check(
    config: options.Config,
    rates: Annotated[bool, typer.Option("--lr", help="Also try learning rates, and propose one.")] = False,
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Overfit one batch, look at first loss and gradients, and say whether the model can learn.

    Example: dlcli check configs/digits.yaml --lr
    """
    from dlcli.actions.check import check as look
    from dlcli.config import load_config
    from dlcli.view.check import draw_check

    found = look(load_config(config, settings=settings)[0], rates=rates, runs=runs, allow_code=allow_code)
    give(found, draw_check, as_json=json)


COMMAND = Command("check", check, Panel.BEFORE, heavy=True)
