"""The files and folders that a run consists of: each its own, no link that leads elsewhere and nothing that is waited for."""

from __future__ import annotations

import os
import stat

from dlcli.errors import ArtifactError, UnsafeError
from dlcli.runs.atomic import MANIFEST
from dlcli.runs.folder import Run

FOLDERS = frozenset({"checkpoints", "logs", "model", "plugins", "trackers"})
FILES = frozenset(
    {
        ".lock",
        "baseline.json",
        "best.json",
        "config.resolved.json",
        "config.yaml",
        "env.json",
        "logs/error.txt",
        "logs/log.txt",
        "loss.png",
        "loss.svg",
        MANIFEST,
        "metrics.jsonl",
        "run.json",
        "samples.npz",
        "splits.npz",
        "threshold.json",
    }
)


def check_places(run: Run) -> None:
    """Raises `UnsafeError` for a link under a name of the run, `ArtifactError` for what is neither file nor folder there."""
    for name in sorted(FOLDERS | FILES):
        try:
            mode = os.lstat(run.path / name).st_mode
        except OSError:
            continue
        if stat.S_ISLNK(mode):
            raise UnsafeError(
                f"'{name}' of '{run.name}' is a link, which may lead to files that are not of this run",
                file=run.path / name,
                hint="if you trust whoever made the run, put what the link leads to in its place",
                kind="link_in_run",
            )
        wanted, right = ("folder", stat.S_ISDIR(mode)) if name in FOLDERS else ("plain file", stat.S_ISREG(mode))
        if not right:
            raise ArtifactError(
                f"'{name}' of '{run.name}' is no {wanted}",
                file=run.path / name,
                hint="train it again",
                kind="damaged_run",
            )
