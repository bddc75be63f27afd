"""Consoles that work on every stream: no colour, ASCII only, narrow, or gone."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console

from dlcli.errors import NO_ROOM

STANDARD_ERROR = 2
LOOKALIKE = "dlcli.lookalike"
LEAST_WIDTH, USUAL_WIDTH = 20, 80
"""A width below the first is none that a terminal has told: `COLUMNS=0` is what a shell without a terminal exports."""
DRAWN = "┌│█▀⣿╸–…"
TURNING = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))  # marks of writing direction
ASCII = {
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰", "+"),
    **dict.fromkeys("─━╸╺┄┈╌–—‐‑‒−", "-"),
    **dict.fromkeys("│┃┆┊", "|"),
    **dict.fromkeys("█▉▊▋▌▍▎▏▀▄▐■", "#"),
    **dict.fromkeys("‘’′", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("·•", "."),
    **dict.fromkeys("★●", "*"),
    "…": "~",
    "×": "x",
    "±": "+/-",
    "→": ">",
    "←": "<",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "µ": "u",
    "✓": "v",
    "✗": "x",
    "\N{NO-BREAK SPACE}": " ",
}


def make_console(
    *, stderr: bool, file: TextIO | None = None, quiet: bool = False, colour: bool | None = None
) -> Console:
    """A console on `file`, or else on standard error or output, that never fails on a character.

    Markup, emoji codes and highlighting are off. `colour` says whether there are colours; without it `NO_COLOR` and
    `FORCE_COLOR` are honoured, as are `TERM=dumb` and `COLUMNS`; a terminal is redrawn only where the stream truly is one.
    Lines are wrapped on a terminal alone, so that redirected text keeps its lines. A stream that cannot carry a character
    writes one that looks like it, as wide as the original. A width in which no line can be read is taken for none.
    """
    stream = file if file is not None else (sys.stderr if stderr else sys.stdout)
    replace_what_cannot_be_written(stream)
    terminal = is_terminal(stream)
    width, height = size_of_dumb_terminal(stream) if terminal else (None, None)
    console = Console(
        file=file,
        stderr=stderr,
        quiet=quiet,
        width=width,
        height=height,
        markup=False,
        highlight=False,
        emoji=False,
        no_color=None if colour is None else not colour,
        force_terminal=True if colour else None,
        soft_wrap=not terminal,
        force_interactive=None if terminal else False,
    )
    if console.width < LEAST_WIDTH:
        console.width = USUAL_WIDTH
    return console


def standard_error() -> TextIO:
    """A copy of standard error for what dlcli says; libraries write to the original, which may lead to a log.

    A stream that a test or an embedding program has put in its place is used as it is.
    """
    try:
        real = sys.stderr.fileno() == STANDARD_ERROR
    except (OSError, ValueError, AttributeError):
        real = False
    if not real:
        return sys.stderr
    encoding = sys.stderr.encoding
    return open(os.dup(STANDARD_ERROR), "w", encoding=encoding, errors=LOOKALIKE, buffering=1)  # noqa: PTH123


def supports_unicode(stream: Any) -> bool:
    """Whether the encoding of `stream` carries lines, blocks and braille; a stream without an encoding does."""
    try:
        DRAWN.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def printable(text: str) -> str:
    """`text` as one line that cannot move the cursor: control characters become `?`, line ends and tabs a space."""
    if text.isprintable():
        return text
    return "".join(" " if character in "\t\n\r\v\f\x85\u2028\u2029" else visible(character) for character in text)


def visible(character: str) -> str:
    """A character, or `?` for one that controls the terminal or the direction of writing."""
    return "?" if unicodedata.category(character) in {"Cc", "Cs"} or character in TURNING else character


def is_terminal(stream: Any) -> bool:
    """Whether `stream` is a terminal; one that is closed or missing is not."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError, OSError):
        return False


def size_of_dumb_terminal(stream: Any) -> tuple[int | None, int | None]:
    """Columns and lines of a dumb terminal, for which rich takes 80 x 25; `None` for any other."""
    if os.environ.get("TERM", "").lower() not in {"dumb", "unknown"}:
        return None, None
    with suppress(ValueError, OSError):
        columns, lines = os.get_terminal_size(stream.fileno())
        return columns or None, lines or None
    return None, None


def replace_what_cannot_be_written(stream: Any) -> None:
    """Makes `stream` write lookalikes instead of raising, where it can be told to."""
    with suppress(AttributeError, ValueError, OSError):
        stream.reconfigure(errors=LOOKALIKE)


def lookalikes(error: UnicodeError) -> tuple[str, int]:
    """ASCII in place of characters that an encoding lacks; in the form of an error handler of `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(ASCII.get(character, "?" * max(1, cell_len(character))) for character in lost), error.end


codecs.register_error(LOOKALIKE, lookalikes)


class FadingStream(io.TextIOBase, TextIO):
    """Writes to `stream` until that fails, then is silent for ever: a closed terminal must not end a training.

    `gone` tells whether that has happened, `full` that there was no room for what it wrote. The descriptor of a stream that
    failed is turned to the null device, so that what is left in its buffer does not fail again when the process ends.
    """

    encoding: str = "utf-8"
    errors: str | None = LOOKALIKE

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.gone = False
        self.full: OSError | None = None
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str, /) -> int:
        if not text.isascii():
            text = text.encode(self.encoding, LOOKALIKE).decode(self.encoding)
        self._attempt(lambda: self.stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._attempt(lambda: self.stream.flush())

    def fileno(self) -> int:
        return self.stream.fileno()

    def isatty(self) -> bool:
        return not self.gone and is_terminal(self.stream)

    def writable(self) -> bool:
        return True

    def _attempt(self, action: Callable[[], object]) -> None:
        if self.gone:
            return
        try:
            action()
        except BlockingIOError:
            return  # a terminal that is only slow
        except (OSError, ValueError) as error:
            self.gone = True
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                self.full = error
            self._turn_to_null()

    def _turn_to_null(self) -> None:
        with suppress(OSError, ValueError):
            descriptor = self.stream.fileno()
            null = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(null, descriptor, inheritable=os.get_inheritable(descriptor))
            finally:
                os.close(null)
