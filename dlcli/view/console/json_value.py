"""A result as JSON has it: dataclasses become mappings, by the keys that scripts rely on.

A field may say in its metadata that its key is another (`named("from")`), that it is not for JSON (`UNSAID`), or that its
own keys stand beside those of the whole (`INLINE`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from typing import Any

KEY, BESIDE = "json", "beside"
UNSAID: Mapping[str, Any] = {KEY: None}
"""The metadata of a field that a person sees and JSON does not have."""
INLINE: Mapping[str, Any] = {BESIDE: True}
"""The metadata of a field whose own keys stand beside those of the whole; none of them where it is None."""


def json_name(name: str) -> Mapping[str, Any]:
    """The metadata of a field whose key in JSON is no name that Python could use."""
    return {KEY: name}


def json_value(value: Any) -> Any:
    """Plain data of a result."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: content for each in fields(value) for name, content in json_entries(value, each)}
    if isinstance(value, Mapping):
        return {name: json_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return value


def json_entries(value: Any, of: Field[Any]) -> list[tuple[str, Any]]:
    """What a field adds to its mapping."""
    content, name = getattr(value, of.name), of.metadata.get(KEY, of.name)
    if BESIDE in of.metadata:
        return [] if content is None else list(json_value(content).items())
    return [] if name is None else [(name, json_value(content))]
