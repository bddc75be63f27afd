"""The history of a run: metrics.jsonl, one object an epoch, without times, so that equal runs have equal files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dlcli.errors import ArtifactError
from dlcli.runs.atomic import UNREADABLE, append_line, json_plain, write_bytes
from dlcli.runs.folder import Run


def append(run: Run, entry: Mapping[str, Any]) -> None:
    """Adds an epoch."""
    append_line(run.metrics, json.dumps(json_plain(entry), ensure_ascii=False, allow_nan=False))


def read(run: Run) -> list[dict[str, Any]]:
    """All epochs; a last line that a kill has torn is left out. Raises `ArtifactError` for damage elsewhere."""
    try:
        lines = run.metrics.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        message = f"the history of '{run.name}' cannot be read: {error.strerror}"
        raise ArtifactError(message, file=run.metrics, kind="unreadable_file") from None
    entries: list[dict[str, Any]] = []
    for number, line in enumerate(lines[:-1], start=1):
        try:
            entry = json.loads(line)
        except UNREADABLE:
            entry = None
        if not isinstance(entry, dict):
            raise ArtifactError(
                f"line {number} of the history is damaged", file=run.metrics, line=number, kind="damaged_history"
            )
        entries.append(entry)
    return entries


def length(run: Run) -> int:
    """The bytes of the history as it stands."""
    try:
        return run.metrics.stat().st_size
    except FileNotFoundError:
        return 0


def cut_history(run: Run, size: int) -> None:
    """Takes back what was added after the history had `size` bytes. Raises `ArtifactError` where it has fewer."""
    if length(run) < size:
        raise ArtifactError(
            f"the history of '{run.name}' is shorter than when it was saved", file=run.metrics, kind="damaged_history"
        )
    if length(run) > size:
        write_bytes(run.metrics, run.metrics.read_bytes()[:size])


def curves(entries: list[dict[str, Any]], name: str) -> dict[str, list[float]]:
    """One value over the epochs, by split; NaN where an epoch has none."""
    found = {}
    for split in ("train", "validation"):
        values = [entry.get(split, {}).get(name) for entry in entries]
        if any(value is not None for value in values):
            found[split] = [float("nan") if value is None else value for value in values]
    return found
