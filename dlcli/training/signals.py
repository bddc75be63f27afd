"""Signals: the first asks the training to end after the batch, the second ends it where it is, as the end of the process.

Before the first step there is nothing to save, so the first signal ends the set-up where it is.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from dlcli.errors import Stopped
from dlcli.runs import Run
from dlcli.signals import WATCHED, heard, unmasked_interruption


class StopRequest:
    """Which signal has asked the training to stop, if any."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self.elsewhere: Callable[[], signal.Signals | None] = lambda: None
        """Asks for the signal of another process that trains together with this one."""
        self.steps_begun = False
        self.after = sys.maxsize
        """The epoch behind which training ends whatever its configuration says."""

    @property
    def signal(self) -> signal.Signals | None:
        """The signal, of this process or of another."""
        return self.received or self.elsewhere()

    @signal.setter
    def signal(self, received: signal.Signals | None) -> None:
        self.received = received

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Notes the first signal; the second is obeyed at once.

        Then, and before the first step, it raises `KeyboardInterrupt`, which nothing takes for an error of what it interrupts.
        """
        at_once = self.received is not None
        self.received = signal.Signals(number)
        if at_once or not self.steps_begun:
            raise KeyboardInterrupt


@contextmanager
def stop_request(run: Run | None = None) -> Iterator[StopRequest]:
    """Watches signals while it is open; in a thread other than the main one it sees none.

    A signal that the process was started to ignore (nohup) stays ignored. Raises `Stopped` for one before the first step,
    and for the second, with how the run goes on.
    """
    request = StopRequest()
    try:
        with heard(WATCHED, request.receive), unmasked_interruption():
            yield request
    except KeyboardInterrupt:
        if request.signal is None:
            raise
        if not request.steps_begun or run is None:
            raise Stopped(request.signal, f"stopped by {request.signal.name} before the first step") from None
        message = f"stopped at once by a second {request.signal.name}; what was saved last is in {run.path}"
        raise Stopped(request.signal, message, hint=run.command("resume")) from None
