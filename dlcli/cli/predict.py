"""dlcli predict: what a run's model says of new data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import completion, options
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import emit, err, write_rows


def predict(
    run: options.RunName,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            autocompletion=completion.data,
            help="Raw data without targets, as the run's source takes it: a file, a folder, the name of a set, or d.npz:test.",
        ),
    ],
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="A csv, jsonl, npz or parquet file; - is standard output."),
    ] = "-",
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep", metavar="COLUMN", help="A column of the data to write beside the predictions; repeatable."
        ),
    ] = None,
    safe_csv: Annotated[
        bool,
        typer.Option("--safe-csv", help="In csv, put ' before texts that a spreadsheet would run as a formula."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="A name that was not in the training split is an error.")
    ] = False,
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Predict for raw rows; columns are matched by name.

    Example: dlcli predict last new.csv -o predictions.csv
    """
    from dlcli.actions.predict import predict as answer
    from dlcli.actions.prediction_files import as_csv, check_output, check_safe, write_predictions
    from dlcli.runs import Run
    from dlcli.view.console.json_value import json_value
    from dlcli.view.console.labelled import note as say_note
    from dlcli.view.prediction import PredictionResult

    if output != "-":
        check_output(Path(output), data)
    if safe_csv:
        check_safe(None if output == "-" else Path(output))
    predictions = answer(Run.find(runs, run), data, keep=keep or (), strict=strict, allow_code=allow_code)
    console = err()
    for note in () if quiet else predictions.notes:
        say_note(console, f"note: {note}")
    if output != "-":
        write_predictions(predictions, Path(output), safe=safe_csv)
        if not quiet:
            console.print(f"{predictions.samples - predictions.left_out:,} predictions written to {output}")
    if json:
        rows = predictions.rows() if output == "-" else output
        emit(json_value(PredictionResult(predictions.run, predictions.samples, rows)))
    elif output == "-":
        write_rows(as_csv(predictions, safe=safe_csv).decode())


COMMAND = Command("predict", predict, Panel.AFTER, heavy=True)
