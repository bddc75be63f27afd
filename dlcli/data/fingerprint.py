"""The fingerprint of data: what tells whether a file is still the one that a run was trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path


def fingerprint(files: Sequence[Path]) -> list[dict[str, str | int]]:
    """For each file its path, bytes and SHA-256."""
    found: list[dict[str, str | int]] = []
    for path in dict.fromkeys(files):
        with path.open("rb") as file:
            found.append(
                {
                    "file": str(path),
                    "bytes": path.stat().st_size,
                    "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
                }
            )
    return found


def changed(recorded: Sequence[dict[str, str | int]], files: Sequence[Path]) -> list[str]:
    """The names of files whose content is no longer what was recorded."""
    now = {each["sha256"] for each in fingerprint([path for path in files if path.is_file()])}
    return [str(each["file"]) for each in recorded if each["sha256"] not in now]
