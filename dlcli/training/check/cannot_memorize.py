"""One batch cannot be memorized."""

from __future__ import annotations

import math

from dlcli.training.check.seen import Seen
from dlcli.training.verdict.story import Advice, Finding

JUMP = 4.0
"""A loss so many times as high as the first was thrown there by too long a step."""
STILL = 0.9
"""Above this share of the first loss hardly anything was learnt."""


def cannot_memorize(seen: Seen) -> Finding | None:
    """Seen when the loss on a single batch does not come down to next to nothing, with the likeliest reason."""
    batch = seen.batch
    jumped = not math.isfinite(batch.last) or batch.most > JUMP * batch.first
    if batch.memorized and not jumped:
        return None
    went = f"on {batch.samples} samples alone the loss went from {batch.first:.4g} to {batch.last:.4g} in {batch.steps} steps"
    if jumped or batch.last > batch.first:
        went = f"{went}, up to {batch.most:.4g} on the way"
        lower = Advice(seen.rate_key, seen.rate, seen.scaled_rate(0.1), "the steps are too long")
        return Finding("learning rate too high", went, advice=[lower])
    if batch.contradictory:
        return Finding("one batch cannot be memorized", f"{went}; samples with the same inputs have other targets")
    if batch.last > STILL * batch.first:
        higher = Advice(
            seen.rate_key, seen.rate, seen.scaled_rate(100), "the loss hardly moves; dlcli check --lr finds a rate"
        )
        return Finding("learning rate too low", went, advice=[higher])
    higher = Advice(
        seen.rate_key, seen.rate, seen.scaled_rate(10), "it learns, but slowly; or give the layers more units"
    )
    return Finding("one batch is memorized slowly", went, advice=[higher])
