"""dlcli evaluate: how good a run's model is."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import err, give


def evaluate(
    run: options.RunOrGroup = "last",
    split: Annotated[
        str,
        typer.Option(
            metavar="SPLIT",
            help="train, validation or test.",
            autocompletion=completion.split,
        ),
    ] = "test",
    data: Annotated[
        str | None, typer.Option(metavar="PATH", help="Other data, with targets, instead of a split.")
    ] = None,
    worst: Annotated[int, typer.Option(min=0, metavar="N", help="Show the N samples with the greatest loss.")] = 0,
    by: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="A column whose values make groups, each with its own metrics."),
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(
            metavar="T",
            autocompletion=completion.threshold,
            help="Of two classes say the second above 0.3, or best:f1: chosen on validation and kept for predict.",
        ),
    ] = None,
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    no_pager: options.NoPager = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show metrics, confusion matrix and scores by class of a run; of a group the metrics of each, and their mean.

    Example: dlcli evaluate last --split test --worst 5
    """
    from dlcli.cli.grouped import evaluated_as_group

    one_run = {"--worst": worst, "--by": by, "--threshold": threshold}
    if evaluated_as_group(runs, run, one_run, split=split, data=data, allow_code=allow_code, json=json):
        return
    from dlcli.actions.evaluate import evaluate as measure
    from dlcli.runs import Run
    from dlcli.view.console.labelled import note as say_note
    from dlcli.view.evaluation import draw_evaluation, has_many_classes

    found = Run.find(runs, run)
    evaluation = measure(found, split=split, data=data, worst=worst, by=by, threshold=threshold, allow_code=allow_code)
    for note in () if quiet else evaluation.notes:
        say_note(err(), f"note: {note}")
    give(evaluation, draw_evaluation, as_json=json, pages=not no_pager and has_many_classes(evaluation))


COMMAND = Command("evaluate", evaluate, Panel.AFTER, heavy=True)
