"""A worker as a child of its command: while TensorFlow waits for another machine it hears no signal, and its parent does."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
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


def is_child() -> bool:
    """Whether this process is watched by its command already."""
    return LINE in os.environ


def watched(arguments: Sequence[str], content: bytes | None, *, grace: float = GRACE) -> int:
    """Runs dlcli with such arguments as a child, which is ended if it does not end itself; gives its exit code.

    `content` is its standard input where that was read already. Raises `ResourceError` where it heard nothing any more
    because another worker is gone.
    """
    if not hasattr(os, "setsid"):
        raise UsageError(
            "distribute: multi_worker is for Linux and macOS: here a process cannot be watched over as it needs",
            hint="write distribute: mirrored, or none",
            kind="not_on_this_system",
        )
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

    def pass_on(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
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
                if words := ours.recv(1 << 12).decode(errors="replace").strip():
                    gone.append(words.splitlines()[0])
                    deadlines.insert(0, time.monotonic())
            if deadlines and time.monotonic() > deadlines[0]:
                child.kill()
                child.wait()
                break
    ours.close()
    if child.returncode < 0 and gone:
        raise ResourceError(f"{gone[0]}, and this worker heard nothing any more", hint=AGAIN, kind="worker_lost")
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def told_parent() -> Callable[[str], None]:
    """Says something to the parent, once this process is its child; ends it when the parent is gone."""
    line = socket.socket(fileno=int(os.environ.pop(LINE)))

    def watch() -> None:
        import psutil

        with contextlib.suppress(OSError):
            line.recv(1)
        signal.raise_signal(signal.SIGTERM)
        time.sleep(GRACE)
        psutil.Process().kill()

    threading.Thread(target=watch, daemon=True, name="parent").start()

    def tell(words: str) -> None:
        with contextlib.suppress(OSError):
            line.sendall(words.encode() + b"\n")

    return tell
