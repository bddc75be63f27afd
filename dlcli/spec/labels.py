"""What a loss compares with, as the data has to give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Labels: TypeAlias = Literal["classes", "one_hot", "binary", "numbers", "nothing"]
"""Indices 0…C-1, one-hot vectors, two classes (or several yes-or-no), numbers, or none: the output is the loss itself."""


@dataclass(frozen=True)
class Wanted:
    """What the loss and the layers say of a target before it is read."""

    labels: Labels | None = None
    void: tuple[int, ...] = ()
    """Labels that the loss leaves out itself (`ignore_class`)."""
    signs: bool = False
    """Whether the loss takes -1 and 1 as they are."""
    units: int | None = None
    """How many values the model puts out at each place, where the configuration tells."""

    @property
    def classes(self) -> int | None:
        """How many classes the model tells apart, where the loss compares with the index of one."""
        return self.units if self.labels == "classes" else None
