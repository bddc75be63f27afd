"""The lock of a run: held by its writer for life, released by the kernel when the writer dies."""

from __future__ import annotations

import fcntl
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from dlcli.errors import ConflictError

NAME = ".lock"


class Lock:
    """Holds RUN/.lock as a context manager; the text in it (process, host, time) only serves the message.

    Raises `ConflictError` where another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.descriptor = -1

    def __enter__(self) -> Lock:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        self.descriptor = os.open(self.path, flags, 0o644)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self.descriptor, 500).decode("utf-8", "replace").strip()
            os.close(self.descriptor)
            raise ConflictError(f"the run is in use by {holder or 'another process'}", file=self.path.parent, hint="wait for it, or give the new run another name") from None
        os.ftruncate(self.descriptor, 0)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        os.write(self.descriptor, f"process {os.getpid()} on {socket.gethostname()} since {now}\n".encode())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self.descriptor)


def is_locked(folder: Path) -> bool:
    """Whether a writer is alive; asking does not disturb it."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
