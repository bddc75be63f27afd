"""What the board shows, as its page asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BoardColumn:
    """A column of the table: its name, by which it is sorted and filtered, its head, and whether it holds numbers."""

    name: str
    head: str
    right: bool


@dataclass(frozen=True)
class BoardRow:
    """A run of the table, or a `group` of runs, with its cells as a person reads them."""

    run: str
    status: str
    alive: bool
    cells: Sequence[str]
    group: bool = False


@dataclass(frozen=True)
class BoardTable:
    """The first of `listed` rows, which have the `chosen` runs that fulfil a filter, out of `all` that there are."""

    columns: Sequence[BoardColumn]
    rows: Sequence[BoardRow]
    listed: int
    chosen: int
    all: int
    alive: int


@dataclass(frozen=True)
class BoardCurves:
    """The charts of the chosen runs, as a page draws them."""

    charts: Sequence[Mapping[str, Any]]
    missing: Sequence[str]


@dataclass(frozen=True)
class BoardAddress:
    """The keys of `dlcli board --json`: where it is, and what it shows. Who has the address sees all runs."""

    address: str
    port: int
    runs: str
