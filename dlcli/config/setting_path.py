"""The path of a setting: keys, positions and names with dots between them; a name with a dot stands in quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable

PART = re.compile(r'"([^"]*)"|([^."]+)')
OF_PHASE = re.compile(r"(train)\.(phases)\.([0-9]{1,6})\.(set)\.(.+)")


def setting_parts(path: str) -> list[str] | None:
    """The parts of a path, or None for what is none.

    What a phase sets is a path itself, which is one key: `train.phases.1.set.optimizer.learning_rate`.
    """
    in_phase = OF_PHASE.fullmatch(path)
    if in_phase is not None:
        return list(in_phase.groups())
    parts, at = list[str](), 0
    while (found := PART.match(path, at)) is not None:
        parts.append(found[1] if found[2] is None else found[2])
        at = found.end()
        if at == len(path):
            return parts if all(parts) else None
        if path[at] != ".":
            return None
        at += 1
    return None


def setting_path(parts: Iterable[str | int]) -> str:
    """The path of these parts as it is written."""
    return ".".join(f'"{part}"' if "." in str(part) else str(part) for part in parts)
