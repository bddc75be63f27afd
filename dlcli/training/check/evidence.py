"""What a check has seen, as its rules read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dlcli.config import Config
from dlcli.finding import Advice, Finding
from dlcli.training.evidence.blocked import Blocked
from dlcli.training.evidence.first_loss import FirstLoss
from dlcli.training.evidence.gradients import LayerGradient
from dlcli.training.evidence.inputs_seen import InputSeen
from dlcli.training.evidence.noise import Noise
from dlcli.training.evidence.one_batch import OneBatch
from dlcli.training.evidence.rate import rate_key
from dlcli.training.evidence.reach import Reach
from dlcli.training.not_finite import BrokenAt
from dlcli.training.verdict.inputs_far_from_scale import far_inputs, scaled_inputs


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
    tested: Callable[[], float | None] = lambda: None
    """The rate that the range test proposes; made only where a rule asks for it."""
    inputs: Sequence[InputSeen] = ()
    """What the first layers that learn take."""
    pictures: bool = False
    """Whether all inputs are pictures."""
    reaches: Sequence[Reach] = ()
    """Last layers whose activation cannot reach the targets."""
    linear: bool = False
    """Whether the model is a linear one."""

    @property
    def rate_key(self) -> str:
        """The key that sets the learning rate."""
        return rate_key(self.config.optimizer)

    @property
    def far(self) -> list[InputSeen]:
        """The inputs that are far from unit scale."""
        return far_inputs(self.inputs)

    def scaled(self) -> list[Advice]:
        """The preparation that brings inputs to unit scale, where they are far from it."""
        return [*scaled_inputs(self.config, self.far, pictures=self.pictures)]
