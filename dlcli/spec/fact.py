"""Values that only the data can tell, and counts of steps that are written in epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Facts: TypeAlias = Mapping[str, int]
"""What only the data knows, by the name after `${`: `{"data.classes": 10, "data.steps_per_epoch": 40}`."""


class UnknownFact(ValueError):
    """The data has no such fact; `known` are those that it has."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"the data has no '{name}'; it has: {', '.join(known)}")
        self.name, self.known = name, known


@dataclass(frozen=True)
class Fact:
    """A value that only the data can tell, written `${data.classes}`; `name` is what stands between the braces."""

    name: str

    def resolve(self, facts: Facts) -> int:
        """The fact as a number. Raises `UnknownFact` for data that has no such fact."""
        if self.name not in facts:
            raise UnknownFact(self.name, [*facts])
        return facts[self.name]

    def __str__(self) -> str:
        return f"${{{self.name}}}"


@dataclass(frozen=True)
class Epochs:
    """A count of steps written in epochs: `20 epochs`."""

    count: float

    def resolve(self, facts: Facts) -> int:
        """The count in steps, at least one."""
        return max(1, round(self.count * facts["data.steps_per_epoch"]))

    def __str__(self) -> str:
        return f"{self.count:.9f}".rstrip("0").rstrip(".") + " epochs"
