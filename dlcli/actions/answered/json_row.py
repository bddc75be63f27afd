"""JSON that comes from elsewhere, as rows are written in it; whatever cannot be a row is told as what it is."""

from __future__ import annotations

import json
from typing import Any

MOST_DIGITS = 300
"""Of a whole number; one that has more is none that a model takes, and is infinite."""


def json_value_of(content: bytes) -> Any:
    """The value that JSON holds. Raises `ValueError` in words, a `JSONDecodeError` where there is a place to name."""
    try:
        value = json.loads(content, parse_int=whole_number, object_pairs_hook=object_of)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if b"\\u" in content:  # alone half of a letter can be written so, which no text holds
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("a text holds half of a letter (a surrogate alone)") from None
    return value


def whole_number(digits: str) -> int | float:
    """A whole number, of more digits than there can be the infinite one."""
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Raises `ValueError` where a key stands twice, of which only one value could count."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise ValueError(f"the key '{twice}' stands twice")
    return found


def place_in(error: ValueError) -> str:
    """Where JSON is wrong, in words; empty where that is not known."""
    return f" in line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
