"""Gradients vanish on the way down."""

from __future__ import annotations

import math
from collections.abc import Callable

from dlcli.finding import Finding, Setting
from dlcli.training.check.evidence import Seen

VANISHED = 1e-4
"""The share of the largest ratio of gradient to weights below which a layer hardly learns."""


def gradients_vanish(seen: Seen) -> Finding | None:
    """Seen when a layer's gradient, beside its weights, is orders of magnitude below that of the others."""
    ratios = {each: each.ratio for each in seen.gradients if each.ratio is not None and not each.frozen}
    if len(ratios) < 2 or not all(map(math.isfinite, ratios.values())):  # what is no number has not vanished
        return None
    largest, layer = max(ratios.values()), min(ratios, key=lambda each: ratios[each])
    if ratios[layer] >= VANISHED * largest:
        return None
    why = "sigmoid and tanh pass on less at every layer; batch normalization or a residual block help too"
    relu = Setting(key=f"layers.{layer.layer}.activation", old=None, new="relu", why=why)
    facts = {"layer": layer.layer, "ratio": ratios[layer], "largest": largest}
    return Finding(code="vanishing_gradients", severity="warning", where=layer.layer, facts=facts, advice=[relu])


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(gradients=[0.00009, 1.0]), True),
        (seen(gradients=[0.00011, 1.0]), False),
    ]
