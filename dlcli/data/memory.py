"""How much memory can be had: what the system has free, and what limits of the process or its container leave."""

from __future__ import annotations

import os
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Bytes of memory that this process can still take without swapping."""
    return max(0, min(system_memory(), container_memory(), process_memory()))


def system_memory() -> int:
    """What the system can give."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def container_memory() -> int:
    """What the limit of a container leaves; its file cache can be given back."""
    try:
        limit = (CONTAINER / "memory.max").read_text().strip()
        if limit == "max":
            return 2**63
        used = int((CONTAINER / "memory.current").read_text())
        stat = dict(line.split() for line in (CONTAINER / "memory.stat").read_text().splitlines())
        return int(limit) - used + int(stat.get("file", 0))
    except (OSError, ValueError):
        return 2**63


def process_memory() -> int:
    """What a limit of this process (`ulimit -v`, `ulimit -d`) leaves."""
    try:
        import resource
    except ImportError:
        return 2**63
    limits = [resource.getrlimit(each)[0] for each in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    given = [each for each in limits if each != resource.RLIM_INFINITY]
    if not given:
        return 2**63
    try:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        used = 0
    return min(given) - used
