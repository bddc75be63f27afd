"""One batch cannot be memorized."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict

from dlcli.finding import Finding, Setting
from dlcli.training.check.evidence import Seen
from dlcli.training.check.gradients_vanish import gradients_vanish
from dlcli.training.check.no_gradient import no_gradient
from dlcli.training.verdict.cannot_fit import facts_of, unbent

JUMP = 4.0
"""A loss so many times as high as the first was thrown there by too long a step."""
FAR = 3.0
"""So many times higher a rate is another one."""
STILL = 0.9
"""Above this share of the first loss hardly anything was learnt."""


def cannot_memorize(seen: Seen) -> Finding | None:
    """Seen when the loss on a single batch does not come down to next to nothing, with the likeliest reason."""
    batch = seen.batch
    jumped = not math.isfinite(batch.last) or batch.share(batch.most) > JUMP
    if (batch.memorized or not batch.bounded) and not jumped:
        return None
    if jumped or batch.last > batch.first:
        return rate_finding(seen, "rate_too_high", lower=True, why="the steps are too long")
    if no_gradient(seen) is not None or gradients_vanish(seen) is not None:  # no rate moves what no gradient arrives at
        return None
    if batch.contradictory:
        return Finding(code="cannot_memorize", severity="warning", facts={**asdict(batch), "why": "contradictory"})
    if seen.reaches:
        reach = seen.reaches[0]
        facts = {**asdict(batch), **facts_of(reach)}
        return Finding(code="cannot_fit", severity="warning", where=reach.layer, facts=facts, advice=unbent(reach))
    if batch.share(batch.last) <= STILL:
        return rate_finding(seen, "memorizes_slowly", lower=False, why="it learns, but slowly")
    higher = rate_finding(seen, "rate_too_low", lower=False, why="the loss hardly moves")
    if higher.advice:
        return higher
    if seen.linear:
        return Finding(code="cannot_fit", severity="warning", facts={**asdict(batch), "why": "linear"})
    return Finding(code="cannot_memorize", severity="warning", facts={**asdict(batch), "why": "unknown"})


def rate_finding(seen: Seen, code: str, *, lower: bool, why: str) -> Finding:
    """A finding about the learning rate, with the rate of the range test where that is another one in this direction."""
    rate = seen.tested()
    other = rate is not None and (rate < seen.rate if lower else rate >= FAR * seen.rate)
    advice = [Setting(key=seen.rate_key, old=seen.rate, new=rate, why=why)] if other else []
    return Finding(code=code, severity="warning", where=seen.rate_key, facts=asdict(seen.batch), advice=advice)


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(losses=[2.3, 0.12]), True),
        (seen(losses=[2.3, 0.11]), False),
    ]
