"""The loss of a model before any training, beside what chance would give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dlcli.view.console.tables import number

NEAR = 0.25
"""A first loss that differs from the expected one by less than this share agrees with it."""


@dataclass(frozen=True)
class FirstLossShown:
    """What was measured, what was expected or None, and why; `at_chance`: as of a classifier that is undecided.

    `targets` has the loss of each of several targets.
    """

    measured: float
    expected: float | None
    why: str
    at_chance: bool
    targets: Mapping[str, float]

    @property
    def words(self) -> str:
        """The measured loss beside the expected one, judged."""
        measured = f"loss {number(self.measured)}"
        if self.expected is None:
            return measured
        if not self.at_chance:
            return f"{measured}; the {self.why} alone reaches {number(self.expected)}"
        near = abs(self.measured - self.expected) <= NEAR * abs(self.expected)
        judged = "as expected" if near else "not as expected: dlcli check says more"
        return f"{measured}, {number(self.expected)} expected ({self.why}): {judged}"
