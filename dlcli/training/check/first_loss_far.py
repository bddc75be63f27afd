"""The first loss is far above chance."""

from __future__ import annotations

from dlcli.training.check.seen import Seen
from dlcli.training.verdict.story import Advice, Finding

FAR = 2.0
"""How many times the loss of chance is far."""


def first_loss_far(seen: Seen) -> Finding | None:
    """Seen when an untrained classifier is not undecided but wrong: its inputs or its first weights are too large."""
    first = seen.first
    if not first.at_chance or first.expected is None or first.measured <= FAR * first.expected:
        return None
    evidence = f"the first loss is {first.measured:.4g}; at chance it would be {first.expected:.4g} ({first.why})"
    why = "inputs far from unit scale make the first answers sure and wrong"
    advice = [] if seen.config.data.prepares else [Advice("data.prepare", [], ["Normalization"], why)]
    return Finding("first loss far above chance", evidence, advice=advice)
