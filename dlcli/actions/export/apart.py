"""A program in a process of its own, in which dlcli is not loaded and whose end is not the end of this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LONGEST = 900
"""Seconds after which a program that has not ended is taken for one that does not work."""


class NotRunning(Exception):
    """What has not worked in a process of its own, in the words of its last line."""


def run_apart(program: Path, *arguments: Path) -> str:
    """What a program of the package prints. Raises `NotRunning` where it fails."""
    command = [sys.executable, "-I", str(program), *map(str, arguments)]
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUTF8": "1"}
    try:
        ended = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LONGEST,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        raise NotRunning(f"it has not ended within {LONGEST} seconds") from None
    if ended.returncode < 0:
        raise NotRunning(f"its process was ended by signal {-ended.returncode}")
    if ended.returncode:
        lines = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
        raise NotRunning(lines[-1] if lines else f"its process ended with {ended.returncode}")
    return ended.stdout
