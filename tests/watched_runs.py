"""Runs that another process trains, watched from outside by the tests."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path


def until(there: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Waits until something is so, while the process lives."""
    while process.poll() is None and not there():
        threading.Event().wait(0.02)


def epochs_in(folder: Path, name: str) -> int:
    path = folder / "runs" / name / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def writer_of_run(folder: Path, name: str) -> int:
    found = re.search(r"process (\d+)", (folder / "runs" / name / ".lock").read_text(encoding="utf-8"))
    assert found is not None
    return int(found[1])
