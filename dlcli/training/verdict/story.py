"""The story of a training, as the rules of the verdict read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.config import Config
from dlcli.finding import Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.training.compared import Compared


@dataclass(frozen=True)
class Story:
    """The history of a run, what its model reached by split, the trivial baseline on the same split, and why it ended."""

    config: Config
    history: Sequence[Mapping[str, Any]]
    metrics: Mapping[str, Mapping[str, float]]
    baseline: Mapping[str, Any]
    best_epoch: int
    stop: StopReason
    compared: Compared | None = None
    """The loss beside that of the constant answer, weighed as in training; None where the numbers that are shown say it."""

    scaling: Callable[[], Sequence[Setting]] = tuple
    """What would bring inputs to unit scale that are measured to be far from it; measured only where it is asked for."""

    target: Callable[[], Finding | None] = lambda: None
    """That targets are far from unit scale, which the loss could learn in other units; looked at only where it is asked for."""

    @property
    def beside_trivial(self) -> Compared | None:
        """The loss beside that of the constant answer, where there is one."""
        if self.compared is not None or not self.baseline:
            return self.compared
        split = self.baseline["split"]
        return Compared(split, self.metrics[split]["loss"], self.baseline["metrics"]["loss"])

    @property
    def turned(self) -> int | None:
        """The epoch, counted from 0, of the lowest validation loss, where it has risen since while the training loss fell.

        One epoch behind the lowest is noise; None where there is no more.
        """
        validation, train = self.losses("validation"), self.losses("train")
        if not validation:
            return None
        lowest = min(range(len(validation)), key=validation.__getitem__)
        risen = validation[-1] > validation[lowest] and train[-1] < train[lowest]
        return lowest if risen and len(validation) - 1 - lowest > 1 else None

    def losses(self, split: str) -> list[float]:
        """The loss of a split, epoch by epoch; empty where the split is not measured."""
        return [entry[split]["loss"] for entry in self.history if entry.get(split)]
