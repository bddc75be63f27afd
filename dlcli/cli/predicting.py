"""The options of predict: what is predicted for, how the model is asked, and where the answers go."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dlcli.cli import completion


class RowsForm(StrEnum):
    """How rows on standard input are written."""

    CSV = "csv"
    JSONL = "jsonl"


Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        autocompletion=completion.data,
        help="Raw data without targets, as the run's source takes it: a file, a folder, the name of a set, d.npz:test, or - "
        "for rows on standard input; with --generate also a text.",
    ),
]
Output = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="A csv, jsonl, npz or parquet file; - is standard output.")
]
Keep = Annotated[
    list[str] | None,
    typer.Option("--keep", metavar="COLUMN", help="A column of the data to write beside the predictions; repeatable."),
]
Rows = Annotated[
    RowsForm | None,
    typer.Option("--rows", help="How rows on standard input are written; by default what the first looks like."),
]
Layer = Annotated[
    str | None,
    typer.Option(
        "--layer",
        metavar="L",
        help="What this layer puts out, instead of the answers.",
        autocompletion=completion.layer,
    ),
]
Draws = Annotated[
    int | None,
    typer.Option(
        "--dropout", min=2, metavar="N", help="Mean and deviation of N answers while dropout goes on as in training."
    ),
]
Generate = Annotated[
    int | None, typer.Option("--generate", min=1, metavar="N", help="Go on with a text by N words or characters.")
]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature", min=0, metavar="T", help="With --generate: 0 takes the likeliest, 1 draws as often as is said."
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="With --generate: other draws.")]
SafeCsv = Annotated[
    bool, typer.Option("--safe-csv", help="In csv, put ' before texts that a spreadsheet would run as a formula.")
]
Strict = Annotated[bool, typer.Option("--strict", help="A name that was not in the training split is an error.")]
