"""Overfits one batch: a model that cannot memorize a few samples will not learn from many."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from dlcli.training.check.restore import restored, without_noise
from dlcli.training.check.step import trained_on
from dlcli.training.engine.steps import batch_tensors
from dlcli.training.setup.experiment import Experiment

MOST_STEPS = 400
MOST_SECONDS = 20.0
MEMORIZED = 0.05
"""The share of the first loss from which on a batch counts as memorized."""


@dataclass(frozen=True)
class OneBatch:
    """Training on one batch of `samples` alone: the loss without regularization before and after so many steps, and the
    highest on the way.

    `contradictory` says that equal inputs have different targets in it.
    """

    samples: int
    steps: int
    first: float
    last: float
    most: float
    contradictory: bool

    @property
    def memorized(self) -> bool:
        """Whether the loss has come down to next to nothing."""
        return math.isfinite(self.last) and self.last <= MEMORIZED * self.first


def overfit(experiment: Experiment, rows: Any) -> OneBatch:
    """Trains on the samples `rows` alone, with the configuration's own loss and optimizer; the model is left as it was."""
    import tensorflow as tf

    model, train = experiment.model, experiment.splits["train"]
    arrays = train.take(rows)
    inputs, targets = batch_tensors(*arrays)
    losses: list[float] = []
    with restored(model), without_noise(model):

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def step() -> Any:
            loss, penalty = trained_on(model, inputs, targets)
            return loss - penalty

        started = time.monotonic()
        while len(losses) < MOST_STEPS and time.monotonic() - started < MOST_SECONDS:
            losses.append(float(step()))
            if not math.isfinite(losses[-1]) or losses[-1] <= MEMORIZED / 2 * losses[0]:
                break
    return OneBatch(len(rows), len(losses), losses[0], losses[-1], max(losses), contradictory(*arrays))


def contradictory(inputs: Any, targets: Any) -> bool:
    """Whether samples with the same inputs have other targets."""

    def rows_of(arrays: Any) -> list[bytes]:
        columns = list(arrays.values())
        return [b"".join(each[row].tobytes() for each in columns) for row in range(len(columns[0]))]

    given, wanted = rows_of(inputs), rows_of(targets)
    return len(set(given)) < len({*zip(given, wanted, strict=True)})
