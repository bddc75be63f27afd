"""Signals that would kill a command at once end it as Ctrl-C does: what it began is cleared away, and it says why it ended."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

from dlcli.signals import ENDING


class EndedBySignal(KeyboardInterrupt):
    """One of these signals has come."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = signal.Signals(number)


def hear_signals() -> None:
    """From here on they are heard, but for those that the process was started to ignore (nohup); a second one kills."""
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)


def end(number: int, frame: FrameType | None) -> NoReturn:
    """Ends what runs."""
    signal.signal(number, signal.SIG_DFL)
    raise EndedBySignal(number)


def signal_of(error: KeyboardInterrupt) -> signal.Signals:
    """Which signal an interruption was: Ctrl-C unless it says another one."""
    return error.signal if isinstance(error, EndedBySignal) else signal.SIGINT
