"""The first loss is far above chance."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Finding
from dlcli.training.check.evidence import Seen

FAR = 2.0
"""How many times the loss of chance is far."""


def first_loss_far(seen: Seen) -> Finding | None:
    """Seen when an untrained classifier is not undecided but wrong: its inputs or its first weights are too large."""
    first = seen.first
    if not first.at_chance or first.expected is None or first.measured <= FAR * first.expected:
        return None
    facts = {"measured": first.measured, "expected": first.expected, "formula": first.why}
    return Finding(code="first_loss_far", severity="warning", facts=facts, advice=seen.scaled())


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(first=4.61, expected=2.3), True),
        (seen(first=4.59, expected=2.3), False),
    ]
