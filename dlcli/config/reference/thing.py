"""What the reference tells: kinds, the names of one, and what a name means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kinds:
    """The kinds of things by name; of each how many there are and what it is for. The keys of `dlcli list --json`."""

    kinds: Sequence[str]
    counts: Mapping[str, int]
    meanings: Mapping[str, str]


@dataclass(frozen=True)
class Names:
    """All names of one kind in the order in which they are looked up, and by group each with a summary."""

    kind: str
    names: Sequence[str]
    groups: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Argument:
    """An argument or a key: what it takes and what it means in words, its default as plain data."""

    name: str
    takes: str
    required: bool
    default: Any
    meaning: str | None


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One meaning of a name; the keys of `dlcli show --json`. `refused` says why a configuration may not name it.

    `also` is what else has this name.
    """

    name: str
    kind: str
    summary: str = ""
    refused: str | None = None
    arguments: Sequence[Argument] = ()
    example: str | None = None
    also: Sequence[Thing] = ()
