"""The options that every command has besides its own: colours, and to say nothing but the result."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli.asked import asked
from dlcli.cli.options import Quiet
from dlcli.cli.run_for_config import told_as_run
from dlcli.cli.signals import signal_of
from dlcli.errors import ConfigError, Stopped
from dlcli.signals import unmasked_interruption


class Colour(StrEnum):
    """Whether to write in colours; `auto`: on a terminal."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def for_colour(value: Colour) -> Colour:
    """Notes whether colours are asked for, or asked not to be."""
    if value is not Colour.AUTO:
        asked.colour = value is Colour.ALWAYS
    return value


Color = Annotated[
    Colour,
    typer.Option("--color", metavar="WHEN", callback=for_colour, is_eager=True, help="auto, always or never."),
]
EVERYWHERE = {"quiet": (Quiet, False), "color": (Color, Colour.AUTO)}
"""By name the type of each option and its default."""


def with_options_of_all(command: Callable[..., None]) -> Callable[..., None]:
    """The command with those of these options that it does not have itself; their callbacks note what they ask.

    Raises `Stopped` for Ctrl-C, which Typer would end without a word, and for the other signals that are heard.
    """
    signature = inspect.signature(command, eval_str=True)
    added = {name: option for name, option in EVERYWHERE.items() if name not in signature.parameters}

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> None:
        try:
            with unmasked_interruption():
                command(*arguments, **{name: value for name, value in options.items() if name not in added})
        except ConfigError as error:
            runs = options.get("runs")
            raise (told_as_run(error, runs) if isinstance(runs, Path) else error) from error.__cause__
        except KeyboardInterrupt as error:
            received = signal_of(error)
            raise Stopped(received, f"stopped by {received.name}") from None

    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in added.items()
    ]
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *more])  # type: ignore[attr-defined]
    return run
