"""A split holds one class, or classes that the other lacks; or a target of numbers never changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Finding, Setting, only_name
from dlcli.training.evidence.looks import Looks
from dlcli.training.verdict.rule import Rule
from dlcli.training.verdict.story import Story

EXPECTED = 3.0
"""So many samples of a class that is missing the size of a split would make expect: of fewer none may be there by chance."""
MATERIAL = 0.05
"""Classes that make up less than this share of a split may be missing in the other by chance."""


def one_class_only(story: Story) -> Finding | None:
    """Seen by the counts of the classes in training and validation."""
    for target, counts in story.looks.counts.items():
        lacking = lacking_classes(counts)
        if lacking is None:
            continue
        split, missing, held = lacking
        facts = {"target": target, "split": split, "missing": missing, "held": held, "by": by_of(story)}
        return Finding(code="one_class_only", severity="warning", where=target, facts=facts, advice=mixed(story))
    constant = [each for each in story.looks.data if each.code == "constant_target"]
    for finding in constant:
        facts = {"target": only_name([*finding.facts["targets"]]), "split": "train", "missing": [], "held": []}
        return Finding(code="one_class_only", severity="warning", facts={**facts, **finding.facts, "by": None})
    return None


def lacking_classes(counts: Mapping[str, Mapping[str, int]]) -> tuple[str, list[str], list[str]] | None:
    """The split that lacks classes, which these are, and which it holds."""
    for split, other in (("train", "validation"), ("validation", "train")):
        own, others = counts.get(split, {}), counts.get(other, {})
        if not sum(own.values()):
            continue
        held = [name for name, count in own.items() if count]
        missing = [name for name, count in others.items() if count and not own.get(name)]
        share = sum(others[name] for name in missing) / max(sum(others.values()), 1)
        alone = len(held) == 1 and len(own) > 1
        expected = max((others[name] for name in missing), default=0) / max(sum(others.values()), 1) * sum(own.values())
        if alone or (missing and share >= MATERIAL and expected >= EXPECTED):
            return split, missing or [name for name in own if name not in held], held
    return None


def by_of(story: Story) -> str | None:
    """By what the samples are split, as it is written."""
    by = story.config.data.split.by
    return by if isinstance(by, str) or by is None else "column"


def mixed(story: Story) -> list[Advice]:
    """A split in which each class has its share, where the order of rows has made this one."""
    by = by_of(story)
    if by is None or not by.startswith("time"):
        return []
    why = "each class then has its share in every split; forecasts are no longer later than training"
    return [Setting(key="data.split.by", old=by, new="stratified", why=why)]


RULE = Rule("one_class_only", one_class_only)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def split(**counts: Any) -> Story:
        return replace(story(validation=[0.5]), looks=Looks(counts={"y": counts}))

    return [
        (split(train={"a": 10, "b": 0}, validation={"a": 3, "b": 3}), True),
        (split(train={"a": 10, "b": 1}, validation={"a": 3, "b": 3}), False),
        (split(train={"a": 96, "b": 100, "c": 4}, validation={"a": 20, "b": 20, "c": 0}), False),
        (story(validation=[0.5]), False),
    ]
