"""The second screen of a terminal, on which a picture is redrawn as a whole; what stays goes to the first one, line by line.

Whatever the person types or does to the window leaves no trace on the first screen: a picture drawn there would be broken
up by a narrower window, and pushed on by what a key echoes.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import zip_longest
from types import FrameType
from typing import Any

from rich.console import Console
from rich.control import Control
from rich.text import Text

from dlcli.view.console.console import is_terminal
from dlcli.view.console.labelled import whole_lines

SECOND, FIRST = "\x1b[?1049h\x1b[?25l", "\x1b[?1049l\x1b[?25h"
BLANK = "\x1b[2J"
SUSPEND: int | None = getattr(signal, "SIGTSTP", None)
"""The signal of Ctrl-Z; Windows has none."""
AT_ONCE, SHOWN = "\x1b[?2026h", "\x1b[?2026l"
"""Around what a terminal should show at once; others ignore it."""


def has_second_screen(console: Console) -> bool:
    """Whether a console is a terminal with two screens; a Linux console has one, and GNU screen gives none by default."""
    redrawn = console.is_terminal and console.is_interactive and not console.is_dumb_terminal
    return redrawn and os.environ.get("TERM") != "linux" and "STY" not in os.environ


class SecondScreen:
    """Shows pictures while it is open; `tell` hears what else is printed meanwhile."""

    def __init__(self, console: Console, tell: Callable[[str], None]) -> None:
        self.console, self.tell = console, tell
        self.opened = False
        self._streams: dict[str, Any] = {}
        self._stop: Any = None
        self._size: tuple[int, int] | None = None
        self._drawn: list[Text] = []

    def open(self) -> None:
        """Goes over to the second screen."""
        self.opened = True
        self._write(SECOND)
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if is_terminal(stream):
                self._streams[name] = stream
                setattr(sys, name, Lines(self.tell, stream))
        if threading.current_thread() is threading.main_thread() and SUSPEND is not None:
            self._stop = signal.signal(SUSPEND, self._stopped)

    def show(self, picture: Text, kept: Sequence[Text] = ()) -> None:
        """Draws those lines of a picture that are others than before, after lines that are kept on the first screen."""
        width, height = size = self.console.size
        lines = picture.split("\n", allow_blank=True)[:height]
        lines += [Text()] * (height - len(lines))
        with self.console:
            self._write(AT_ONCE)
            if kept:
                self._write(FIRST)
                self.print(kept)
                self._write(SECOND)
            if kept or size != self._size:
                self._size, self._drawn = size, []
                self._write(BLANK)
            for row, (line, before) in enumerate(zip_longest(lines, self._drawn), start=1):
                if line != before:
                    self._write(f"\x1b[{row};1H\x1b[2K")
                    line.truncate(width)
                    self.console.print(line, no_wrap=True, overflow="ignore", crop=False, end="")
            self._drawn = lines
            self._write(SHOWN)

    def close(self, kept: Sequence[Text] = ()) -> None:
        """Goes back to the first screen and prints what is kept there; a second call does nothing."""
        if not self.opened:
            return
        self.opened = False
        self.give_back()
        if self._stop is not None and SUSPEND is not None:
            signal.signal(SUSPEND, self._stop)
        with self.console:
            self._write(FIRST)
            self.print(kept)

    def give_back(self) -> None:
        """Gives the streams back, and tells the line that was begun on one."""
        for name, stream in self._streams.items():
            lines = getattr(sys, name)
            setattr(sys, name, stream)
            if isinstance(lines, Lines) and lines.begun:
                self.tell(lines.begun)
        self._streams = {}

    def print(self, kept: Sequence[Text]) -> None:
        """Prints lines that stay, on the screen that is open."""
        for each in kept:
            whole_lines(self.console, each)

    def _write(self, sequence: str) -> None:
        self.console.control(raw(sequence))

    def _stopped(self, received: int, frame: FrameType | None) -> None:
        """Ctrl-Z: the shell gets the first screen, and the second comes back with the process."""
        with suppress(OSError, ValueError):
            descriptor = self.console.file.fileno()
            os.write(descriptor, FIRST.encode())  # the stream may be in the middle of a line
            signal.signal(received, signal.SIG_DFL)
            signal.raise_signal(received)
            signal.signal(received, self._stopped)
            os.write(descriptor, SECOND.encode())
            self._size = None


def raw(sequence: str) -> Control:
    """A control sequence as it is."""
    control = Control()
    control.segment = control.segment._replace(text=sequence)
    return control


class Lines(io.TextIOBase):
    """Takes what is printed and tells it line by line; all else of it is that of the stream."""

    encoding: str = "utf-8"

    def __init__(self, tell: Callable[[str], None], stream: Any) -> None:
        self.told, self.stream, self.begun = tell, stream, ""

    def write(self, text: str, /) -> int:
        *lines, self.begun = (self.begun + text).split("\n")
        for line in lines:
            self.told(line)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self.stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def isatty(self) -> bool:
        return True
