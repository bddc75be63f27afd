"""What a server has done, in the text that Prometheus reads."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Histogram:
    """How often values lay below some bounds."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds, self.counts = bounds, [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Counts a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def lines(self, name: str) -> list[str]:
        """The lines of it; each bound counts all that is not above."""
        below, lines = 0, list[str]()
        for bound, count in zip([*map(str, self.bounds), "+Inf"], self.counts, strict=True):
            below += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {below}')
        return [*lines, f"{name}_sum {self.total:.6f}", f"{name}_count {below}"]


class Metrics:
    """The counters of a server."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.seconds, self.batches = Histogram(SECONDS), Histogram(ROWS)
        self.rows, self.loads, self.waiting = 0, 1, 0

    def request(self, path: str, status: int, seconds: float) -> None:
        """Counts a request that was answered."""
        self.requests[path, status] += 1
        if path == "/predict":
            self.seconds.add(seconds)

    def batch(self, rows: int) -> None:
        """Counts rows that are answered together."""
        self.rows += rows
        self.batches.add(rows)

    def text(self) -> str:
        """All of it."""
        lines = ["# TYPE dlcli_requests_total counter", "# HELP dlcli_requests_total Requests by address and status."]
        for (path, status), count in sorted(self.requests.items()):
            lines.append(f'dlcli_requests_total{{path="{path}",status="{status}"}} {count}')
        lines += [
            "# TYPE dlcli_rows_total counter",
            "# HELP dlcli_rows_total Rows that were answered.",
            f"dlcli_rows_total {self.rows}",
            "# TYPE dlcli_loads_total counter",
            "# HELP dlcli_loads_total How often the model was loaded.",
            f"dlcli_loads_total {self.loads}",
            "# TYPE dlcli_request_seconds histogram",
            "# HELP dlcli_request_seconds Seconds from the request to its answer.",
            *self.seconds.lines("dlcli_request_seconds"),
            "# TYPE dlcli_batch_rows histogram",
            "# HELP dlcli_batch_rows Rows that were answered together.",
            *self.batches.lines("dlcli_batch_rows"),
        ]
        return "\n".join([*lines, ""])
