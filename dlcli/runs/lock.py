"""The lock of a run: held by its writer for life, released by the system when the writer dies."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from dlcli.errors import ConflictError
from dlcli.runs.atomic import BYTES, NO_LINK, NO_WAIT, UNSUPPORTED, refusals, sync_folder

NAME = ".lock"
TRIES, PAUSE = 20, 0.01  # unseen: time alone
"""A reader that asks whether there is a writer holds the lock for some microseconds: tried again, in seconds."""
HOLDER = re.compile(r"process (\d+) on (\S+) since")
QUESTIONS = 3
"""So many readers in a row are not taken for a writer."""


class Lock:
    """Holds RUN/.lock as a context manager; the text in it (process, host, time) only serves the message.

    Raises `ConflictError` where another process holds it, and `ResourceError` where the file cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.descriptor = -1
        self.held = True
        """Whether the system holds the lock; a file system without locks keeps nobody away."""

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
        other = self.other_holder()
        if other is not None:
            hint = "wait until that process has ended; a new run can have another --name"
            raise ConflictError(f"the run is in use by {other}", file=self.path.parent, hint=hint, kind="run_in_use")
        if os.fstat(self.descriptor).st_nlink > 1:  # what is written would stand under the other name, too
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with contextlib.suppress(OSError):
            os.ftruncate(self.descriptor, 0)
            os.write(self.descriptor, f" process {os.getpid()} on {socket.gethostname()} since {now}\n".encode())

    def other_holder(self) -> str | None:
        """Takes the lock, or gives who has it. Where the file system has no locks, it is the process that the file names."""
        try:
            for _ in range(TRIES):
                if lock_taken(self.descriptor):
                    return None
                time.sleep(PAUSE)
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise
            self.held = False
            return living_holder(self.descriptor)
        return holder(self.descriptor) or "another process"


def weak_points(lock: Lock) -> list[str]:
    """What the file system of a run whose lock is open does not do, in words; nothing where it does all that a run needs."""
    folder, words = lock.path.parent, []
    if not lock.held:
        words.append(f"the file system of {folder} has no locks: nothing keeps a second process out of this run")
    if not sync_folder(folder):
        words.append(
            f"the file system of {folder} cannot make files last (fsync): a power cut may lose what was saved last"
        )
    return words


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
    return writer_of(folder) is not None


def writer_of(folder: Path) -> str | None:
    """Who writes a run now, in words; None where nobody does. Asking does not disturb the writer."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY | BYTES | NO_LINK | NO_WAIT)
    except OSError:
        return None
    try:
        for _ in range(QUESTIONS):
            if lock_taken(descriptor):
                return None
            time.sleep(PAUSE)
        return holder(descriptor) or "another process"
    except OSError:
        return living_holder(descriptor)
    finally:
        os.close(descriptor)


def living_holder(descriptor: int) -> str | None:
    """Who holds the lock where the file system has none: the process that is named in it, if it lives on this machine."""
    from psutil import pid_exists

    words = holder(descriptor)
    named = HOLDER.match(words)
    if named is None or named[2] != socket.gethostname() or int(named[1]) == os.getpid():
        return None
    return words if pid_exists(int(named[1])) else None
