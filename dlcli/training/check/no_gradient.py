"""A layer gets no gradient at all."""

from __future__ import annotations

from dlcli.training.check.seen import Seen
from dlcli.training.verdict.story import Advice, Finding


def no_gradient(seen: Seen) -> Finding | None:
    """Seen when nothing of the loss arrives at a layer that is to be trained."""
    dead = [each.layer for each in seen.gradients if not each.frozen and not each.norm]
    if not dead:
        return None
    names = ", ".join(dead[:4]) + (", …" if len(dead) > 4 else "")
    evidence = f"no gradient arrives at {names}: what follows lets nothing through"
    why = "units that are 0 for every sample pass nothing on; leaky_relu always does"
    return Finding(
        "layers without a gradient", evidence, advice=[Advice(f"layers.{dead[0]}.activation", None, "leaky_relu", why)]
    )
