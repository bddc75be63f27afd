"""The lock of a run: held by its writer for life, released by the kernel when the writer dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from dlcli.errors import ConflictError
from dlcli.runs.atomic import refusals

NAME = ".lock"
TRIES, PAUSE = 20, 0.01
"""A reader that asks whether there is a writer holds the lock for some microseconds: tried again, in seconds."""


class Lock:
    """Holds RUN/.lock as a context manager; the text in it (process, host, time) only serves the message.

    Raises `ConflictError` where another process holds it, and `ResourceError` where the file cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.descriptor = -1

    def __enter__(self) -> Lock:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        with refusals(self.path):
            self.descriptor = os.open(self.path, flags, 0o644)
            try:
                self.acquire()
            except BaseException:
                os.close(self.descriptor)
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.descriptor)

    def acquire(self) -> None:
        """Takes the lock and writes who holds it; on a full disk the holder stays unnamed."""
        for _ in range(TRIES):
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(PAUSE)
        else:
            holder = os.read(self.descriptor, 500).decode("utf-8", "replace").strip()
            message = f"the run is in use by {holder or 'another process'}"
            hint = "wait for it, or give the new run another name"
            raise ConflictError(message, file=self.path.parent, hint=hint)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with contextlib.suppress(OSError):
            os.ftruncate(self.descriptor, 0)
            os.write(self.descriptor, f"process {os.getpid()} on {socket.gethostname()} since {now}\n".encode())


def is_locked(folder: Path) -> bool:
    """Whether a writer is alive; asking does not disturb it."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return isinstance(error, BlockingIOError)
    else:
        return False
    finally:
        os.close(descriptor)
