"""What a person has written in a configuration, at the path of an entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcli.config import Config
from dlcli.config.setting_path import setting_parts


def written_at(config: Config, path: str) -> Any:
    """What stands at a path of the layers as they are written; None where nothing does."""
    parts = setting_parts(path)
    value: Any = {"layers": config.written_layers()}
    for part in parts or ():
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        elif (
            isinstance(value, Mapping) and len(value) == 1 and isinstance(inner := next(iter(value.values())), Mapping)
        ):
            value = inner.get(part)
        else:
            return None
    return value


def written_argument(config: Config, entry: str, word: str) -> Any:
    """An argument of an entry as it is written; None where it is left as it is by default."""
    value = written_at(config, entry)
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    inner = next(iter(value.values()))
    return inner.get(word) if isinstance(inner, Mapping) else None
