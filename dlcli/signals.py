"""Which signals end a process, and hearing of them for a while: the one way, whoever wants to end well."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from dlcli.errors import Stopped

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


@contextmanager
def unmasked_interruption() -> Iterator[None]:
    """An error that an interruption led to is that interruption again.

    A library that is interrupted while it is loaded makes another error of it (pybind11: "initialization failed").
    """
    try:
        yield
    except Stopped:
        raise
    except Exception as error:
        if (interruption := interruption_behind(error)) is None:
            raise
        raise interruption from None


def interruption_behind(error: BaseException) -> KeyboardInterrupt | None:
    """The interruption that an error came of, or None."""
    seen = list[BaseException]()
    behind: BaseException | None = error
    while behind is not None and behind not in seen:
        if isinstance(behind, KeyboardInterrupt):
            return behind
        seen.append(behind)
        behind = behind.__cause__ or behind.__context__
    return None
