"""The story of a training, as the rules of the verdict read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcli.config import Config


@dataclass(frozen=True)
class Advice:
    """A key of the configuration to change: from what, to what, and why."""

    set: str
    old: Any
    new: Any
    why: str

    def plain(self) -> dict[str, Any]:
        return {"set": self.set, "from": self.old, "to": self.new, "why": self.why}


@dataclass(frozen=True)
class Finding:
    """What a rule has seen: since which epoch, the numbers it saw, and what to change."""

    finding: str
    evidence: str
    since_epoch: int | None = None
    advice: Sequence[Advice] = field(default_factory=tuple)

    def plain(self) -> dict[str, Any]:
        return {
            "finding": self.finding,
            "since_epoch": self.since_epoch,
            "evidence": self.evidence,
            "advice": [each.plain() for each in self.advice],
        }


@dataclass(frozen=True)
class Story:
    """The history of a run, what its model reached by split, and the trivial baseline on the same split."""

    config: Config
    history: Sequence[Mapping[str, Any]]
    metrics: Mapping[str, Mapping[str, float]]
    baseline: Mapping[str, Any]
    best_epoch: int
    reason: str

    def losses(self, split: str) -> list[float]:
        """The loss of a split, epoch by epoch; empty where the split is not measured."""
        return [entry[split]["loss"] for entry in self.history if entry.get(split)]
