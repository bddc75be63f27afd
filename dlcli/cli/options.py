"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[str, typer.Argument(metavar="CONFIG", help="A YAML file, or - for standard input.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name, its folder, or last.")]
Json = Annotated[bool, typer.Option("--json", help="Give the result as one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but the result.")]
Runs = Annotated[
    Path, typer.Option("--runs", metavar="DIR", envvar="DLCLI_RUNS", help="The folder of runs.", show_default=True)
]
Settings = Annotated[
    list[str],
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value, as optimizer.learning_rate=0.01. Repeatable."),
]
RUNS = Path("runs")
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Let the configuration run Python of its own.")]
