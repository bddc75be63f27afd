"""Training ended while the loss was still falling."""

from __future__ import annotations

from dlcli.training.verdict.story import Advice, Finding, Story

GAIN = 0.03
LAST = 3


def still_improving(story: Story) -> Finding | None:
    """Seen when all epochs are done and the last three together still lowered the monitored loss by more than 3 %."""
    losses = story.losses("validation") or story.losses("train")
    if story.reason != "all epochs are done" or len(losses) <= LAST or story.best_epoch < len(losses):
        return None
    before, after = losses[-1 - LAST], losses[-1]
    if before <= 0 or (before - after) / before < GAIN:
        return None
    epochs = story.config.train.epochs
    evidence = f"the last {LAST} epochs lowered the loss from {before:.4g} to {after:.4g}"
    return Finding(
        "stopped while still improving",
        evidence,
        advice=[Advice("train.epochs", epochs, epochs * 2, "there is more to gain")],
    )
