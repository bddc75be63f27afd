"""The story of a training, as the rules of the verdict read it: the one body of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcli.config import Config
from dlcli.runs.state import StopReason
from dlcli.training.compared import Compared
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.rate import written_rate


@dataclass(frozen=True)
class Broke:
    """How a training left the numbers worth learning from: `value` of what, in which epoch.

    `what` is loss, weight or growth; `first` says that nothing was learnt before, `far` that inputs made a layer overflow,
    `empty` that samples have nothing but padding, of which the model makes no number.
    """

    what: str
    value: float
    epoch: int
    weight: str | None = None
    first: bool = False
    far: bool = False
    empty: bool = False


@dataclass(frozen=True)
class Story:
    """The history of a run, what its model reached by split, the trivial baseline on the same split, and why it ended."""

    config: Config
    history: Sequence[Mapping[str, Any]]
    metrics: Mapping[str, Mapping[str, float]]
    baseline: Mapping[str, Any]
    best_epoch: int
    stop: StopReason | None
    compared: Compared | None = None
    """The loss beside that of the constant answer, weighed as in training; None where the numbers that are shown say it."""
    looks: Looks = field(default_factory=Looks)
    """What is measured of the model and its data where a rule asks for it."""
    kept: int = 0
    """The epoch whose weights are kept; 0 stands for the last one."""
    broke: Broke | None = None
    """How it broke down, if it did."""
    run: Sequence[str] = ()
    file: str | None = None
    """The words for the run, and the file of its configuration, in commands to paste."""
    before: int = 0
    """How many epochs earlier phases had."""
    planned: int = 0
    """How many epochs all phases have, where a command has ended the training before that; else 0."""

    @property
    def beside_trivial(self) -> Compared | None:
        """The loss beside that of the constant answer, where there is one."""
        if self.compared is not None or not self.baseline:
            return self.compared
        split = self.baseline["split"]
        if split not in self.metrics:
            return None
        return Compared(split, self.metrics[split]["loss"], self.baseline["metrics"]["loss"])

    @property
    def judged(self) -> str:
        """The split on which the model is judged."""
        return "validation" if self.losses("validation") else "train"

    @property
    def kept_epoch(self) -> int:
        """The epoch whose weights are kept, counted from 1."""
        return self.kept or len(self.history)

    @property
    def rate(self) -> float:
        """The largest learning rate with which an epoch began; before the first one has ended, the one that is written."""
        if not self.history:
            return written_rate(self.config.optimizer) or 0.0
        rates: list[float] = [entry["learning_rate"] for entry in self.history]
        return max(rates)

    @property
    def perfect(self) -> float:
        """What a perfect answer costs on the judged split, never more than what was reached.

        Of a loss that goes below 0, and of which that is not known, it is as far below as it has come.
        """
        seen, losses = self.beside_trivial, [*self.losses(self.judged), *self.losses("train")]
        least = min(losses, default=0.0)
        if seen is not None:
            return min(seen.perfect, least)
        return 0.0 if least >= 0 else least - max(losses[0] - least, 0.0)

    def losses(self, split: str) -> list[float]:
        """The loss of a split, epoch by epoch; empty where the split is not measured."""
        return [entry[split]["loss"] for entry in self.history if entry.get(split)]

    def above(self, split: str) -> list[float]:
        """How far the loss of a split is above that of a perfect answer, epoch by epoch."""
        return [loss - self.perfect for loss in self.losses(split)]
