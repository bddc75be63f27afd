"""The runs of a folder as they grow: each is read anew only when one of its files has changed, or while it may train."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from dlcli.errors import ArtifactError
from dlcli.runs import Run
from dlcli.runs.folder import run_folders
from dlcli.runs.index import print_of_files
from dlcli.runs.keys import Configuration, Shape
from dlcli.runs.places import check_places
from dlcli.runs.state import ALIVE
from dlcli.runs.summary import RunSummary, run_summary

AT_ONCE = 32  # unseen: time alone
FRESH = 0.5  # unseen: time alone
"""Seconds for which what was read answers all who ask."""


@dataclass(frozen=True)
class WatchedRun:
    """A run as it was last read, and what tells whether its files are still the same."""

    summary: RunSummary
    seen: Sequence[int]

    @property
    def alive(self) -> bool:
        """Whether it trains."""
        return self.summary.status in ALIVE


class WatchedRuns:
    """All runs of a folder, for several who ask at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = threading.Lock()
        self.kept: dict[Path, WatchedRun] = {}
        self.shapes: dict[str, Shape] = {}
        self.looked = -FRESH

    def runs(self) -> list[WatchedRun]:
        """The runs as they stand now, in the order in which they were started."""
        with self.lock:
            if time.monotonic() - self.looked >= FRESH:
                folders = run_folders(self.root)
                # To tell a writer from another reader takes some hundredths of a second of waiting, for each run that trains.
                with ThreadPoolExecutor(AT_ONCE) as pool:
                    self.kept = dict(zip(folders, pool.map(self.looked_at, folders), strict=True))
                self.looked = time.monotonic()
            return sorted(self.kept.values(), key=lambda each: (each.summary.number, each.summary.run))

    def looked_at(self, path: Path) -> WatchedRun:
        """A run, read anew where it may be another than before."""
        before, now = self.kept.get(path), files_seen(path)
        if before is not None and before.seen == now and not before.alive:
            return before
        run = Run(path)
        summary = run_summary(run)
        summary = replace(summary, configuration=self.with_shared_shape(summary.configuration))
        return WatchedRun(summary, now)

    def with_shared_shape(self, configuration: Configuration) -> Configuration:
        """The configuration with the shape of others like it: of runs that share one, keys are compared far faster."""
        shape = configuration.shape
        return Configuration(self.shapes.setdefault(shape.key, shape), configuration.values)

    def folder(self, name: str) -> Path | None:
        """The folder of a run that has been seen."""
        return next((path for path, each in self.kept.items() if each.summary.run == name), None)

    def run(self, name: str) -> Run:
        """The run of a name, which is no way out of the folder. Raises `ArtifactError`, and `UnsafeError` for a link in it."""
        found = self.folder(name) or (self.runs() and self.folder(name))
        if not found or found.is_symlink() or (found.parent != self.root and found.parent.is_symlink()):
            raise ArtifactError(f"there is no run '{name}'", file=self.root, kind="no_such_run")
        run = Run(found)
        check_places(run)
        return run


def files_seen(path: Path) -> list[int]:
    """What tells whether the files of a run, its history among them, are still those that were read."""
    found = [*print_of_files(path)]
    with suppress(OSError):
        status = os.lstat(path / "metrics.jsonl")
        found += [status.st_ino, status.st_size, status.st_mtime_ns]
    return found
