"""Who has a trial: the process of a search, and whether it still lives.

On its own machine that is asked of the system. Of another one it is known by its beat, a number that grows while it lives: who
has watched it stand still for long enough takes the trial over. No clock is compared with that of another machine.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

BOOT, NAMESPACE = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
SAME_START = 2.0
"""Seconds by which the start of one process may seem to differ, since the clock of the machine is set."""


@dataclass(frozen=True)
class Holder:
    """A process of a machine since it was started there, and the folder of the group in which it trains."""

    host: str
    machine: str
    process: int
    started: float
    folder: str

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Holder:
        """It as a storage has it."""
        return cls(**{key: value[key] for key in ("host", "machine", "process", "started", "folder")})

    def plain(self) -> dict[str, Any]:
        """It as a storage has it."""
        return asdict(self)

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this machine, since this was started."""
        return (self.host, self.machine) == (socket.gethostname(), machine())

    @property
    def lives(self) -> bool:
        """Whether a process of this machine is still there, and no other has its number."""
        started = start_of(self.process)
        return started is not None and abs(started - self.started) <= SAME_START


def this_process(folder: Path) -> Holder:
    """This process, that trains in a group."""
    started = start_of(os.getpid())
    assert started is not None
    return Holder(socket.gethostname(), machine(), os.getpid(), started, str(folder.resolve()))


@cache
def machine() -> str:
    """What tells this start of this machine, or of this container, from any other."""
    words = []
    with contextlib.suppress(OSError):
        words.append(BOOT.read_text(encoding="ascii").strip())
    with contextlib.suppress(OSError):
        words.append(os.readlink(NAMESPACE))  # noqa: PTH115 (it names nothing that is there)
    return " ".join(words) or "unknown"


def start_of(process: int) -> float | None:
    """When a process was started; None of one that is gone, or has ended and is only not yet taken away."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        found = psutil.Process(process)
        return None if found.status() == psutil.STATUS_ZOMBIE else float(found.create_time())
    return None
