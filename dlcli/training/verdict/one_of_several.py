"""One target of several that is not learnt, while the others are."""

from __future__ import annotations

from typing import Any

from dlcli.finding import Finding
from dlcli.training.verdict.advice import of_file
from dlcli.training.verdict.little_weight import little_weights
from dlcli.training.verdict.standing import FEWEST, MARGIN, MOST_STEPS, weighs
from dlcli.training.verdict.story import Story

LEARNT = 0.7
"""The share of its own trivial loss below which another target is learnt from the same inputs."""
FALLS = 0.03
"""A loss that fell by more in the last epochs is on its way."""
LATE = 4
"""The last epochs are one of so many of all."""


def unlearnt_target(story: Story) -> Finding | None:
    """Seen where a target is no better than its own constant answer on the judged split, and rests there, while another is
    learnt."""
    if next(little_weights(story), None) is not None:  # which explains it
        return None
    trivial, reached = story.baseline.get("metrics", {}), story.metrics.get(story.judged, {})
    heads = [head for head in story.config.heads if trivial.get(str(head.own_loss), 0.0) > 0]
    left = {str(head.name): reached.get(str(head.own_loss), 0.0) / trivial[str(head.own_loss)] for head in heads}
    steps = story.history[-1].get("step", MOST_STEPS) if story.history else 0
    if (
        len(left) < 2
        or weighs(story)
        or len(story.history) < FEWEST
        or steps < MOST_STEPS
        or min(left.values()) > LEARNT
    ):
        return None
    worst = max(left, key=left.__getitem__)
    own = next(str(head.own_loss) for head in heads if str(head.name) == worst)
    if left[worst] < MARGIN or still_falls([entry[story.judged].get(own, 0.0) for entry in story.history]):
        return None
    best = min(left, key=left.__getitem__)
    facts: dict[str, Any] = {"why": "target", "target": worst, "reached": reached[own], "trivial": trivial[own]}
    facts |= {"split": story.judged, "other": best, "left": left[best]}
    advice = of_file(story, "inspect-data", why=f"do the values of '{worst}' belong to the samples?")
    return Finding(code="does_not_learn", severity="warning", where=worst, facts=facts, advice=advice)


def still_falls(losses: list[float]) -> bool:
    """Whether the last epochs took something away."""
    before = losses[-1 - max(len(losses) // LATE, 1)]
    return before - losses[-1] > FALLS * abs(before)
