"""How new data is unlike that of training: names that it did not have, numbers outside its range, longer samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["unknown_name", "outside_range", "longer", "other_type"]


@dataclass(frozen=True)
class Unlike:
    """`count` values of an input or column that are unlike those of training, and the first of them, of numbers the furthest."""

    kind: Kind
    name: str
    count: int
    first: str = ""
    low: float = 0.0
    high: float = 0.0
    """The least and the greatest number of the training rows, of numbers outside of these."""
    places: int = 0
    """How many places a sample has, of samples that are longer."""
    beyond: float = 0.0
    """How far the furthest number lies beyond them, in widths of what was seen."""
    stored: str = ""
    """What pictures held in training, of pictures that hold another type, which is the `first`."""

    @property
    def is_worth_a_word(self) -> bool:
        """Whether a person is told: of any rows a few numbers lie just beyond those that were drawn for training."""
        return self.kind != "outside_range" or self.beyond > FAR

    def __str__(self) -> str:
        match self.kind:
            case "unknown_name":
                shortened = self.first if len(self.first) <= LONGEST else f"{self.first[: LONGEST - 1]}…"
                were, they = ("1 value was", "it counts") if self.count == 1 else (f"{self.count} values were", THEY)
                return f"column '{self.name}': {were} not in the training split ('{shortened}'); {they} as none of its names"
            case "outside_range":
                values = "1 value lies" if self.count == 1 else f"{self.count:,} values lie"
                return (
                    f"'{self.name}': {values} outside what was seen in training, {self.low:.6g} to {self.high:.6g} "
                    f"(the furthest is {self.first})"
                )
            case "longer":
                were = "1 sample is" if self.count == 1 else f"{self.count:,} samples are"
                return f"{were} longer than the {self.places:,} places of '{self.name}': the last ones are taken"
            case "other_type":
                return (
                    f"the pictures of '{self.name}' hold {self.first}, and in training they held {self.stored}: "
                    "all values are taken as they are written, so that white is another number"
                )


THEY = "they count"
LONGEST = 60
"""Letters of a name that are told."""
FAR = 0.25
"""So many widths beyond what was seen a model is asked of what it knows nothing about."""


def together(several: Iterable[Unlike]) -> list[Unlike]:
    """The same of all parts of some data, each once: counted together, with the first that there was."""
    found: dict[tuple[Kind, str], Unlike] = {}
    for each in several:
        key = each.kind, each.name
        if key in found:
            further = each if each.beyond > found[key].beyond else found[key]
            found[key] = replace(further, count=found[key].count + each.count)
        else:
            found[key] = each
    return list(found.values())
