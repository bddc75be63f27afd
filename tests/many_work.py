"""What processes of `dlcli.training.many` are told to do by its tests; each finds it here by its name."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

Answer = tuple[int, Any]


def squared(number: int) -> Answer:
    """An answer, and the exit code of a piece that is well, or not."""
    return number % 2, {"square": number * number, "process": os.getpid()}


def surroundings(asked: Any) -> Answer:
    """What has been imported and started before the work begins."""
    imported = sorted({"keras", "tensorflow", "pytest"} & {*sys.modules})
    from tensorflow.python.eager import context

    handle = context.context()._context_handle
    group = os.getpgid(0) == os.getpid()
    return 0, {"imported": imported, "runtime": handle is not None, "folder": str(Path.cwd()), "own_group": group}


def killed(number: int) -> Answer:
    """Is killed by the system if its number is odd."""
    if number % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0, number


def until_asked(file: str) -> Answer:
    """Says that it is there, and waits to be asked to stop."""
    heard: list[int] = []
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda number, frame: heard.append(number))
    Path(file).write_text(str(os.getpid()), encoding="utf-8")
    while not heard:
        threading.Event().wait(0.01)
    return 128 + heard[0], heard


def first_then_wait(file: str) -> Answer:
    """Answers at once where there is no file."""
    return until_asked(file) if file else (0, "first")


def never_answers(asked: Any) -> Answer:
    """Ends without a word."""
    os._exit(5)
