"""How many processors this process may use: fewer than there are, where it is held to some (taskset, a container)."""

from __future__ import annotations

import os


def processors() -> int:
    """As many as the system lets it have; all of them where it does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
