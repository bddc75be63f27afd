"""Can this learn at all? The rules that judge what is seen before a long training: a file and a line in RULES each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, replace

from dlcli.finding import Finding
from dlcli.training.check.cannot_memorize import cannot_memorize
from dlcli.training.check.drowned_in_noise import drowned_in_noise
from dlcli.training.check.evidence import Seen
from dlcli.training.check.first_loss_far import first_loss_far
from dlcli.training.check.first_loss_not_finite import first_loss_not_finite
from dlcli.training.check.gradients_explode import gradients_explode
from dlcli.training.check.gradients_vanish import gradients_vanish
from dlcli.training.check.no_gradient import no_gradient
from dlcli.training.check.nothing_to_learn import nothing_to_learn
from dlcli.training.check.target_out_of_reach import target_out_of_reach
from dlcli.training.evidence.one_batch import MOST_STEPS
from dlcli.training.verdict.written import not_in_force

__all__ = ["RULES", "Seen", "check_findings"]

RULES: tuple[Callable[[Seen], Finding | None], ...] = (
    cannot_memorize,
    drowned_in_noise,
    first_loss_far,
    first_loss_not_finite,
    gradients_explode,
    gradients_vanish,
    no_gradient,
    nothing_to_learn,
    target_out_of_reach,
)

SLOW = MOST_STEPS // 2
"""A batch that took more steps was memorized slowly: another rate may be quicker."""


def check_findings(seen: Seen) -> list[Finding]:
    """What the rules have seen; a model that can learn gets one calm finding."""
    # Where nothing can be reckoned with from the start, what the others see follows from that.
    rules = RULES
    if not math.isfinite(seen.first.measured):
        rules = (first_loss_not_finite,)
    elif nothing_to_learn(seen) is not None:
        rules = (nothing_to_learn,)
    elif target_out_of_reach(seen) is not None:  # loss and gradients are as large as the target
        rules = (drowned_in_noise, no_gradient, target_out_of_reach)
    findings = [finding for rule in rules if (finding := rule(seen)) is not None]
    findings = [replace(each, advice=not_in_force(seen.config, each.advice)) for each in findings]
    facts = {**asdict(seen.batch), "memorized": seen.batch.memorized, "slowly": seen.batch.steps > SLOW}
    return findings or [Finding(code="can_learn", severity="note", facts=facts)]
