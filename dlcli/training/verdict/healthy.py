"""Nothing to object to: better than the constant answer, flat or stopped by its rule, and kept at its best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcli.finding import Advice, Finding, Setting
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.verdict.advice import earlier_stop
from dlcli.training.verdict.monitored import kept_by_metric
from dlcli.training.verdict.network_beside import beside_network
from dlcli.training.verdict.overfits import LOST, gap_of
from dlcli.training.verdict.predicts_one_class import NEARLY_ALL
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.standing import LEARNT, left
from dlcli.training.verdict.story import Story

NEAR = 0.1
"""So much of all that was gained the loss that is kept may be above the least."""

NEARLY = 0.9
"""From this share of the trivial loss on hardly anything is learnt, be the metric above chance."""

CLEARLY, LITTLE = 1.4, 0.01
"""What is kept is clearly worse from so many times the least loss on, if more than such a share of the trivial one is lost."""


def healthy(story: Story) -> Finding:
    """The calm finding, with its proof; without one what is not known. Where the loss that is shown would say otherwise, the
    comparison that counts stands in its place: one unit of weighing."""
    losses, facts = story.losses(story.judged), standing_of(story)
    missing = what_is_missing(story)
    if missing in {None, "better"} and (beside := beside_network(story)) is not None:
        return unproved(story, {"missing": "network", "beside": beside})
    if missing == "best":
        at = losses.index(min(losses))
        facts |= {"kept": story.kept_epoch, "least": losses[at], "least_epoch": at + 1}
    elif (seen := story.beside_trivial) is not None and story.baseline:
        shown = story.metrics[seen.split]["loss"], story.baseline["metrics"]["loss"]
        if missing == "better" or (shown[0] >= shown[1] and seen.reached < seen.trivial):
            facts |= {"reached": seen.reached, "trivial": seen.trivial, "weighed": seen.weighed}
            facts["method"] = seen.method or story.baseline["method"]
    if missing is None:
        return Finding(code="healthy", severity="note", facts=facts)
    return unproved(story, {**facts, "missing": missing}, best_kept(story) if missing == "best" else [])


def standing_of(story: Story) -> dict[str, Any]:
    """Where the judged loss began, what the model reached, and its best epoch."""
    split = story.judged
    first, last = story.losses(split)[0], story.metrics[split]["loss"]
    return {"split": split, "first": first, "last": last, "best_epoch": story.best_epoch}


def unproved(story: Story, missing: dict[str, Any], advice: Sequence[Advice] = ()) -> Finding:
    """The finding that a proof of health is missing, with the facts that say which."""
    facts = {**standing_of(story), "epochs": len(story.losses(story.judged)), **missing}
    return Finding(code="too_early_to_say", severity="note", facts=facts, advice=[*advice])


def best_kept(story: Story) -> list[Advice]:
    """What keeps the epoch of the least validation loss; none where it would be that of training."""
    early = story.config.train.early_stopping
    if story.judged != "validation" or early is None:
        return earlier_stop(story) if story.judged == "validation" else []
    why = "keeps the weights of the epoch with the least validation loss"
    key, new = "train.early_stopping.monitor", "val_loss"
    return [] if early.monitor == new else [Setting(key=key, old=early.monitor, new=new, why=why)]


def what_is_missing(story: Story) -> str | None:
    """What of the proof is missing, or None."""
    share, losses = left(story), story.above(story.judged)
    at_once = story.best_epoch == 1 and len(losses) > 2
    if share is not None and share >= (LEARNT if at_once else NEARLY):
        return "better"
    kept, seen = losses[min(story.kept_epoch, len(losses)) - 1], story.beside_trivial
    lost, stake = kept - min(losses), 0.0 if seen is None else LOST * (seen.trivial - seen.perfect)
    if kept_by_metric(story):
        lost = 0.0
    much = lost > max(NEAR * (losses[0] - min(losses)), stake) and kept > 1.1 * min(losses)
    # Near zero the least of many epochs is chance; what is kept may be so much above it, or a hundredth of all at stake.
    if len(losses) > 2 and (
        much or (kept > CLEARLY * min(losses) and lost > stake * LITTLE / LOST and seen is not None)
    ):
        return "best"
    if gap_of(story) is not None:
        return "gap"
    if any(map(says_one_class, story.looks.classes(story.judged))):
        return "metric"
    return None


def says_one_class(seen: ClassesSeen) -> bool:
    """Whether a score is that of one answer for all, where other answers are right too, be they few."""
    return seen.majority < 1 and seen.most_said[1] >= NEARLY_ALL and seen.accuracy <= seen.majority


RULE = Rule("healthy", healthy)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it; it is asked last, and speaks always."""
    return [(story(validation=[0.9, 0.5, 0.45, 0.449]), True)]
