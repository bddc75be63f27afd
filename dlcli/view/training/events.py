"""What a training tells its listeners: the plan, each epoch, and the methods that every listener has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class EpochLine:
    """An epoch that has ended: `loss` and metrics of both splits by bare name (`accuracy`, never `val_accuracy`).

    `validation` is empty where there is no validation split. `seconds` is the time of the whole epoch; `best` says
    that no epoch before was better in the monitored value. `phase` counts from 1, where there are several.
    """

    epoch: int
    epochs: int
    train: Mapping[str, float]
    validation: Mapping[str, float]
    learning_rate: float | None
    seconds: float
    best: bool
    phase: int | None = None

    def value(self, name: str) -> float | None:
        """The value that is monitored as `name`: `loss`, `val_loss`, `val_accuracy` …; none where there is none."""
        if name.startswith("val_") and name not in self.train:
            return self.validation.get(name.removeprefix("val_"))
        return self.train.get(name)


@dataclass(frozen=True)
class Plan:
    """What is going to be trained: `epochs` in all, of `steps` each, in which `samples` are seen.

    `monitor` is the value that makes an epoch the best (`val_loss`). `earlier` are the epochs of a resumed run that
    are over; the next epoch is the one after them. `splits` has the number of samples of each, `device` is what it runs
    on, and `engine` the way of its steps.
    """

    run: str
    epochs: int
    steps: int
    samples: int
    monitor: str = "val_loss"
    earlier: Sequence[EpochLine] = ()
    splits: Mapping[str, int] = field(default_factory=dict)
    parameters: int | None = None
    device: str = ""
    engine: str = ""


class Listener(Protocol):
    """What hears of a training: a view, pictures, a tracker. It is closed also when the training fails."""

    def start(self, plan: Plan) -> None:
        """Tells what is going to be trained; called once, before all others but `note`."""

    def phase(self, plan: Plan) -> None:
        """Tells what the next phase of a training is; `earlier` are all epochs before it."""

    def step(self, step: int, loss: float | None) -> None:
        """`step` steps of the current epoch are done, the last (or their mean) with this loss."""

    def epoch(self, line: EpochLine) -> None:
        """An epoch has ended."""

    def note(self, text: str) -> None:
        """Says something that stays to be read."""

    def over(self) -> None:
        """The last step is done, and what they have come to is worked out; told before `end`, also where there is none."""

    def end(self, best_epoch: int | None) -> None:
        """The training has ended and its model is saved; `best_epoch` counts from 1, none where no epoch was."""

    def close(self) -> None:
        """Lets go of what it holds, leaving on a terminal the final picture; a second call does nothing."""
