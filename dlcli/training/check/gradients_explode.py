"""Gradients explode."""

from __future__ import annotations

import math

from dlcli.training.check.seen import Seen
from dlcli.training.verdict.story import Advice, Finding

EXPLODED = 1e3
"""A gradient so many times as large as the weights that it belongs to."""


def gradients_explode(seen: Seen) -> Finding | None:
    """Seen when a layer's gradient is not finite or dwarfs its weights."""
    found = [each for each in seen.gradients if each.norm is not None]
    bad = [each for each in found if not math.isfinite(each.norm or 0.0) or (each.ratio or 0.0) > EXPLODED]
    if not bad:
        return None
    evidence = f"the gradient of {bad[0].layer} has the norm {bad[0].norm:.2g} beside weights of {bad[0].weights:.2g}"
    advice = [Advice("optimizer.clipnorm", None, 1.0, "a step then has a bounded length")]
    if not seen.config.data.prepares:
        advice.append(Advice("data.prepare", [], ["Normalization"], "large inputs make large gradients"))
    return Finding("gradients explode", evidence, advice=advice)
