"""The folder that a board keeps its pages in: gone when it ends, and where it was killed when the next one begins."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dlcli.runs.lock import NAME, Lock, is_locked

PREFIX = "dlcli-board-"
YOUNG = 60.0
"""Seconds in which a folder without a lock may be that of a board that is just beginning."""


@contextmanager
def page_folder() -> Iterator[Path]:
    """A new folder that is locked while it is open; those that killed boards have left are removed."""
    for path in left_folders(Path(tempfile.gettempdir())):
        shutil.rmtree(path, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder, Lock(Path(folder)):
        yield Path(folder)


def left_folders(place: Path) -> list[Path]:
    """The folders of this user's boards whose process has ended."""
    found = []
    with suppress(OSError):
        found = [path for path in place.glob(f"{PREFIX}*") if is_left(path)]
    return found


def is_left(path: Path) -> bool:
    """Whether a path is a folder that a board of this user has left."""
    try:
        seen = os.lstat(path)
    except OSError:
        return False
    ours = not hasattr(os, "getuid") or seen.st_uid == os.getuid()
    begun = (path / NAME).exists() or time.time() - seen.st_mtime > YOUNG
    return stat.S_ISDIR(seen.st_mode) and ours and begun and not is_locked(path)
