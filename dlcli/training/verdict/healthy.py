"""Nothing to object to: better than the constant answer, flat or stopped by its rule, and kept at its best."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcli.finding import Finding
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.verdict.advice import earlier_stop
from dlcli.training.verdict.monitored import kept_by_metric
from dlcli.training.verdict.overfits import LOST
from dlcli.training.verdict.predicts_one_class import NEARLY_ALL
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.standing import MARGIN, left
from dlcli.training.verdict.story import Story

NEAR = 0.1
"""So much of all that was gained the loss that is kept may be above the least."""

CLEARLY, LITTLE = 1.5, 0.01
"""What is kept is clearly worse from so many times the least loss on, if more than such a share of the trivial one is lost."""


def healthy(story: Story) -> Finding:
    """The calm finding, with its proof; without one what is not known. Where the loss that is shown would say otherwise, with
    the comparison that counts."""
    split = story.judged
    losses = story.losses(split)
    facts: dict[str, Any] = {
        "split": split,
        "first": losses[0],
        "last": story.metrics[split]["loss"],
        "best_epoch": story.best_epoch,
    }
    seen = story.beside_trivial
    if seen is not None and story.baseline:
        shown = story.metrics[seen.split]["loss"], story.baseline["metrics"]["loss"]
        if shown[0] >= shown[1] and seen.reached < seen.trivial:
            facts |= {"reached": seen.reached, "trivial": seen.trivial, "weighed": seen.weighed}
            facts["method"] = seen.method or story.baseline["method"]
    missing = what_is_missing(story)
    if missing is None:
        return Finding(code="healthy", severity="note", facts=facts)
    facts |= {"epochs": len(losses), "missing": missing, "least": min(losses)}
    advice = earlier_stop(story) if missing == "best" and split == "validation" else []
    return Finding(code="too_early_to_say", severity="note", facts=facts, advice=advice)


def what_is_missing(story: Story) -> str | None:
    """What of the proof is missing, or None."""
    share, losses = left(story), story.above(story.judged)
    if share is not None and share >= MARGIN:
        return "better"
    kept, seen = losses[min(story.kept_epoch, len(losses)) - 1], story.beside_trivial
    lost, stake = kept - min(losses), 0.0 if seen is None else LOST * (seen.trivial - seen.perfect)
    if kept_by_metric(story):
        lost = 0.0
    much = lost > max(NEAR * (losses[0] - min(losses)), stake) and kept > 1.1 * min(losses)
    # Near zero the least of many epochs is chance; what is kept may be half as much above it, or a hundredth of all at stake.
    if len(losses) > 2 and (
        much or (kept > CLEARLY * min(losses) and lost > stake * LITTLE / LOST and seen is not None)
    ):
        return "best"
    return "metric" if any(map(says_one_class, story.looks.classes(story.judged))) else None


def says_one_class(seen: ClassesSeen) -> bool:
    """Whether a score is that of one answer for all, where other answers are right too, be they few."""
    return seen.majority < 1 and seen.most_said[1] >= NEARLY_ALL and seen.accuracy <= seen.majority


RULE = Rule("healthy", healthy)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it; it is asked last, and speaks always."""
    return [(story(validation=[0.9, 0.5, 0.45, 0.449]), True)]
