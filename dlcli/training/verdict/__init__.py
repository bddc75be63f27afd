"""The verdict: whether learning went well, in words with numbers. A rule costs a file and a line in RULES."""

from __future__ import annotations

from collections.abc import Callable

from dlcli.training.verdict.no_better_than_baseline import no_better_than_baseline
from dlcli.training.verdict.overfits import overfits
from dlcli.training.verdict.still_improving import still_improving
from dlcli.training.verdict.story import Advice, Finding, Story

__all__ = ["RULES", "Advice", "Finding", "Story", "verdict"]

RULES: tuple[Callable[[Story], Finding | None], ...] = (
    no_better_than_baseline,
    overfits,
    still_improving,
)


def verdict(story: Story) -> list[Finding]:
    """What the rules have seen; a healthy training gets one calm finding."""
    found = [finding for rule in RULES if (finding := rule(story)) is not None]
    return found or [healthy(story)]


def healthy(story: Story) -> Finding:
    """Nothing to object to."""
    split = "validation" if "validation" in story.metrics else "train"
    first = story.losses(split)[0]
    evidence = f"the {split} loss went from {first:.4g} to {story.metrics[split]['loss']:.4g}, best at epoch {story.best_epoch}"
    return Finding("healthy", evidence)
