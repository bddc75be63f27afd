"""Dropout or noise lets next to nothing through while the model trains."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict

from dlcli.finding import Finding, only_name
from dlcli.training.check.evidence import Seen

LITTLE = 0.1
"""A share of what is learnt without noise that the biases of a last layer learn alone."""


def drowned_in_noise(seen: Seen) -> Finding | None:
    """Seen when a batch is learnt without dropout and noise, and hardly with them."""
    noise = seen.noise
    if noise is None or not math.isfinite(noise.quiet) or noise.share >= LITTLE:
        return None
    return Finding(
        code="drowned_in_noise", severity="warning", where=only_name(noise.layers), facts=asdict(noise), advice=[]
    )


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(noise=[2.3, 2.111, 0.3]), True),
        (seen(noise=[2.3, 2.099, 0.3]), False),
    ]
