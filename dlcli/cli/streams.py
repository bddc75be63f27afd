"""The three standard streams: there whoever started the process, and a missing end of a file is no key that was pressed."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from contextlib import suppress

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


class UnexpectedEnd(Exception):
    """A file ended too early inside of dlcli. Typer would take the `EOFError` itself for Ctrl-C and end with 130."""


def open_missing_streams() -> None:
    """Gives each standard stream that is closed the null device.

    Otherwise the next file that is opened gets its number, and what libraries say to standard error is written into it.
    """
    for number, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 (for the whole process)


def whole(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with an `EOFError` that leaves it as what it is: an error of whoever read."""

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> None:
        try:
            command(*arguments, **options)
        except EOFError as error:
            from dlcli.foreign_error import plugin_error

            raise plugin_error(error) or UnexpectedEnd(f"EOFError: {error}") from error

    return run
