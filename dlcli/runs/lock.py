"""The lock of a run: held by its writer for life, released by the system when the writer dies."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from dlcli.errors import ConflictError
from dlcli.runs.atomic import BYTES, NO_LINK, refusals

NAME = ".lock"
TRIES, PAUSE = 20, 0.01  # unseen: time alone
"""A reader that asks whether there is a writer holds the lock for some microseconds: tried again, in seconds."""
QUESTIONS = 3
"""So many readers in a row are not taken for a writer."""


class Lock:
    """Holds RUN/.lock as a context manager; the text in it (process, host, time) only serves the message.

    Raises `ConflictError` where another process holds it, and `ResourceError` where the file cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.descriptor = -1

    def __enter__(self) -> Lock:
        with refusals(self.path):
            self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | BYTES | NO_LINK, 0o644)
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
        """Takes the lock and writes who holds it; on a full disk the holder stays unnamed.

        Raises `ConflictError` where another process holds it.
        """
        for _ in range(TRIES):
            if lock_taken(self.descriptor):
                break
            time.sleep(PAUSE)
        else:
            message = f"the run is in use by {holder(self.descriptor) or 'another process'}"
            hint = "wait until that process has ended; a new run can have another --name"
            raise ConflictError(message, file=self.path.parent, hint=hint, kind="run_in_use")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with contextlib.suppress(OSError):
            os.ftruncate(self.descriptor, 0)
            os.write(self.descriptor, f" process {os.getpid()} on {socket.gethostname()} since {now}\n".encode())


def lock_taken(descriptor: int) -> bool:
    """Takes the lock of an open file unless somebody has it; it lasts until the file is closed, by whatever means."""
    from filelock import lock_descriptor

    return lock_descriptor(descriptor, blocking=False)


def holder(descriptor: int) -> str:
    """Who holds the lock, in words. The text begins after one byte: the one that Windows locks, and then nobody reads."""
    with contextlib.suppress(OSError):
        os.lseek(descriptor, 1, os.SEEK_SET)
        return os.read(descriptor, 500).decode("utf-8", "replace").strip()
    return ""


def is_locked(folder: Path) -> bool:
    """Whether a writer is alive; asking does not disturb it."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY | BYTES)
    except OSError:
        return False
    try:
        for _ in range(QUESTIONS):
            if lock_taken(descriptor):
                return False
            time.sleep(PAUSE)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)
