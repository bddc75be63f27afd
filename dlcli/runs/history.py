"""The history of a run: metrics.jsonl, one object an epoch, without times, so that equal runs have equal files."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from dlcli.errors import ArtifactError
from dlcli.runs.atomic import UNREADABLE, append_line, json_plain, read_plain, write_bytes
from dlcli.runs.folder import Run
from dlcli.runs.manifest import check_history, print_of, seal_history


def append(run: Run, entry: Mapping[str, Any]) -> None:
    """Adds an epoch."""
    append_line(run.metrics, json.dumps(json_plain(entry), ensure_ascii=False, allow_nan=False))


def read(run: Run) -> list[dict[str, Any]]:
    """All epochs; a last line that a kill has torn is left out. Raises `ArtifactError` for damage elsewhere."""
    content = read_history(run)
    lines = content.split(b"\n")
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
    check_history(run, content)
    return entries


def last_entry(run: Run) -> dict[str, Any]:
    """The newest epoch that can be read; empty where there is none. What is damaged is left out."""
    try:
        lines = read_history(run).split(b"\n")
    except ArtifactError:
        return {}
    for line in reversed(lines[:-1]):
        with contextlib.suppress(*UNREADABLE):
            entry = json.loads(line)
            if isinstance(entry, dict) and isinstance(entry.get("epoch"), int):
                return entry
    return {}


def read_history(run: Run) -> bytes:
    """The history as it stands; nothing where no epoch has ended. Raises `ArtifactError` for what cannot be read."""
    try:
        return read_plain(run.metrics)
    except FileNotFoundError:
        return b""
    except OSError as error:
        message = f"the history of '{run.name}' cannot be read: {error.strerror}"
        raise ArtifactError(message, file=run.metrics, kind="unreadable_file") from None


def print_of_history(run: Run) -> dict[str, Any]:
    """How the history stands, for `cut_history` to come back to; the manifest of the run knows it from now on."""
    content = read_history(run)
    seal_history(run, content)
    return print_of(content)


def cut_history(run: Run, saved: Mapping[str, Any] | int) -> None:
    """Takes back what was added since `print_of_history` gave `saved`; older checkpoints know the length alone.

    Raises `ArtifactError` where the history does not begin as it did then.
    """
    content = read_history(run)
    size = saved if isinstance(saved, int) else saved["bytes"]
    if len(content) < size:
        raise ArtifactError(
            f"the history of '{run.name}' is shorter than when it was saved", file=run.metrics, kind="damaged_history"
        )
    kept = content[:size]
    if not isinstance(saved, int) and print_of(kept) != saved:
        raise ArtifactError(
            f"the history of '{run.name}' is not what was saved with its checkpoint",
            file=run.metrics,
            hint="put metrics.jsonl back from a copy, or train it again",
            kind="damaged_history",
        )
    seal_history(run, kept)
    if len(content) > size:
        write_bytes(run.metrics, kept)


def curves(entries: list[dict[str, Any]], name: str) -> dict[str, list[float]]:
    """One value over the epochs, by split; NaN where an epoch has none."""
    found = {}
    for split in ("train", "validation"):
        values = [entry.get(split, {}).get(name) for entry in entries]
        if any(value is not None for value in values):
            found[split] = [float("nan") if value is None else value for value in values]
    return found
