"""The lines of a file while they are trained: a second process that goes on with them would train some of them once more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dlcli.errors import ConflictError
from dlcli.runs.atomic import refusals


@contextmanager
def held_lines(file: str, runs: Path, *, resume: bool) -> Iterator[None]:
    """While it is open nobody else goes on with the lines of this file in this folder of runs; those of standard input have no
    name by which they could be known.

    Raises `ConflictError` where these are to go on, and another process trains them already.
    """
    from filelock import FileLock, Timeout

    if file == "-":
        yield
        return
    name = hashlib.sha256(str(Path(file).absolute()).encode()).hexdigest()[:12]
    lock = FileLock(runs / f".many-{name}.lock")
    with refusals(runs):
        runs.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if resume:
                message = f"the lines of {file} are trained by another process already"
                hint = "wait until that has ended: a line that both begin would be trained twice"
                raise ConflictError(message, file=file, hint=hint, kind="lines_in_use") from None
    try:
        yield
    finally:
        if lock.is_locked:
            with suppress(OSError):
                Path(lock.lock_file).unlink()
            lock.release()
