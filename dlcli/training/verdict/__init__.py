"""The verdict: whether learning went well, in words with numbers. A rule costs a file and a line in RULES."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from dlcli.finding import Finding
from dlcli.training.verdict import (
    cannot_fit,
    dead_units,
    diverged,
    does_not_learn,
    exploding_gradients,
    healthy,
    imbalanced,
    inputs_far_from_scale,
    no_better_than_last_value,
    no_better_than_trivial,
    no_lower_than_first,
    one_class_only,
    overfits,
    plateau,
    predicts_one_class,
    rate_too_high,
    rate_too_low,
    schedule_ended,
    splits_differ,
    statistics_lag,
    still_improving,
    stopped_too_early,
    suspiciously_good,
    target_far_from_scale,
    too_early_to_say,
    underfits,
    validation_not_finite,
    validation_too_small,
    vanishing_gradients,
    worse_by_metric,
)
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.story import Broke, Story
from dlcli.training.verdict.written import not_in_force

__all__ = ["RULES", "Broke", "Rule", "Story", "verdict"]

# The order is that of precedence: causes stand before what follows from them, and the first finding is the first thing to do.
RULES: tuple[Rule, ...] = (
    diverged.RULE,
    validation_not_finite.RULE,
    one_class_only.RULE,
    suspiciously_good.RULE,
    inputs_far_from_scale.RULE,
    target_far_from_scale.RULE,
    rate_too_high.RULE,
    statistics_lag.RULE,
    dead_units.RULE,
    vanishing_gradients.RULE,
    exploding_gradients.RULE,
    cannot_fit.RULE,
    rate_too_low.RULE,
    schedule_ended.RULE,
    splits_differ.RULE,
    overfits.RULE,
    predicts_one_class.RULE,
    does_not_learn.RULE,
    underfits.RULE,
    no_better_than_trivial.RULE,
    no_lower_than_first.RULE,
    imbalanced.RULE,  # a rare class is found last, however long the loss falls
    still_improving.RULE,
    no_better_than_last_value.RULE,  # a forecast that still falls may come below it
    stopped_too_early.RULE,
    plateau.RULE,
    validation_too_small.RULE,
    worse_by_metric.RULE,
)
LAST: tuple[Rule, ...] = (too_early_to_say.RULE, healthy.RULE)
"""What is said where no rule has spoken."""
MOST = 3
"""One cause, and at most two findings beside it."""


def verdict(story: Story) -> list[Finding]:
    """What the rules have seen, the cause first; a training of which nothing else is to be said gets one calm finding."""
    findings: list[Finding] = []
    rules = RULES if story.looks.learning != 0 else (does_not_learn.RULE,)  # what cannot learn shows nothing else
    if not all(map(math.isfinite, story.losses("validation"))):  # a curve with holes tells nothing
        rules = (diverged.RULE, validation_not_finite.RULE)
    elif stopped_too_early.keeps_worst(story):
        rules = (diverged.RULE, stopped_too_early.RULE)
    for rule in rules if story.history or story.broke else ():
        if len(findings) < MOST and not rule.explained_by & {each.code for each in findings}:
            finding = rule.sees(story)
            findings += [] if finding is None else [finding]
    for rule in LAST if not findings and story.history else ():
        finding = None if findings else rule.sees(story)
        findings += [] if finding is None else [finding]
    return agreeing(replace(each, advice=not_in_force(story.config, each.advice)) for each in findings)


def agreeing(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without advice that one above has given already: a setting is proposed once."""
    proposed, result = set[str](), list[Finding]()
    for finding in findings:
        advice = [each for each in finding.advice if each.about not in proposed]
        proposed |= {each.about for each in advice}
        result.append(replace(finding, advice=advice))
    return result
