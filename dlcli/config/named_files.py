"""Where a configuration names a file: an error in it, or that there is none, is told beside that place too."""

from __future__ import annotations

import fnmatch
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from dlcli.config.tree import Mark, Node
from dlcli.spec import absolute_path

PATTERN = frozenset("*?[")


def naming_mark(root: Node, file: str) -> Mark | None:
    """Where a tree names a file, or a folder or pattern by which it is found, the narrowest first; None where it does not."""
    wanted = whole_path(file)
    found = [(len(path), mark) for path, mark in written_paths(root) if leads_to(path, wanted)]
    return max(found, key=lambda each: each[0])[1] if found else None


def written_paths(node: Node) -> Iterator[tuple[str, Mark]]:
    """Each text of a tree as the path that it would be, but those that name nothing."""
    if isinstance(node.value, dict | list):
        for each in node.value.values() if isinstance(node.value, dict) else node.value:
            yield from written_paths(each)
    elif isinstance(node.value, str) and Path(node.value).name not in {"", ".."}:
        yield whole_path(absolute_path(node.plain())), node.mark


def whole_path(path: str) -> str:
    """A path in one Unicode form, without detours."""
    return unicodedata.normalize("NFC", os.path.normpath(Path(path).absolute()))


def leads_to(path: str, file: str) -> bool:
    """Whether a path is that of the file, of a folder above it, or a pattern that it fits."""
    return (
        file == path or file.startswith(path + os.sep) or (not PATTERN.isdisjoint(path) and fnmatch.fnmatch(file, path))
    )
