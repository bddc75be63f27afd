"""A layer gets no gradient at all."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Finding, Setting, only_name
from dlcli.training.check.evidence import Seen


def no_gradient(seen: Seen) -> Finding | None:
    """Seen when nothing of the loss arrives at a layer that is to be trained."""
    dead = [each.layer for each in seen.gradients if not each.frozen and not each.norm]
    if not dead:
        return None
    why = "units that are 0 for every sample pass nothing on; leaky_relu always does"
    leaky = Setting(key=f"layers.{dead[0]}.activation", old=None, new="leaky_relu", why=why)
    return Finding(
        code="no_gradient", severity="warning", where=only_name(dead), facts={"layers": dead}, advice=[leaky]
    )


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(gradients=[1.0, None]), True),
        (seen(gradients=[1.0, 0.1]), False),
    ]
