"""A layer gets no gradient at all."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Finding, Setting, only_name
from dlcli.training.check.evidence import Seen
from dlcli.training.evidence.blocked import Blocked


def no_gradient(seen: Seen) -> Finding | None:
    """Seen when nothing of the loss arrives at a layer that is to be trained."""
    dead = [each.layer for each in seen.gradients if each.learns and not each.norm]
    if not dead:
        return None
    blocked = seen.blocked
    facts = {"layers": dead, "behind": None if blocked is None else blocked.name}
    return Finding(code="no_gradient", severity="warning", where=only_name(dead), facts=facts, advice=opened(blocked))


def opened(blocked: Blocked | None) -> list[Setting]:
    """An activation that always passes something on, where one that does not is what stands in the way."""
    if blocked is None or not blocked.rectifies or blocked.entry is None:
        return []
    why = "units that are 0 for every sample pass nothing on; leaky_relu always does"
    return [Setting(key=f"{blocked.entry}.activation", old="relu", new="leaky_relu", why=why)]


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(gradients=[1.0, None]), True),
        (seen(gradients=[1.0, 0.1]), False),
    ]
