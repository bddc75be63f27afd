"""The fingerprint of data: what tells whether a file is still the one that a run was trained on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from dlcli.data.remote import address_of

EACH = 100
"""Up to this many files each have a fingerprint of their own; more have one together."""
MOST_BYTES = 1 << 30
"""Of many files with more content than this only names, sizes and times are looked at."""

Print = dict[str, str | int]


def fingerprint(files: Sequence[Path]) -> list[Print]:
    """For each file its path, bytes and SHA-256; for many files their folder, how many they are, and one SHA-256."""
    different = list(dict.fromkeys(files))
    return [of_file(path) for path in different] if len(different) <= EACH else [of_all(different)]


def of_file(path: Path) -> Print:
    """The fingerprint of one file; one that was fetched is named by its address."""
    with path.open("rb") as file:
        return {
            "file": address_of(path) or str(path),
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def of_all(files: Sequence[Path]) -> Print:
    """The fingerprint of many files: of their names within their folder and their content."""
    one_drive = len({path.drive for path in files}) == 1
    folder = os.path.commonpath([path.parent for path in files]) if one_drive else ""
    facts = [path.stat() for path in files]
    total, found = sum(fact.st_size for fact in facts), hashlib.sha256()
    for path, fact in zip(files, facts, strict=True):
        name = path.relative_to(folder) if one_drive else path
        found.update(f"{name.as_posix()}\0{fact.st_size}\0".encode("utf-8", "surrogateescape"))
        if total > MOST_BYTES:
            found.update(str(fact.st_mtime_ns).encode())
        else:
            found.update(path.read_bytes())
    return {
        "file": address_of(Path(folder)) or folder,
        "files": len(files),
        "bytes": total,
        "sha256": found.hexdigest(),
    }


def changed(recorded: Sequence[Print], files: Sequence[Path]) -> list[str]:
    """The names of files whose content is no longer what was recorded."""
    now = {each["sha256"] for each in fingerprint([path for path in files if path.is_file()])}
    return [str(each["file"]) for each in recorded if each["sha256"] not in now]
