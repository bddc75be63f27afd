"""Where a command's words go: its result to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


WIDE = 120


def emit(value: Any) -> None:
    """One JSON value on a line of standard output; what is not finite becomes null."""
    write(json.dumps(finite(value), ensure_ascii=ascii_only(), allow_nan=False) + "\n")


def write(text: str) -> None:
    """Text on standard output, at once."""
    with flushed():
        sys.stdout.write(text)


@contextmanager
def flushed() -> Iterator[None]:
    """Flushes standard output in the end. That a reader has gone is said without an error number: Typer would take an
    error with one for its own and end the process with another code.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise BrokenPipeError from None


def ascii_only() -> bool:
    """Whether standard output cannot carry every letter, so that JSON must escape them."""
    return (sys.stdout.encoding or "ascii").lower().replace("-", "") not in {"utf8", "utf16"}


def finite(value: Any) -> Any:
    """The value with None for numbers that JSON does not have."""
    match value:
        case dict():
            return {str(key): finite(each) for key, each in value.items()}
        case list() | tuple():
            return [finite(each) for each in value]
        case float() if value != value or value in (float("inf"), float("-inf")):
            return None
    return value


def give(value: Any, draw: Callable[[Console, Any], None], *, as_json: bool) -> None:
    """Gives a result: as JSON, or drawn for a person."""
    if as_json:
        emit(value)
    else:
        with flushed():
            draw(out(), value)


def out() -> Console:
    """The console of results; where it is no terminal, lines may be longer than on one."""
    from dlcli.view.console import is_terminal, make_console

    console = make_console(stderr=False)
    if not is_terminal(sys.stdout) and "COLUMNS" not in os.environ:
        console.width = WIDE
    console.on_broken_pipe = broken_pipe  # type: ignore[method-assign]
    return console


def broken_pipe() -> None:
    """Says that the reader has gone in the way every other write says it; Rich alone would end with another code."""
    raise BrokenPipeError


def err() -> Console:
    """The console of everything else; it may vanish without stopping anything."""
    from dlcli.view.console import FadingStream, make_console, standard_error

    return make_console(stderr=True, file=FadingStream(standard_error()))


def leave_quietly(code: int) -> None:
    """Ends the process when the reader of standard output has gone: nothing more can be said there."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    sys.exit(code)
