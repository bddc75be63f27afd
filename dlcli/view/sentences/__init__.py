"""The one place where findings become sentences: a file a list of rules, a line a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.finding import Advice, Command, Finding, Setting, Severity
from dlcli.view.sentences import check, data, model, verdict
from dlcli.view.sentences.sentence import Sentence

LISTS: Mapping[str, Mapping[str, Sentence]] = {
    "check": check.SENTENCES,
    "data": data.SENTENCES,
    "model": model.SENTENCES,
    "verdict": verdict.SENTENCES,
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """A finding about data or weights in words; the keys of `findings` in JSON. `advice` is a sentence or None."""

    finding: str
    severity: Severity
    evidence: str
    advice: str | None
    code: str
    where: str | None
    facts: Mapping[str, Any]
    settings: Sequence[Advice]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A finding of a verdict in words; the keys of `verdict` in JSON. `since_epoch` counts from 1.

    A run of a time before findings had codes has none.
    """

    finding: str
    since_epoch: int | None
    evidence: str
    advice: Sequence[Advice]
    code: str | None
    severity: Severity | None
    where: str | None
    facts: Mapping[str, Any]


def told_of_data(finding: Finding) -> Told:
    """A finding about data in words."""
    return told(finding, data.SENTENCES[finding.code], suffix=data.among(finding.facts))


def told_of_model(finding: Finding) -> Told:
    """A finding about the weights of a model in words."""
    return told(finding, model.SENTENCES[finding.code])


def told(finding: Finding, sentence: Sentence, *, suffix: str = "") -> Told:
    """A finding in the words of its sentence."""
    return Told(
        finding=sentence.title_of(finding.facts),
        severity=finding.severity,
        evidence=sentence.evidence(finding.facts) + suffix,
        advice=sentence.advice_of(finding.facts),
        code=finding.code,
        where=finding.where,
        facts=finding.facts,
        settings=finding.advice,
    )


def judgement_of_check(finding: Finding) -> Judgement:
    """What a check says, in words."""
    return judgement(finding, check.SENTENCES[finding.code])


def judgement_of_training(finding: Finding) -> Judgement:
    """What the verdict on a training says, in words."""
    return judgement(finding, verdict.SENTENCES[finding.code])


def judgement(finding: Finding, sentence: Sentence) -> Judgement:
    """A finding of a verdict in the words of its sentence."""
    return Judgement(
        finding=sentence.title_of(finding.facts),
        since_epoch=finding.facts.get("since_epoch"),
        evidence=sentence.evidence(finding.facts),
        advice=finding.advice,
        code=finding.code,
        severity=finding.severity,
        where=finding.where,
        facts=finding.facts,
    )


def judgement_read(recorded: Mapping[str, Any]) -> Judgement:
    """A finding of a verdict as a run has recorded it."""
    return Judgement(
        finding=recorded["finding"],
        since_epoch=recorded["since_epoch"],
        evidence=recorded["evidence"],
        advice=[advice_read(each) for each in recorded["advice"]],
        code=recorded.get("code"),
        severity=recorded.get("severity"),
        where=recorded.get("where"),
        facts=recorded.get("facts", {}),
    )


def advice_read(recorded: Mapping[str, Any]) -> Advice:
    """A setting or a command as a run has recorded it."""
    if "command" in recorded:
        return Command(command=recorded["command"], why=recorded["why"])
    changed = {"key": recorded["set"], "old": recorded["from"], "new": recorded["to"]}
    return Setting(**changed, why=recorded["why"], joined=recorded.get("joined", False))
