"""Where a run is served."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServedAt:
    """The keys of `dlcli serve --json`: where the run answers."""

    address: str
    port: int
    run: str
