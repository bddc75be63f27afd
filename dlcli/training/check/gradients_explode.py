"""Gradients explode."""

from __future__ import annotations

import math
from collections.abc import Callable

from dlcli.finding import Finding
from dlcli.training.check.evidence import Seen
from dlcli.training.verdict.exploding_gradients import bounded_step, explodes


def gradients_explode(seen: Seen) -> Finding | None:
    """Seen when a layer's gradient is not finite or dwarfs its weights, and inputs are far from scale or a batch is not learnt:
    an optimizer may divide a gradient by its size."""
    bad = [each for each in seen.gradients if explodes(each)]
    finite = all(math.isfinite(each.norm or 0.0) for each in bad)
    if not bad or (seen.batch.memorized and not seen.far and finite):
        return None
    advice = seen.scaled() or bounded_step(seen.config)
    layer = bad[0].layer
    facts = {"layer": layer, "norm": bad[0].norm, "weights": bad[0].weights}
    return Finding(code="exploding_gradients", severity="warning", where=layer, facts=facts, advice=advice)


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(gradients=[1.0, 1001.0], losses=[2.3, 2.2]), True),
        (seen(gradients=[1.0, 999.0], losses=[2.3, 2.2]), False),
        (seen(gradients=[1.0, 1001.0]), False),
    ]
