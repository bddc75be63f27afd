"""dlcli sweep: searches for better values of a configuration."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import options
from dlcli.cli.command import Command, Panel
from dlcli.cli.many import PARTIAL
from dlcli.cli.output import err, give, write_rows
from dlcli.errors import ResourceError


def sweep(
    config: options.Config,
    settings: options.Settings = [],  # noqa: B006 (Typer copies it)
    trials: Annotated[int | None, typer.Option(min=1, metavar="N", help="Trials in all, those before counted.")] = None,
    workers: Annotated[
        int, typer.Option(min=1, metavar="N", help="Train so many side by side.", show_default=True)
    ] = 1,
    threads: options.Threads = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE", help="Where trials are kept: a file, grpc://HOST:PORT or postgresql://USER@HOST/NAME."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What it is called; by default CONFIG-sweep.")
    ] = None,
    runs: options.Runs = options.RUNS,
    confirm: Annotated[
        int | None,
        typer.Option(min=2, metavar="N", help="Then train the best one and CONFIG as it is with N seeds each."),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Train nothing: keep the trials for others, at --storage grpc://HOST:PORT.")
    ] = False,
    as_lines: Annotated[
        bool, typer.Option("--print", help="Train nothing: print a line of arguments of train for each trial.")
    ] = False,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Search for better values of a configuration; the same command goes on with a search, and others may join it.

    Example: dlcli sweep configs/search.yaml --workers 2
    """
    from dlcli.cli.sweeping import Wanted, begun_search, search_shown, serve_search

    wanted = Wanted(config, settings, trials, workers, threads, storage, name, Path(runs), allow_code, confirm)
    search = begun_search(wanted)
    if as_lines:
        from dlcli.actions.sweep.searched import printed

        write_rows("".join(f"{shlex.join(words)}\n" for words in printed(search)))
        return
    if serve:
        serve_search(search, wanted, err())
        return
    from dlcli.view.sweep import draw_sweep

    shown = search_shown(search, wanted, err())
    give(shown, draw_sweep, as_json=json)
    if shown.stopped is not None:
        raise typer.Exit(128 + signal.Signals[shown.stopped])
    if shown.refused is not None:
        raise typer.Exit(ResourceError.code)
    if shown.failed:
        raise typer.Exit(PARTIAL)


COMMAND = Command("sweep", sweep, Panel.TRAINING)
