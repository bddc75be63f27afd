"""A rule of the verdict: what it is called, what it sees, and which findings say the same better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dlcli.finding import Finding
from dlcli.training.verdict.story import Story


@dataclass(frozen=True)
class Rule:
    """A rule that sees a finding in the story of a training, or None; it is silent where one of `explained_by` has spoken."""

    code: str
    sees: Callable[[Story], Finding | None]
    explained_by: frozenset[str] = frozenset()


BROKEN_START = frozenset({"diverged", "inputs_far_from_scale", "target_far_from_scale", "rate_too_high"})
"""What throws a model so far away that everything else about it follows."""
NO_GRADIENT = frozenset({"dead_units", "vanishing_gradients", "exploding_gradients"})
"""What keeps layers from learning."""
CAUSES = (
    BROKEN_START
    | NO_GRADIENT
    | {"one_class_only", "cannot_fit", "rate_too_low", "schedule_ended", "splits_differ", "statistics_lag"}
)
"""What explains a model that has not learnt."""
