"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli import completion
from dlcli.cli.asked import for_json, for_quiet

Config = Annotated[
    str,
    typer.Argument(metavar="CONFIG", help="A YAML file, or - for standard input.", autocompletion=completion.config),
]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's name, its folder, or last.", autocompletion=completion.run)
]
RunOrGroup = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="A run or a group by name, its folder, or last.", autocompletion=completion.run_or_group
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        callback=for_json,
        is_eager=True,
        help="Give the result as one JSON object on standard output.",
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", callback=for_quiet, is_eager=True, help="Say nothing but the result.")
]
NoPager = Annotated[bool, typer.Option("--no-pager", help="Write long output on a terminal at once, not in pages.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also say which way the steps go.")]
Runs = Annotated[
    Path, typer.Option("--runs", metavar="DIR", envvar="DLCLI_RUNS", help="The folder of runs.", show_default=True)
]
Settings = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a value, as optimizer.learning_rate=0.01. Repeatable.",
        autocompletion=completion.setting,
    ),
]
Filters = Annotated[
    list[str],
    typer.Option(
        "--filter",
        metavar="EXPRESSION",
        autocompletion=completion.filter_,
        help="status=done, val_accuracy>=0.9, optimizer.learning_rate<0.01, run~digits. Repeatable.",
    ),
]
MOST_THREADS = 256
"""More of a training take the machine from all others, and make nothing faster."""
Threads = Annotated[
    int | None,
    typer.Option(min=1, max=MOST_THREADS, metavar="N", help="Threads of each; by default the processors shared out."),
]
RUNS = Path("runs")
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Let the configuration run Python of its own.")]
JsonLines = Annotated[
    bool,
    typer.Option(
        "--json-lines",
        callback=for_json,
        is_eager=True,
        help="One JSON object on standard output as each epoch ends.",
    ),
]
Epochs = Annotated[int | None, typer.Option(min=1, metavar="N", help="The same as --set train.epochs=N.")]
Until = Annotated[str | None, typer.Option(metavar="CONDITION", help="Stop when it holds: 'val_accuracy >= 0.98'.")]
TimeLimit = Annotated[str | None, typer.Option(metavar="TIME", help="Stop after 90s, 30m or 2h.")]


def train_settings(epochs: int | None, until: str | None, time_limit: str | None) -> list[str]:
    """The options of how long to train as `--set` would write them."""
    given = {"train.epochs": epochs, "train.until": until, "train.time_limit": time_limit}
    return [f"{path}={value!r}" for path, value in given.items() if value is not None]
