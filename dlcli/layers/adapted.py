"""Which layers learn from data before training what they have not been told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlcli.spec import KerasObject


def unlearnt(thing: KerasObject) -> bool:
    """Whether a layer learns from data before training what it has not been told."""
    given = thing.traits.get("adapts")
    return given is not None and thing.arguments.get(given) is None


def things_in(value: Any) -> Iterator[KerasObject]:
    """A thing, and all that stand in its arguments."""
    if isinstance(value, KerasObject):
        yield value
        yield from (inner for each in value.arguments.values() for inner in things_in(each))
    elif isinstance(value, list):
        yield from (inner for each in value for inner in things_in(each))
