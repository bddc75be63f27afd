"""The manifest of a run: what each file of its record may hold, and how its history begins.

`model/` and every checkpoint have manifests of their own, `env.json` has the digests of the plugins.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from dlcli.errors import ArtifactError
from dlcli.runs.atomic import (
    MANIFEST,
    UNREADABLE,
    json_bytes,
    json_plain,
    json_text,
    read_plain,
    write_bytes,
    write_json,
)
from dlcli.runs.folder import Run

Prints = list[dict[str, Any]]
AGAIN = 3
"""A writer may replace file and manifest while both are read: so often they are read anew."""


def write_recorded(run: Run, path: Path, content: bytes) -> None:
    """Replaces a file of the record. Raises `ResourceError` where the disk refuses."""
    # The manifest goes first and knows the content that stands there too: whatever instant a kill comes at, the file is one
    # of the two.
    manifest = read_manifest(run)
    before = [each for each in manifest.get(path.name, []) if matches(path, each)]
    manifest[path.name] = [print_of(content), *before]
    write_json(run.path / MANIFEST, manifest)
    write_bytes(path, content)


def write_recorded_json(run: Run, path: Path, value: Any) -> None:
    """Replaces a JSON file of the record; what JSON cannot hold becomes null, text or a list."""
    write_recorded(run, path, json_bytes(json_text(json_plain(value))))


def read_recorded(run: Run, path: Path) -> bytes:
    """What a file of the record holds. Raises `ArtifactError` where it is not what was written, and `OSError`.

    A run that was made before there were manifests is taken as it is.
    """
    for _ in range(AGAIN):
        content = read_plain(path)
        prints = read_manifest(run).get(path.name)
        if prints is None or print_of(content) in prints:
            return content
    raise ArtifactError(
        f"{path.name} of '{run.name}' is damaged: it is not what was written",
        file=path,
        hint="put it back from a copy, or train it again",
        kind="damaged_run",
    )


def seal_history(run: Run, content: bytes) -> None:
    """Notes that the history begins with `content` from now on; what it began with before may still stand there."""
    manifest = read_manifest(run)
    before = manifest.get(run.metrics.name, [])
    manifest[run.metrics.name] = [print_of(content), *before[:1]]
    write_json(run.path / MANIFEST, manifest)


def check_history(run: Run, content: bytes) -> None:
    """Raises `ArtifactError` where the history does not begin as it did when it was sealed last."""
    prints = read_manifest(run).get(run.metrics.name)
    if prints is not None and not any(print_of(content[: each["bytes"]]) == each for each in prints):
        raise ArtifactError(
            f"the history of '{run.name}' is not what was written", file=run.metrics, kind="damaged_history"
        )


def read_manifest(run: Run) -> dict[str, Prints]:
    """The prints by file. Raises `ArtifactError` for a manifest that is none; without one there are no prints."""
    path = run.path / MANIFEST
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        try:
            content = json.loads(read_plain(path))
            return {
                str(name): [{"bytes": int(one["bytes"]), "sha256": str(one["sha256"])} for one in prints]
                for name, prints in content.items()
            }
        except FileNotFoundError:
            raise
        except UNREADABLE:
            raise ArtifactError(
                f"{MANIFEST} of '{run.name}' cannot be read", file=path, hint="train it again", kind="damaged_run"
            ) from None
    return {}


def print_of(content: bytes) -> dict[str, Any]:
    """The length and the digest of a content."""
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def matches(path: Path, expected: dict[str, Any]) -> bool:
    """Whether a file is there and holds what a print says."""
    with contextlib.suppress(OSError):
        return print_of(read_plain(path)) == expected
    return False
