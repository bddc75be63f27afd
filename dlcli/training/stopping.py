"""When to stop, which epoch was best, and when the learning rate goes down; plain numbers, no models."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dlcli.config.monitors import Directions
from dlcli.config.train import ReduceOnPlateau, Train
from dlcli.runs.state import StopReason
from dlcli.view.training.events import EpochLine

COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}

OF_PHASE = frozenset({StopReason.ALL_EPOCHS, StopReason.EARLY_STOPPING})
"""What ends a phase alone: the next one begins."""


@dataclass(frozen=True)
class Stop:
    """Why a training has ended, and the same in words."""

    reason: StopReason
    words: str


Pruning = Callable[[EpochLine], str | None]
"""What is asked after each epoch of a trial of a search: words why it is not worth going on, or None."""
ALL_DONE = Stop(StopReason.ALL_EPOCHS, "all epochs are done")


@dataclass
class Watch:
    """Follows one value over the epochs: the best so far and how many epochs have passed since."""

    monitor: str
    greater: bool
    min_delta: float
    best: float | None = None
    best_epoch: int = 0
    waited: int = 0
    missed: int = 0
    """How many of the epochs waited had a value that is not finite."""

    def see(self, values: Mapping[str, float], epoch: int) -> bool:
        """Whether this epoch (counted from 1) is better than all before by more than `min_delta`."""
        value = values.get(self.monitor, math.nan)
        if not math.isfinite(value):
            self.waited, self.missed = self.waited + 1, self.missed + 1
            return False
        gain = math.inf if self.best is None else (value - self.best if self.greater else self.best - value)
        if gain > self.min_delta:
            self.best, self.best_epoch, self.waited, self.missed = value, epoch, 0, 0
            return True
        self.waited += 1
        return False


def by_callback(words: str | None) -> Stop | None:
    """The end that a callback has asked for, in its words, if one has."""
    return None if words is None else Stop(StopReason.CALLBACK, words)


def monitored_values(entry: Mapping[str, Any]) -> dict[str, float]:
    """Everything measured in an epoch, by the name under which it is monitored."""
    return {**entry["train"], **{f"val_{name}": value for name, value in entry["validation"].items()}}


def watch(monitor: str, mode: str, min_delta: float = 0.0, *, directions: Directions) -> Watch:
    """A watch over a monitor; `auto` asks the metric that it is a value of whether more or less is better."""
    greater = directions.get(monitor) == "up" if mode == "auto" else mode == "max"
    return Watch(monitor, greater, min_delta)


@dataclass
class Stopping:
    """All rules that end a training early; `patience` is None without early stopping.

    `keeps_best` says whether the weights of the best epoch are wanted.
    """

    train: Train
    watch: Watch
    patience: int | None
    keeps_best: bool

    @classmethod
    def of(cls, train: Train, *, directions: Directions) -> Stopping:
        """The rules of a train block; without early stopping the loss still tells which epoch was best.

        `directions` are all values that are measured.
        """
        early, checkpoint = train.early_stopping, train.checkpoint
        if early is not None:
            rule = watch(early.monitor, early.mode, early.min_delta, directions=directions)
            return cls(train, rule, early.patience, keeps_best=True)
        if checkpoint is not None and checkpoint.monitor is not None:
            rule = watch(checkpoint.monitor, checkpoint.mode, directions=directions)
            return cls(train, rule, None, keeps_best=True)
        rule = watch("val_loss" if "val_loss" in directions else "loss", "min", directions=directions)
        return cls(train, rule, None, keeps_best=False)

    def stop(self, values: Mapping[str, float], *, epoch: int, seconds: float) -> Stop | None:
        """Why a phase ends after this one of its epochs, or None."""
        if self.patience is not None and self.watch.waited > 0 and self.watch.waited >= max(1, self.patience):
            words = f"early stopping: {self.watch.monitor} has not improved for {self.watch.waited} epochs"
            if self.watch.missed:
                words += f", in {self.watch.missed} of which it was no finite number"
            return Stop(StopReason.EARLY_STOPPING, words)
        stop = self.stop_of_training(values, seconds=seconds)
        return stop or (ALL_DONE if epoch >= self.train.epochs else None)

    def stop_of_training(self, values: Mapping[str, float], *, seconds: float) -> Stop | None:
        """Why training ends after this epoch whatever phases are left, or None."""
        condition = self.train.condition()
        if condition is not None and COMPARISONS[condition[1]](values.get(condition[0], math.nan), condition[2]):
            return Stop(StopReason.REACHED, f"reached {self.train.until}")
        limit = self.train.seconds()
        if limit is not None and seconds >= limit:
            return Stop(StopReason.TIME_LIMIT, f"the time limit of {self.train.time_limit} is over")
        return None


def stop_between(
    rules: Stopping,
    values: Mapping[str, float],
    *,
    epoch: int,
    left: int,
    seconds: float,
    words: str | None,
    last: bool,
) -> Stop | None:
    """Why a phase ends after its epoch, or None; `words` are those of a callback that has asked for an end.

    `left` are the epochs that all of the training still has. What ends all of it comes first where the phase is not the last.
    """
    stop = rules.stop(values, epoch=epoch, seconds=seconds) or by_callback(words)
    if stop is None and left <= 0:
        return ALL_DONE
    if last or stop is None or stop.reason not in OF_PHASE:
        return stop
    return rules.stop_of_training(values, seconds=seconds) or by_callback(words) or stop


@dataclass
class Plateau:
    """Lowers the learning rate when a value stands still."""

    block: ReduceOnPlateau
    watch: Watch
    cooling: int = 0

    @classmethod
    def of(cls, block: ReduceOnPlateau, *, directions: Directions) -> Plateau:
        return cls(block, watch(block.monitor, block.mode, block.min_delta, directions=directions))

    def rate(self, values: Mapping[str, float], *, epoch: int, rate: float) -> float:
        """The learning rate of the next epoch."""
        improved = self.watch.see(values, epoch)
        if self.cooling > 0:
            self.cooling -= 1
            # As in Keras, the epoch with which the pause ends is the first to count again.
            self.watch.waited = 0 if improved or self.cooling > 0 else 1
        if improved or self.cooling > 0 or self.watch.waited < self.block.patience:
            return rate
        if rate < self.block.min_lr:  # unseen: at the limit it stays there
            return rate
        self.watch.waited, self.cooling = 0, self.block.cooldown
        return max(rate * self.block.factor, self.block.min_lr)
