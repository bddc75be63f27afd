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
        plain = read_yaml(f"a: [{value}]\n".encode(), file="-", folder=Path()).plain() == {"a": [value]}
    except ConfigError:
        plain = False
    return value if plain and value not in AMBIGUOUS else json.dumps(value, ensure_ascii=False)
