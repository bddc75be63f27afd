"""How a code is told: a title, and what was seen in words with numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from dlcli.view.console.tables import number

Facts: TypeAlias = Mapping[str, Any]
FAR = 1.0
"""So many deviations a mean has moved where that says more than what share lies outside."""
SHOWN = 5
"""So many names are listed before the rest is counted."""


@dataclass(frozen=True)
class Sentence:
    """The words for a code: `evidence` makes them of its facts, `advice` is what to write where no setting says it."""

    title: str
    evidence: Callable[[Facts], str]
    advice: str | None = None
    titled: Callable[[Facts], str] | None = None
    """The title where the facts decide it."""
    advised: Callable[[Facts], str] | None = None
    """The advice where the facts decide it."""

    def title_of(self, facts: Facts) -> str:
        """The title for these facts."""
        return self.title if self.titled is None else self.titled(facts)

    def advice_of(self, facts: Facts) -> str | None:
        """What to write for these facts."""
        return self.advice if self.advised is None else self.advised(facts)


def listed(names: Sequence[str]) -> str:
    """The first names in quotes, and how many more there are."""
    return first_of([f"'{name}'" for name in names])


def first_of(parts: Sequence[str], *, more: str = "more") -> str:
    """The first of many parts, and how many more there are."""
    rest = len(parts) - SHOWN
    return ", ".join(parts[:SHOWN]) + (f" and {rest} {more}" if rest > 0 else "")


def moved_away(moved: Mapping[str, Any]) -> str:
    """How far a column, or a target, lies from where training has it."""
    if moved["role"] == "classes":
        return f"the shares of the classes of '{moved['name']}' differ by {moved['outside']:.0%} of all samples"
    named = f"'{moved['name']}' ({moved['role']})"
    if moved["shift"] >= max(FAR, moved["outside"]):
        return f"{named} has moved by {number(moved['shift'], digits=2)} deviations"
    return f"{moved['outside']:.0%} of {named} is nothing that training held"
