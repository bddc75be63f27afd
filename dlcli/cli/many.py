"""dlcli many: trains the lines of a file."""

from __future__ import annotations

import os
import shlex
import signal
from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, give

PARTIAL = 9
"""The exit code where some trainings have failed."""


def many(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="Lines of arguments of train; - or nothing for standard input.",
            autocompletion=completion.lines,
        ),
    ] = None,
    side_by_side: Annotated[
        int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Train so many side by side.", show_default=True)
    ] = 1,
    threads: options.Threads = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Leave out lines that are done, and go on with those that were stopped.")
    ] = False,
    runs: options.Runs = options.RUNS,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also say what each training says.")] = False,
) -> None:
    """Train the lines of a file one after the other, each as train would, in a process that starts at once.

    Example: dlcli many configs/rates.txt
    """
    from dlcli.cli.train_lines import chosen_words, lines_content, nothing_typed, trainings_of

    elsewhere = None if str(runs) == os.environ.get("DLCLI_RUNS", str(options.RUNS)) else runs
    named = nothing_typed(file)
    trainings = trainings_of(lines_content(named), file=named, runs=elsewhere)
    from dlcli.actions.many.held_lines import held_lines
    from dlcli.actions.many.trained_lines import Manner, threads_each, train_lines
    from dlcli.view.console.labelled import note
    from dlcli.view.many import draw_line, draw_many

    chosen = chosen_words([("-j", side_by_side if side_by_side > 1 else None), ("--threads", threads)])
    where = chosen_words([("--runs", elsewhere)])
    manner = Manner(
        side_by_side=side_by_side,
        threads=threads_each(side_by_side) if threads is None else threads,
        resume=resume,
        again=shlex.join(["dlcli", "many", "--resume", named, *chosen, *where]),
    )
    console = err()
    if side_by_side > 1:
        note(console, f"note: {side_by_side} side by side, threads of each: {manner.threads}")
    with held_lines(named, Path(runs), resume=resume):
        shown = train_lines(
            trainings, manner, lambda line, count, of: draw_line(console, line, count, of, verbose=verbose)
        )
    give(shown, draw_many, as_json=json)
    if shown.stopped is not None:
        raise typer.Exit(128 + signal.Signals[shown.stopped])
    if shown.failed:
        raise typer.Exit(PARTIAL)


COMMAND = Command("many", many, Panel.TRAINING)
