"""Gradients vanish on the way down."""

from __future__ import annotations

from dlcli.training.check.seen import Seen
from dlcli.training.verdict.story import Advice, Finding

VANISHED = 1e-4
"""The share of the largest ratio of gradient to weights below which a layer hardly learns."""


def gradients_vanish(seen: Seen) -> Finding | None:
    """Seen when a layer's gradient, beside its weights, is orders of magnitude below that of the others."""
    ratios = {each: each.ratio for each in seen.gradients if each.ratio is not None and not each.frozen}
    if len(ratios) < 2:
        return None
    largest, layer = max(ratios.values()), min(ratios, key=lambda each: ratios[each])
    if ratios[layer] >= VANISHED * largest:
        return None
    evidence = (
        f"the gradient of {layer.layer} is {ratios[layer]:.1e} of its weights, that of others up to {largest:.1e}"
    )
    why = "sigmoid and tanh pass on less at every layer; batch normalization or a residual block help too"
    return Finding("gradients vanish", evidence, advice=[Advice(f"layers.{layer.layer}.activation", None, "relu", why)])
