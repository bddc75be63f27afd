"""Gradients vanish on the way down."""

from __future__ import annotations

import math
from collections.abc import Callable

from dlcli.finding import Finding, Setting
from dlcli.training.check.evidence import Seen
from dlcli.training.check.gradients import LayerGradient

VANISHED = 1e-4
"""The share of the largest ratio of gradient to weights below which a layer hardly learns."""


def gradients_vanish(seen: Seen) -> Finding | None:
    """Seen when a layer's gradient, beside its weights, is orders of magnitude below that of the others."""
    # Where none arrives at all another rule speaks.
    ratios = {each: each.ratio for each in seen.gradients if each.ratio and each.learns}
    if len(ratios) < 2 or not all(map(math.isfinite, ratios.values())):  # what is no number has not vanished
        return None
    largest, layer = max(ratios.values()), min(ratios, key=lambda each: ratios[each])
    if ratios[layer] >= VANISHED * largest:
        return None
    facts = {"layer": layer.layer, "ratio": ratios[layer], "largest": largest}
    return Finding(
        code="vanishing_gradients", severity="warning", where=layer.layer, facts=facts, advice=steeper(seen, layer)
    )


def steeper(seen: Seen, layer: LayerGradient) -> list[Setting]:
    """Another activation for the first one on the way from a layer to the loss that is flat on both sides."""
    behind = [*seen.gradients][[*seen.gradients].index(layer) :]
    flat = next((each for each in behind if each.saturates), None)
    if flat is None or flat.entry is None:
        return []
    why = "sigmoid and tanh pass on less at every layer; batch normalization or a residual block help too"
    return [Setting(key=f"{flat.entry}.activation", old=None, new="relu", why=why)]


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(gradients=[0.00009, 1.0]), True),
        (seen(gradients=[0.00011, 1.0]), False),
    ]
