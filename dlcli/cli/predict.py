"""dlcli predict: what a run's model says of new data."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.cli import options, predicting
from dlcli.cli.command import Command, Panel
from dlcli.cli.output import emit, err, write_rows

if TYPE_CHECKING:
    from dlcli.actions.answered.predictor import Predictions, Tally


def predict(
    run: options.RunName,
    data: predicting.Data,
    output: predicting.Output = "-",
    keep: predicting.Keep = None,
    rows: predicting.Rows = None,
    layer: predicting.Layer = None,
    dropout: predicting.Draws = None,
    generate: predicting.Generate = None,
    temperature: predicting.Temperature = None,
    seed: predicting.Seed = None,
    safe_csv: predicting.SafeCsv = False,
    strict: predicting.Strict = False,
    runs: options.Runs = options.RUNS,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Predict for raw rows; columns are matched by name.

    Example: dlcli predict last new.csv -o predictions.csv
    """
    from dlcli.actions.answered.asked_for import AskedFor
    from dlcli.actions.answered.predictor import Tally
    from dlcli.actions.predict import predictions_of
    from dlcli.actions.prediction_files import check_output, check_safe, write_predictions
    from dlcli.runs import Run
    from dlcli.view.console.labelled import note as say_note

    if output != "-":
        check_output(Path(output), data)
    if safe_csv:
        check_safe(None if output == "-" else Path(output))
    asked = AskedFor(data, keep or (), rows, strict, layer, dropout, generate, temperature, seed)
    stream, tally = asked.stream(sys.stdin.buffer), Tally()
    parts = tally.counted(predictions_of(Run.find(runs, run), asked, stream, allow_code=allow_code))
    console = err()
    if output != "-":
        write_predictions(parts, Path(output), safe=safe_csv)
    elif not json:
        for number, part in enumerate(parts):
            form = "text" if generate else "csv" if stream is None else stream.form or "csv"
            write_rows(as_text_of(part, form, header=number == 0, safe=safe_csv))
    written = output if output != "-" else [row for part in parts for row in part.rows()]
    notes = [*tally.notes, *missing_words(tally, output)]
    for note in () if quiet else notes:
        say_note(console, f"note: {note}")
    if output != "-" and not quiet:
        console.print(f"{tally.samples - tally.left_out:,} predictions written to {output}")
    if json:
        give_result(tally, written)


def missing_words(tally: Tally, output: str) -> list[str]:
    """That a table lacks what is said of the classes at each place, where it does."""
    from dlcli.actions.prediction_files import holds_arrays

    if not tally.in_arrays_alone or holds_arrays(output):
        return []
    first, *more = (f"'{name}'" for name in tally.in_arrays_alone)
    told = f"{first} … {more[-1]}" if more else first
    return [f"{told} at each place stand in no table: -o FILE.npz has them"]


def as_text_of(part: Predictions, form: str, *, header: bool, safe: bool) -> str:
    """Predictions in the form in which their rows came, as csv, or generated texts as they are."""
    from dlcli.actions.answered.generated import TEXT
    from dlcli.actions.prediction_files import as_csv, as_json_lines

    if form == "text":
        return "".join(f"{text}\n" for text in part.columns[TEXT])
    return (as_json_lines(part) if form == "jsonl" else as_csv(part, safe=safe, header=header)).decode()


def give_result(tally: Tally, rows: Sequence[Mapping[str, Any]] | str) -> None:
    """All of it as one JSON object."""
    from dlcli.view.console.json_value import json_value
    from dlcli.view.prediction import PredictionResult, unlike_facts

    emit(json_value(PredictionResult(tally.run, tally.samples, rows, unlike_facts(tally.unlike))))


COMMAND = Command("predict", predict, Panel.AFTER, heavy=True)
