"""Workers of a training as real processes under loopback, each in a folder of its own, as on a machine of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

LIMIT = 180.0
"""Seconds after which a test gives up."""


def free_ports(count: int) -> list[int]:
    """So many ports in a row that nobody listens at, and one more behind them."""
    for _ in range(100):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = probe.getsockname()[1]
        ports = list(range(first, first + count + 1))
        taken = 0
        for port in ports:
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except (OSError, OverflowError):
                    taken += 1
        if not taken:
            return ports
    raise AssertionError("no ports")


class Workers:
    """So many workers of one command; each has a folder with copies of the same files."""

    def __init__(self, folder: Path, count: int, *files: Path, wait: str = "60s") -> None:
        self.folders = [folder / f"machine-{number}" for number in range(count)]
        for each in self.folders:
            each.mkdir(parents=True, exist_ok=True)
            for file in files:
                shutil.copy(file, each / file.name)
        self.wait = wait
        self.processes: dict[int, subprocess.Popen[str]] = {}

    def start(self, *arguments: str, only: Sequence[int] | None = None, **changed: str) -> Workers:
        """Starts `dlcli ARGUMENTS` on all machines, or on some."""
        ports = free_ports(len(self.folders))
        addresses = [f"127.0.0.1:{port}" for port in ports[:-1]]
        for number, folder in enumerate(self.folders):
            if only is not None and number not in only:
                continue
            told = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": number}}
            around = {**os.environ, "TF_CONFIG": json.dumps(told), "DLCLI_WAIT_FOR_WORKERS": self.wait, **changed}
            with (folder / "out.txt").open("w") as out, (folder / "err.txt").open("w") as err:
                self.processes[number] = subprocess.Popen(
                    [sys.executable, "-m", "dlcli", *arguments],
                    cwd=folder,
                    env=around,
                    stdout=out,
                    stderr=err,
                    text=True,
                )
        return self

    def said(self, number: int) -> str:
        """What a worker has written to standard error."""
        return (self.folders[number] / "err.txt").read_text(encoding="utf-8")

    def out(self, number: int) -> str:
        """What a worker has written to standard output."""
        return (self.folders[number] / "out.txt").read_text(encoding="utf-8")

    def until(self, number: int, pattern: str) -> None:
        """Waits until a worker has said something."""
        end = time.monotonic() + LIMIT
        while not re.search(pattern, self.said(number)):
            assert time.monotonic() < end, self.said(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.processes[number].wait(0.05)
                raise AssertionError(self.said(number))

    def child(self, number: int) -> psutil.Process:
        """The process that does the work of a worker."""
        (child,) = psutil.Process(self.processes[number].pid).children()
        return child

    def ended(self) -> dict[int, int]:
        """The exit codes of all workers; those that do not end are killed, which fails the test."""
        end = time.monotonic() + LIMIT
        try:
            return {
                number: process.wait(timeout=max(0.1, end - time.monotonic()))
                for number, process in self.processes.items()
            }
        finally:
            for process in self.processes.values():
                if process.poll() is None:
                    for each in [*psutil.Process(process.pid).children(), psutil.Process(process.pid)]:
                        each.send_signal(signal.SIGKILL)
