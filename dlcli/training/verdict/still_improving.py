"""Training ended while the loss was still falling."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.finding import Finding
from dlcli.runs.state import StopReason
from dlcli.training.verdict.longer import longer
from dlcli.training.verdict.no_better_than_baseline import no_better_than_baseline
from dlcli.training.verdict.story import Story

GAIN = 0.03
LAST = 3


def still_improving(story: Story) -> Finding | None:
    """Seen when all epochs are done and the last three (or all there are) still lowered the monitored loss by more than 3 %."""
    losses = story.losses("validation") or story.losses("train")
    window = min(LAST, len(losses) - 1)
    if story.stop is not StopReason.ALL_EPOCHS or window < 1 or story.best_epoch < len(losses):
        return None
    before, after = losses[-1 - window], losses[-1]
    if before <= 0 or (before - after) / before < GAIN:
        return None
    told = no_better_than_baseline(story)
    if told is not None and "far_targets" in told.facts:  # on the way to a target so far away epochs are no help
        return None
    advice = longer(story, story.config.train.epochs * 2, why="there is more to gain")
    facts = {"epochs": window, "before": before, "after": after}
    return Finding(code="still_improving", severity="note", facts=facts, advice=advice)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""
    return [
        (story(validation=[1.0, 0.5, 0.49, 0.488, 0.4849]), True),
        (story(validation=[1.0, 0.5, 0.49, 0.488, 0.4851]), False),
        (story(validation=[1.0, 0.5, 0.4, 0.3], stop=StopReason.TIME_LIMIT), False),
    ]
