"""What a check has seen, as its rules read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlcli.config import Config
from dlcli.finding import Finding
from dlcli.training.check.blocked import Blocked
from dlcli.training.check.first_loss import FirstLoss
from dlcli.training.check.gradients import LayerGradient
from dlcli.training.check.noise import Noise
from dlcli.training.check.one_batch import OneBatch
from dlcli.training.not_finite import BrokenAt
from dlcli.training.verdict.no_better_than_baseline import rate_key, shortest


@dataclass(frozen=True)
class Seen:
    """First loss, gradients and one batch overfitted; `rate` is the learning rate of the first step."""

    config: Config
    rate: float
    first: FirstLoss
    gradients: Sequence[LayerGradient]
    batch: OneBatch
    noise: Noise | None = None
    """What noise lets through; None for a model without any."""
    broken: BrokenAt | None = None
    """Where the numbers end of a model whose first loss is none."""
    blocked: Blocked | None = None
    """Where the gradient ends, where it does not arrive at a layer."""
    target: Finding | None = None
    """That targets are far from unit scale, which a loss could learn in other units."""

    @property
    def rate_key(self) -> str:
        """The key that sets the learning rate."""
        return rate_key(self.config.optimizer)

    def scaled_rate(self, factor: float) -> float:
        """The rate times a factor, as a person would write it."""
        return shortest(float(f"{self.rate * factor:.2g}"))
