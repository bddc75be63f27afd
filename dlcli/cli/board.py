"""dlcli board: the runs of a folder in the browser, as they train."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import emit, err, write_rows
from dlcli.errors import UsageError


def board(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", envvar="DLCLI_RUNS", help="The folder of runs.", show_default=True)
    ] = options.RUNS,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="The port on this machine; by default a free one.")
    ] = 0,
    opens: Annotated[bool, typer.Option("--open", help="Also open the address in the browser.")] = False,
    time_limit: options.TimeLimit = None,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Serve the runs of a folder to the browser of this machine: a table, curves as they grow, a page on each run.

    Example: dlcli board runs --time-limit 0.2s
    """
    from dlcli.actions.board.serving import serve_board
    from dlcli.config.train import seconds_of_limit
    from dlcli.view.board import BoardAddress
    from dlcli.view.console.json_value import json_value
    from dlcli.view.console.labelled import note

    seconds = seconds_of_limit(time_limit)
    if time_limit is not None and not seconds:
        raise UsageError(f"'{time_limit}' is no time limit", hint="for example 90s, 30m or 2h", kind="bad_time_limit")

    def tell(address: BoardAddress) -> None:
        if not folder.is_dir():
            note(err(), f"note: there is no folder {folder} yet; runs are shown as soon as it holds some")
        if json:
            emit(json_value(address))
        else:
            write_rows(f"{address.address}\n")
            err().print("open this address, which nobody else should have; Ctrl-C ends the board", highlight=False)
        if opens:
            typer.launch(address.address)

    with suppress(KeyboardInterrupt):  # as it was told that it ends
        serve_board(folder, port=port, allow_code=allow_code, seconds=seconds, tell=tell)
        return
    raise typer.Exit(128 + signal.SIGINT)  # here, where it is not raised for an interruption, which would be told


COMMAND = Command("board", board, Panel.AFTER)
