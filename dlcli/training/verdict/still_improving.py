"""Training ended while the loss was still falling."""

from __future__ import annotations

from dlcli.training.verdict.story import Advice, Finding, Story

GAIN = 0.03
LAST = 3


def still_improving(story: Story) -> Finding | None:
    """Seen when all epochs are done and the last three (or all there are) still lowered the monitored loss by more than 3 %."""
    losses = story.losses("validation") or story.losses("train")
    window = min(LAST, len(losses) - 1)
    if story.reason != "all epochs are done" or window < 1 or story.best_epoch < len(losses):
        return None
    before, after = losses[-1 - window], losses[-1]
    if before <= 0 or (before - after) / before < GAIN:
        return None
    epochs = story.config.train.epochs
    last = f"the last {window} epochs" if window > 1 else "the last epoch"
    evidence = f"{last} lowered the loss from {before:.4g} to {after:.4g}"
    return Finding(
        "stopped while still improving",
        evidence,
        advice=[Advice("train.epochs", epochs, epochs * 2, "there is more to gain")],
    )
