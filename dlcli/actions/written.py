"""Values as one writes them in YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dlcli.config.yaml import read_yaml
from dlcli.errors import ConfigError
from dlcli.spec import AMBIGUOUS


def inline_yaml(value: Any) -> str:
    """A value in YAML on one line; a text that could be taken for something else in quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline_yaml(key)}: {inline_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline_yaml, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        # As a key and as a value: a line separator of Unicode may be either end of a value, but not of a key.
        plain = read_yaml(f"{value}: [{value}]\n".encode(), file="-", folder=Path()).plain() == {value: [value]}
    except ConfigError:
        plain = False
    return value if plain and value not in AMBIGUOUS else quoted(value)


def quoted(text: str) -> str:
    """The text in quotes, on one line whatever is in it: JSON writes some line ends and controls as they are."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in written)
