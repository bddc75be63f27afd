"""Signals: the first asks the training to end after the batch, the second ends it where it is, as the end of the process.

Before the first step there is nothing to save, so the first signal ends the set-up where it is.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from dlcli.errors import Stopped

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
WATCHED = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))
"""What ends a process of a terminal: Windows has no SIGHUP, the others no SIGBREAK (Ctrl-Break)."""


class StopRequest:
    """Which signal has asked the training to stop, if any."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.steps_begun = False

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Notes the first signal; the second is obeyed at once.

        Before the first step it raises `KeyboardInterrupt`, which nothing takes for an error of what it interrupts.
        """
        if self.signal is not None:
            raise SystemExit(128 + number)
        self.signal = signal.Signals(number)
        if not self.steps_begun:
            raise KeyboardInterrupt


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Watches signals while it is open; in a thread other than the main one it sees none.

    A signal that the process was started to ignore (nohup) stays ignored. Raises `Stopped` for one before the first step.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {each: signal.getsignal(each) for each in WATCHED}
    for each, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(each, request.receive)
    try:
        yield request
    except KeyboardInterrupt:
        if request.signal is None:
            raise
        raise Stopped(request.signal, f"stopped by {request.signal.name} before the first step") from None
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
