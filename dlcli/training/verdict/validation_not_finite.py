"""The validation loss was no finite number, while that of training was: a sample there has no answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from dlcli.finding import Finding
from dlcli.training.evidence.looks import Looks
from dlcli.training.unanswered import Unanswered
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.story import Story


def validation_not_finite(story: Story) -> Finding | None:
    """Seen where an epoch has no finite validation loss; which samples are to blame is looked at in the model as it ended."""
    losses = story.losses("validation")
    broken = [loss for loss in losses if not math.isfinite(loss)]
    if not broken:
        return None
    seen = story.looks.unanswered()
    facts: dict[str, Any] = {"value": broken[-1], "epochs": len(broken), "of": len(losses)}
    facts |= {"unanswered": None if seen is None else asdict(seen)}
    return Finding(code="validation_not_finite", severity="error", facts=facts)


RULE = Rule("validation_not_finite", validation_not_finite, frozenset({"diverged"}))


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    without = story(validation=[0.9, math.nan, 0.7])
    row = Unanswered(count=1, samples=11, place=10, row=71, empty="words", text=True)
    return [
        (replace(without, looks=Looks(unanswered=lambda: row)), True),
        (story(validation=[0.9, 1e30]), False),
    ]
