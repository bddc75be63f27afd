"""Where a command's words go: its result to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from dlcli.cli.asked import asked

if TYPE_CHECKING:
    from rich.console import Console


WIDE = 120


def emit(value: Any, *, stream: TextIO | None = None) -> None:
    """One JSON value on a line of standard output (or `stream`); what is not finite becomes null."""
    stream = stream or sys.stdout
    text = json.dumps(finite(value), ensure_ascii=ascii_only(stream), allow_nan=False)  # unseen: all of it is finite
    write(f"{text}\n", stream=stream)


def write(text: str, *, stream: TextIO | None = None) -> None:
    """Text on standard output (or `stream`), at once."""
    stream = stream or sys.stdout
    with flushed(stream):
        stream.write(text)


def write_rows(text: str) -> None:
    """Lines of data on standard output: on a terminal without what could control it, elsewhere as they are."""
    from dlcli.view.console.console import is_terminal, visible

    if is_terminal(sys.stdout) and not text.replace("\n", "").isprintable():
        text = "".join(sign if sign in "\n\t" else visible(sign) for sign in text)
    write(text)


@contextmanager
def flushed(stream: TextIO) -> Iterator[None]:
    """Flushes standard output in the end. That a reader has gone is said without an error number: Typer would take an
    error with one for its own and end the process with another code.
    """
    try:
        yield
        stream.flush()
    except BrokenPipeError:
        raise BrokenPipeError from None


def ascii_only(stream: TextIO) -> bool:
    """Whether a stream cannot carry every letter, so that JSON must escape them."""
    return (stream.encoding or "ascii").lower().replace("-", "") not in {"utf8", "utf16"}


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


def give(
    value: Any,
    draw: Callable[[Console, Any], None],
    *,
    as_json: bool,
    stream: TextIO | None = None,
    pages: bool = False,
) -> None:
    """Gives a result on standard output (or `stream`): as JSON, or drawn for a person; on a terminal in `pages` if it is long."""
    from dlcli.view.console.console import is_terminal

    stream = stream or sys.stdout
    if as_json:
        from dlcli.view.console.json_value import json_value

        emit(json_value(value), stream=stream)
        return
    console = out(stream)
    if pages and is_terminal(stream):
        from dlcli.cli.pager import paged

        with console.capture() as drawn:
            draw(console, value)
        if not paged(drawn.get(), height=console.height):
            write(drawn.get())
        return
    with flushed(stream):
        draw(console, value)


def out(stream: TextIO | None = None) -> Console:
    """The console of results; where it is no terminal, lines may be longer than on one."""
    from dlcli.view.console.console import is_terminal, make_console

    console = make_console(stderr=False, file=stream, colour=asked.colour)
    if not is_terminal(stream or sys.stdout) and "COLUMNS" not in os.environ:
        console.width = WIDE
    console.on_broken_pipe = broken_pipe  # type: ignore[method-assign]
    return console


def broken_pipe() -> None:
    """Says that the reader has gone in the way every other write says it; Rich alone would end with another code."""
    raise BrokenPipeError


def err(*, always: bool = False) -> Console:
    """The console of everything else, silent with `-q` but for what is `always` said; it may vanish without stopping anything."""
    from dlcli.view.console.console import FadingStream, make_console, standard_error

    stream = FadingStream(standard_error())
    return make_console(
        stderr=True, file=stream, quiet=asked.quiet and not always, colour=asked.colour
    )  # unseen: the file


def leave_quietly(code: int) -> None:
    """Ends the process when the reader of standard output has gone: nothing more can be said there."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    sys.exit(code)
