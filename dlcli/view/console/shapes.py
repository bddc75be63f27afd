"""Shapes as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def shape(value: Sequence[Any]) -> str:
    """A shape, or several."""
    if value and isinstance(value[0], list):
        return " + ".join(shape(each) for each in value)
    return (
        "(" + ", ".join("any" if axis is None else str(axis) for axis in value) + ("," if len(value) == 1 else "") + ")"
    )
