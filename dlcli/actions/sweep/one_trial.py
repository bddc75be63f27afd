"""One trial in a process of its own: a training of a line, which asks after each epoch whether it is worth going on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dlcli.actions.many.asked import Asked
from dlcli.actions.many.one_training import train_line
from dlcli.actions.sweep.study import Held
from dlcli.training.many.processes import ask_parent
from dlcli.view.training.events import EpochLine


@dataclass(frozen=True)
class Piece:
    """A trial with what it asks of `dlcli train`; `monitor` is the value of its epochs by which it may end early.

    `again` counts how often its process was killed.
    """

    held: Held
    asked: Asked
    monitor: str | None = None
    again: int = 0


@dataclass(frozen=True)
class Reported:
    """The value of an epoch, told on the way."""

    epoch: int
    value: float


def train_trial(piece: Piece) -> tuple[int, dict[str, Any]]:
    """Trains a trial as `dlcli train` would; gives the exit code, and what `train_line` tells."""

    def pruning(line: EpochLine) -> str | None:
        value = line.value(piece.monitor or "")
        answer = ask_parent(Reported(line.epoch, math.nan if value is None else value))
        return answer if isinstance(answer, str) else None

    return train_line(piece.asked, None if piece.monitor is None else pruning)
