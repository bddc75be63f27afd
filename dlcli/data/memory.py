"""How much memory can be had: what the system has free, and what limits of the process or its container leave."""

from __future__ import annotations

from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
NO_LIMIT = 2**63


def free_memory() -> int:
    """Bytes of memory that this process can still take without swapping."""
    return max(0, min(system_memory(), container_memory(), process_memory()))


def give_back_memory() -> None:
    """Gives memory back to the system that this process has freed and would keep for itself."""
    import psutil

    if hasattr(psutil, "heap_trim"):  # where the allocator of the system can be asked
        psutil.heap_trim()


def system_memory() -> int:
    """What the system can give."""
    import psutil

    try:
        return int(psutil.virtual_memory().available)
    except (OSError, RuntimeError):  # a Linux on which /proc is hidden
        return NO_LIMIT


def container_memory() -> int:
    """What the limit of a container leaves; its file cache can be given back. psutil knows of the whole system only."""
    try:
        limit = (CONTAINER / "memory.max").read_text().strip()
        if limit == "max":
            return NO_LIMIT
        used = int((CONTAINER / "memory.current").read_text())
        stat = dict(line.split() for line in (CONTAINER / "memory.stat").read_text().splitlines())
        return int(limit) - used + int(stat.get("file", 0))
    except (OSError, ValueError):
        return NO_LIMIT


def process_memory() -> int:
    """What a limit of this process (`ulimit -v`, `ulimit -d`) leaves. psutil knows of these on Linux only."""
    try:
        import resource
    except ImportError:
        return NO_LIMIT
    import psutil

    limits = [resource.getrlimit(each)[0] for each in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    given = [each for each in limits if each != resource.RLIM_INFINITY]
    if not given:
        return NO_LIMIT
    try:
        used = int(psutil.Process().memory_info().vms)
    except psutil.Error:
        used = 0
    return min(given) - used
