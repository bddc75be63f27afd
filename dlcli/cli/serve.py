"""dlcli serve: a run's answers over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli import options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import emit, err, write_rows
from dlcli.errors import UsageError

Host = Annotated[
    str, typer.Option("--host", metavar="HOST", help="Who may ask: this machine, or with --token 0.0.0.0.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, metavar="N", help="The port; 0 takes a free one.")]
Token = Annotated[
    str | None,
    typer.Option("--token", metavar="T", envvar="DLCLI_TOKEN", help="A secret that every request has to carry."),
]


def serve(
    run: options.RunName,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    token: Token = None,
    most_rows: Annotated[int, typer.Option("--most-rows", min=1, metavar="N", help="Rows of a request.")] = 10_000,
    most_bytes: Annotated[int, typer.Option("--most-bytes", min=1, metavar="N", help="Bytes of a request.")] = 32 << 20,
    time_limit: options.TimeLimit = None,
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Serve a run's answers over HTTP: rows and files, and a page to try it by hand.

    Example: dlcli serve last --port 0 --time-limit 0.2s
    """
    from dlcli.actions.serve.limits import Limits
    from dlcli.actions.serve.serving import serve_run
    from dlcli.config.train import seconds_of_limit
    from dlcli.runs import Run
    from dlcli.view.console.json_value import json_value
    from dlcli.view.console.labelled import note
    from dlcli.view.serve import ServedAt

    seconds = seconds_of_limit(time_limit)
    if time_limit is not None and not seconds:
        raise UsageError(f"'{time_limit}' is no time limit", hint="for example 90s, 30m or 2h", kind="bad_time_limit")

    def tell(address: ServedAt) -> None:
        if json:
            emit(json_value(address))
            return
        write_rows(f"{address.address}\n")
        err().print("open this address, or send rows to predict below it; Ctrl-C ends the server", highlight=False)

    serve_run(
        Run.find(runs, run),
        host=host,
        port=port,
        token=token,
        limits=Limits(body=most_bytes, rows=most_rows),
        allow_code=allow_code,
        seconds=seconds,
        tell=tell,
        say=lambda words: note(err(), f"note: {words}"),
    )


COMMAND = Command("serve", serve, Panel.AFTER, heavy=True)
