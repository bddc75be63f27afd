"""A result as JSON has it: dataclasses become mappings, by the keys that scripts rely on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def json_value(value: Any) -> Any:
    """Plain data of a result; a field whose key is no name of Python (`from`, `class`) says it as `metadata["json"]`."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.metadata.get("json", each.name): json_value(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return value
