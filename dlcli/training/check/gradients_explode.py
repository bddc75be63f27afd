"""Gradients explode."""

from __future__ import annotations

import math
from collections.abc import Callable

from dlcli.finding import Finding, Setting
from dlcli.training.check.evidence import Seen

EXPLODED = 1e3
"""A gradient so many times as large as the weights that it belongs to."""


def gradients_explode(seen: Seen) -> Finding | None:
    """Seen when a layer's gradient is not finite or dwarfs its weights."""
    found = [each for each in seen.gradients if each.norm is not None]
    bad = [each for each in found if not math.isfinite(each.norm or 0.0) or (each.ratio or 0.0) > EXPLODED]
    if not bad:
        return None
    clipped = Setting(key="optimizer.clipnorm", old=None, new=1.0, why="a step then has a bounded length")
    advice = seen.scaled() or [clipped]
    layer = bad[0].layer
    facts = {"layer": layer, "norm": bad[0].norm, "weights": bad[0].weights}
    return Finding(code="exploding_gradients", severity="warning", where=layer, facts=facts, advice=advice)


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(gradients=[1.0, 1001.0]), True),
        (seen(gradients=[1.0, 999.0]), False),
    ]
