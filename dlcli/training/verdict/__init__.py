"""The verdict: whether learning went well, in words with numbers. A rule costs a file and a line in RULES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dlcli.finding import Finding
from dlcli.training.verdict.no_better_than_baseline import no_better_than_baseline
from dlcli.training.verdict.no_better_than_last_value import no_better_than_last_value
from dlcli.training.verdict.no_lower_than_first import no_lower_than_first
from dlcli.training.verdict.overfits import overfits
from dlcli.training.verdict.still_improving import still_improving
from dlcli.training.verdict.story import Story
from dlcli.training.verdict.worse_by_metric import worse_by_metric

__all__ = ["RULES", "Story", "verdict"]

# The first finding is the first thing to do. A model no better than a guess has learnt nothing, so whether it overfits is
# beside the point; one that overfits does not get better by more epochs. So the causes stand before what they explain.
RULES: tuple[Callable[[Story], Finding | None], ...] = (
    no_better_than_baseline,
    no_better_than_last_value,
    no_lower_than_first,
    overfits,
    still_improving,
    worse_by_metric,
)


def verdict(story: Story) -> list[Finding]:
    """What the rules have seen; a healthy training gets one calm finding."""
    findings = [finding for rule in RULES if (finding := rule(story)) is not None]
    return agreeing(findings) or [healthy(story)]


def agreeing(findings: Sequence[Finding]) -> list[Finding]:
    """The findings without advice that one above has given already: a setting is proposed once."""
    proposed, result = set[str](), list[Finding]()
    for finding in findings:
        advice = [each for each in finding.advice if each.key not in proposed]
        proposed |= {each.key for each in advice}
        result.append(replace(finding, advice=advice))
    return result


def healthy(story: Story) -> Finding:
    """Nothing to object to; where the loss that is shown would say otherwise, with the comparison that counts."""
    split = "validation" if "validation" in story.metrics else "train"
    losses = {"first": story.losses(split)[0], "last": story.metrics[split]["loss"]}
    facts = {"split": split, **losses, "best_epoch": story.best_epoch}
    if len(story.history) == 1:
        facts["epochs"] = 1
    seen = story.beside_trivial
    if seen is not None and story.baseline:
        shown = story.metrics[seen.split]["loss"], story.baseline["metrics"]["loss"]
        if shown[0] >= shown[1] and seen.reached < seen.trivial:
            facts |= {"reached": seen.reached, "trivial": seen.trivial, "weighed": seen.weighed}
            facts["method"] = seen.method or story.baseline["method"]
    return Finding(code="healthy", severity="note", facts=facts)
