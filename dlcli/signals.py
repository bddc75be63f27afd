"""Which signals end a process, and hearing of them for a while: the one way, whoever wants to end well."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
WATCHED = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))
"""What ends a process of a terminal: Windows has no SIGHUP, the others no SIGBREAK (Ctrl-Break)."""
ENDING = tuple(each for each in WATCHED if each != signal.SIGINT)
"""Those that would end it without a word: of Ctrl-C Python itself makes an exception."""


@contextmanager
def heard(signals: Sequence[signal.Signals], handle: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """While it is open these signals are handled so, and do what they did again after it.

    One that the process was started to ignore (nohup) stays ignored; in a thread other than the main one none is heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.getsignal(each) for each in signals}
    for each, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(each, handle)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
