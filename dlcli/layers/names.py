"""Names of layers: any text for a person, and for Keras and TensorFlow one of letters, digits and a few signs."""

from __future__ import annotations

import re

UNSAFE = re.compile(r"[^A-Za-z0-9_.>-]")
"""What the name of a scope in a graph may not hold, and the slash that parts scopes."""
WRITTEN = re.compile(r"\.u([0-9a-f]{1,6})\.")
"""Stands for one character in a safe name."""


def safe_layer_name(name: str) -> str:
    """The name that a layer has in Keras; a name that Keras takes stays as it is."""
    safe = WRITTEN.sub(lambda found: encoded(".") + found[0][1:], name)
    safe = UNSAFE.sub(lambda found: encoded(found[0]), safe)
    return encoded(safe[0]) + safe[1:] if safe[:1] in {"_", ">", "-"} else safe


def written_layer_name(name: str) -> str:
    """The name that a person gave, out of the one that a layer has in Keras."""
    return WRITTEN.sub(lambda found: chr(int(found[1], 16)), name)


def encoded(character: str) -> str:
    """A character of a name in letters that Keras takes."""
    return f".u{ord(character):x}."
