"""Runs: those of a folder, chosen and in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dlcli.runs.listing import filter_runs, list_runs, sort_runs
from dlcli.view.runs import RunShown


def listed_runs(root: Path, *, filters: Sequence[str], sort: str | None) -> list[RunShown]:
    """The runs that fulfil all filters, as they were started or by a value. Raises `UsageError` for a wrong expression."""
    rows = filter_runs(list_runs(root), filters)
    if sort is not None:
        rows = sort_runs(rows, sort)
    return [RunShown(row.run, row.status, row.epochs, row.seconds, row.metrics, row.config) for row in rows]
