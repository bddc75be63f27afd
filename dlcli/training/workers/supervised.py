"""A worker as a child of its command: while TensorFlow waits for another machine it hears no signal, and its parent does."""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from dlcli.errors import ResourceError, UsageError
from dlcli.signals import WATCHED, heard
from dlcli.training.distributed.team import AGAIN

GRACE = 60.0
"""Seconds that a worker has to end after a signal."""
LINE = "DLCLI_PARENT"
"""The variable with the number of the socket between parent and child."""
LOOK = 0.2  # unseen: time alone
"""Seconds between two looks at the child."""
CONNECTING, CONNECTED = "connecting", "connected"
"""What a child says before and after TensorFlow connects the workers: it hears nothing then, not even its own threads."""
CONNECTS = 60.0
"""Seconds that this may take, once all have met."""
DEATH_OF_PARENT = 1
"""The number by which Linux is asked for a signal when the parent dies."""


def is_child() -> bool:
    """Whether this process is watched by its command already."""
    return LINE in os.environ


def watched(
    arguments: Sequence[str], content: bytes | None, *, grace: float = GRACE, connects: float = CONNECTS
) -> int:
    """Runs dlcli with such arguments as a child, which is ended if it does not end itself; gives its exit code.

    `content` is its standard input where that was read already. Raises `ResourceError` where it heard nothing any more
    because another worker is gone.
    """
    check_system()
    ours, theirs = socket.socketpair()
    child = subprocess.Popen(
        [sys.executable, "-m", "dlcli", *arguments],
        env={**os.environ, LINE: str(theirs.fileno())},
        pass_fds=[theirs.fileno()],
        start_new_session=True,  # so that the terminal's Ctrl-C comes once, from here
        stdin=None if content is None else subprocess.PIPE,
    )
    theirs.close()
    ours.setblocking(False)
    deadlines: list[float] = []
    gone: list[str] = []
    connecting = False

    def pass_on(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError, OSError):
            if connecting:  # TensorFlow takes signals for itself meanwhile
                ours.send(bytes([number]))
            else:
                child.send_signal(number)
        deadlines.append(time.monotonic() + grace)

    with heard(WATCHED, pass_on):
        if child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(content or b"")
                child.stdin.close()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(LOOK)
                break
            with contextlib.suppress(BlockingIOError):
                for words in ours.recv(1 << 12).decode(errors="replace").splitlines():
                    if words in {CONNECTING, CONNECTED}:
                        connecting, connected_by = words == CONNECTING, time.monotonic() + connects
                    elif words:
                        gone.append(words)
                        deadlines.insert(0, time.monotonic())
            if connecting and time.monotonic() > connected_by:
                gone.append(f"TensorFlow has not connected the workers within {connects:.0f} s: one of them is gone")
                deadlines.insert(0, time.monotonic())
            if deadlines and time.monotonic() > deadlines[0]:
                child.kill()
                child.wait()
                break
    ours.close()
    if child.returncode < 0 and gone:
        raise ResourceError(f"{gone[0]}, and this worker heard nothing any more", hint=AGAIN, kind="worker_lost")
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def check_system() -> None:
    """Raises `UsageError` where no process can be watched over."""
    if not hasattr(os, "setsid"):
        raise UsageError(
            "distribute: multi_worker is for Linux and macOS: here a process cannot be watched over as it needs",
            hint="write distribute: mirrored, or none",
            kind="not_on_this_system",
        )


def told_parent() -> Callable[[str], None]:
    """Says something to the parent, once this process is its child; ends it when the parent is gone."""
    line = socket.socket(fileno=int(os.environ.pop(LINE)))

    def watch() -> None:
        import psutil

        with contextlib.suppress(OSError):
            while number := line.recv(1):
                _thread.interrupt_main(signal.Signals(number[0]))
        _thread.interrupt_main(signal.SIGTERM)  # heard by the handlers of Python, whoever has taken the system's place
        time.sleep(GRACE)
        psutil.Process().kill()

    threading.Thread(target=watch, daemon=True, name="parent").start()

    def tell(words: str) -> None:
        with contextlib.suppress(OSError):
            line.sendall(words.encode() + b"\n")

    return tell


@contextlib.contextmanager
def connecting(tell: Callable[[str], None]) -> Iterator[None]:
    """While it is open TensorFlow connects the workers: the parent watches the time and keeps signals, which TensorFlow takes
    for itself, and where it is killed this process dies with it: there is nothing to save yet."""
    tell(CONNECTING)
    dies_with_parent(getattr(signal, "SIGKILL", 9))
    try:
        yield
    finally:
        dies_with_parent(0)
        for each in WATCHED:
            signal.signal(each, signal.getsignal(each))
        tell(CONNECTED)


def dies_with_parent(number: int) -> None:
    """Asks Linux for a signal when the parent dies, or for none."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(DEATH_OF_PARENT, int(number))
