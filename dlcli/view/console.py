"""The console: what the terminal can show, and a stream that may vanish without stopping the training."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO

from rich.console import Console

SYMBOLS = "┌│─█▁⠿…–✓"
STANDARD_ERROR = 2
DUMB = frozenset({"", "dumb", "unknown"})


def make_console(stream: TextIO, *, width: int | None = None) -> Console:
    """A console that takes text as it is: nothing in it is markup, an emoji code or a link.

    NO_COLOR, TERM=dumb and COLUMNS are honoured; what the stream cannot encode is replaced instead of raised.
    """
    if isinstance(stream, io.TextIOWrapper):
        with contextlib.suppress(OSError, ValueError):
            stream.reconfigure(errors="replace")
    if width is None and not stream.isatty() and not os.environ.get("COLUMNS"):
        width = 120
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


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
    return open(os.dup(STANDARD_ERROR), "w", encoding=encoding, errors="replace", buffering=1)  # noqa: PTH123, SIM115


def speaks_unicode(console: Console) -> bool:
    """Whether the console's stream can carry lines, blocks and dots."""
    try:
        SYMBOLS.encode(console.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def is_live(console: Console) -> bool:
    """Whether the console is a terminal that can move its cursor."""
    return console.is_terminal and os.environ.get("TERM", "dumb") not in DUMB and not console.legacy_windows


class FadingStream(io.TextIOBase):
    """A stream that falls silent for ever when its reader goes away, instead of raising."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.gone = False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.stream.encoding

    def isatty(self) -> bool:
        return not self.gone and self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    def write(self, text: str) -> int:
        if not self.gone:
            try:
                self.stream.write(text)
            except UnicodeEncodeError:
                self.stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
            except (OSError, ValueError):
                self.gone = True
        return len(text)

    def flush(self) -> None:
        if not self.gone:
            try:
                self.stream.flush()
            except (OSError, ValueError):
                self.gone = True
