"""One batch cannot be memorized."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict

from dlcli.finding import Finding, Setting
from dlcli.training.check.evidence import Seen
from dlcli.training.check.no_gradient import no_gradient

JUMP = 4.0
"""A loss so many times as high as the first was thrown there by too long a step."""
STILL = 0.9
"""Above this share of the first loss hardly anything was learnt."""


def cannot_memorize(seen: Seen) -> Finding | None:
    """Seen when the loss on a single batch does not come down to next to nothing, with the likeliest reason."""
    batch = seen.batch
    jumped = not math.isfinite(batch.last) or batch.share(batch.most) > JUMP
    if (batch.memorized or not batch.bounded) and not jumped:
        return None
    if jumped or batch.last > batch.first:
        return rate_finding(seen, "rate_too_high", factor=0.1, why="the steps are too long")
    if no_gradient(seen) is not None:  # no rate moves what no gradient arrives at
        return None
    if batch.contradictory:
        return Finding(code="cannot_memorize", severity="warning", facts=asdict(batch))
    if batch.share(batch.last) > STILL:
        return rate_finding(
            seen, "rate_too_low", factor=100, why="the loss hardly moves; dlcli check --lr finds a rate"
        )
    return rate_finding(seen, "memorizes_slowly", factor=10, why="it learns, but slowly; or give the layers more units")


def rate_finding(seen: Seen, code: str, *, factor: float, why: str) -> Finding:
    """A finding about the learning rate, which is to be `factor` times what it is."""
    rate = Setting(key=seen.rate_key, old=seen.rate, new=seen.scaled_rate(factor), why=why)
    return Finding(code=code, severity="warning", where=seen.rate_key, facts=asdict(seen.batch), advice=[rate])


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(losses=[2.3, 0.12]), True),
        (seen(losses=[2.3, 0.11]), False),
    ]
