"""There is nothing to learn: the model has no weights that are trained, or its first loss is that of perfect answers."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Finding
from dlcli.training.check.evidence import Seen


def nothing_to_learn(seen: Seen) -> Finding | None:
    """Seen where no step could change anything for the better, so that the other rules have nothing to look at."""
    trained = [each for each in seen.gradients if not each.frozen]
    if trained and not is_perfect(seen):
        return None
    facts = {"weights": bool(trained), "first": seen.batch.first}
    return Finding(code="nothing_to_learn", severity="warning" if not trained else "note", facts=facts, advice=[])


def is_perfect(seen: Seen) -> bool:
    """Whether the untrained model answers a batch perfectly."""
    return seen.batch.bounded and seen.batch.first - seen.batch.perfect <= 0


def cases(seen: Callable[..., Seen]) -> list[tuple[Seen, bool]]:
    """What is seen of a model that shows it, and of others that do not."""
    return [
        (seen(gradients=[]), True),
        (seen(gradients=[0.0], losses=[1e-9, 0.0]), False),
        (seen(gradients=[0.5]), False),
    ]
