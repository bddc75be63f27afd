"""The loss is no finite number before anything is learnt."""

from __future__ import annotations

import math
from collections.abc import Callable

from dlcli.finding import Finding
from dlcli.training.check.evidence import Seen
from dlcli.training.not_finite import BrokenAt


def first_loss_not_finite(seen: Seen) -> Finding | None:
    """Seen when the untrained model puts out what the loss cannot judge: no learning rate has moved anything yet."""
    if math.isfinite(seen.first.measured):
        return None
    broken = seen.broken or BrokenAt("loss")
    advice = seen.scaled() if broken.scales else []
    facts = {"measured": seen.first.measured, "seen": broken.words, "hint": broken.hint}
    return Finding(code="first_loss_not_finite", severity="warning", facts=facts, advice=advice)


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(first=math.inf, losses=[math.inf, math.inf]), True),
        (seen(first=1e30), False),
    ]
