"""Gradients vanish on the way down."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Finding
from dlcli.training.check.evidence import Seen
from dlcli.training.evidence.rate import written_rate
from dlcli.training.verdict.vanishing_gradients import arriving, bearable, smallest


def gradients_vanish(seen: Seen) -> Finding | None:
    """Seen when a layer's gradient, beside its weights, is orders of magnitude below that of the others."""
    # Where none arrives at all another rule speaks.
    found = smallest([each for each in seen.gradients if each.ratio])
    if found is None:
        return None
    layer, ratio, largest = found
    facts = {"layer": layer.layer, "ratio": ratio, "largest": largest}
    rate = written_rate(seen.config.optimizer)
    advice = arriving(seen.config, seen.gradients, layer, beside=lambda names: bearable(seen.config, rate, None))
    return Finding(code="vanishing_gradients", severity="warning", where=layer.layer, facts=facts, advice=advice)


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(gradients=[0.00009, 1.0]), True),
        (seen(gradients=[0.00011, 1.0]), False),
    ]
