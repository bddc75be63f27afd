"""A stopwatch of work: what others do on the same machine meanwhile is none of it."""

from __future__ import annotations

import time


class Stopwatch:
    """The seconds since it was started, of the clock or of the processors of this process, whichever are fewer."""

    def __init__(self) -> None:
        self.wall, self.work = time.monotonic(), time.process_time()

    @property
    def seconds(self) -> float:
        return min(time.monotonic() - self.wall, time.process_time() - self.work)
