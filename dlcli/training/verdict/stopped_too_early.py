"""A rule, or the person, ended the training while the loss was still falling."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dlcli.config.monitors import directions
from dlcli.config.train import EarlyStopping
from dlcli.finding import Advice, Command, Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.training.stopping import monitored_values
from dlcli.training.verdict.curve import late_fall
from dlcli.training.verdict.monitored import monitored
from dlcli.training.verdict.rule import CAUSES, Rule
from dlcli.training.verdict.standing import left
from dlcli.training.verdict.still_improving import GAIN, is_falling
from dlcli.training.verdict.story import Story

IMPATIENT, CLOSE = 2, 0.02
"""Epochs that noise may take, and the share of all that was gained by which it moves a loss."""
LITTLE = 0.02
"""Up to this share of the trivial loss gains that are left are none."""
PATIENT = 10
"""Epochs that noise of a curve takes to be told from its end."""


def stopped_too_early(story: Story) -> Finding | None:
    """Seen where another reason than the last epoch ended it and the loss still fell, or its monitor had no value."""
    if story.stop is StopReason.EARLY_STOPPING and story.config.train.early_stopping is not None:
        return by_early_stopping(story, story.config.train.early_stopping)
    train = story.losses("train")
    if story.stop in {None, StopReason.ALL_EPOCHS, StopReason.EARLY_STOPPING} or len(train) < 2:
        return None
    if not is_falling(story) and late_fall(story.above("train")) < GAIN:
        return None
    facts = {"why": str(story.stop), "epochs": len(train), "last": story.losses(story.judged)[-1]}
    return Finding(code="stopped_too_early", severity="note", facts=facts, advice=gone_on(story))


def gone_on(story: Story) -> list[Advice]:
    """How to go on from where the person let it end."""
    until, why = story.config.train.until, "the loss was still falling"
    if story.stop is StopReason.REACHED:
        return [Setting(key="train.until", old=until, new=None, why=why)]
    if story.stop is StopReason.SIGNAL and story.run:
        return [Command(command=shlex.join(["dlcli", "resume", *story.run]), why=why)]
    seconds = story.config.train.seconds()
    if story.stop is StopReason.TIME_LIMIT and story.run and seconds is not None:
        limit = f"{2 * seconds:g}s"
        return [Command(command=shlex.join(["dlcli", "resume", *story.run, "--time-limit", limit]), why=why)]
    return []


def by_early_stopping(story: Story, early: EarlyStopping) -> Finding | None:
    """Seen where its monitor was no number, its direction is turned round, or its least change or patience is at fault."""
    values = [monitored_values(entry).get(early.monitor, math.nan) for entry in story.history]
    finite = [value for value in values if math.isfinite(value)]
    key = "train.early_stopping"
    facts: dict[str, Any] = {"epochs": len(values), "monitor": early.monitor}
    if not finite:
        why = "a value that is never a number never gets better"
        advice = [Setting(key=f"{key}.monitor", old=early.monitor, new="val_loss", why=why)]
        facts |= {"why": "not_finite", "last": story.losses(story.judged)[-1]}
        return Finding(code="stopped_too_early", severity="warning", facts=facts, advice=advice)
    known = directions(story.config.heads, validation=bool(story.losses("validation"))).get(early.monitor)
    signed = monitored(story, early)
    best = min(range(len(signed)), key=lambda at: signed[at] if math.isfinite(signed[at]) else math.inf)
    facts |= {"last": values[-1], "best": values[best]}
    turned = early.mode != "auto" and known is not None and (early.mode == "max") != (known == "up")
    if turned:
        why = f"less of {early.monitor} is better" if known == "down" else f"more of {early.monitor} is better"
        facts |= {"why": "mode", "mode": early.mode}
        advice = [Setting(key=f"{key}.mode", old=early.mode, new="auto", why=why)]
        return Finding(code="stopped_too_early", severity="warning", facts=facts, advice=advice)
    losses, train = story.above(story.judged), story.above("train")
    share = left(story)
    if (
        early.min_delta > 0
        and (share is None or share > LITTLE)
        and best >= len(signed) - 1
        and late_fall(losses, min(early.patience or 1, len(losses) - 1)) > 0
    ):
        facts |= {"why": "min_delta", "min_delta": early.min_delta}
        advice = [Setting(key=f"{key}.min_delta", old=early.min_delta, new=0.0, why="smaller gains count too")]
        return Finding(code="stopped_too_early", severity="warning", facts=facts, advice=advice)
    near = losses[-1] <= losses[min(best, len(losses) - 1)] + CLOSE * (losses[0] - min(losses))
    if early.patience <= IMPATIENT and len(train) > 2 and late_fall(train) >= 2 * GAIN and near:
        facts |= {"why": "patience", "patience": early.patience}
        why = "the training loss was still falling"
        advice = [Setting(key=f"{key}.patience", old=early.patience, new=PATIENT, why=why)]
        return Finding(code="stopped_too_early", severity="warning", facts=facts, advice=advice)
    return None


RULE = Rule(
    "stopped_too_early",
    stopped_too_early,
    CAUSES | {"suspiciously_good", "overfits", "does_not_learn", "underfits", "still_improving", "predicts_one_class"},
)


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def stopped(validation: list[float], **early: Any) -> Story:
        told = story(validation=validation, stop=StopReason.EARLY_STOPPING)
        train = told.config.train.model_copy(update={"early_stopping": EarlyStopping(**early)})
        return replace(told, config=told.config.model_copy(update={"train": train}))

    return [
        (stopped([0.9, 0.8, 0.7, 0.6], min_delta=0.5, patience=3), True),
        (stopped([0.9, 0.8, 0.6, 0.61], min_delta=0.5, patience=10), False),
        (stopped([0.9, 0.6, 0.6, 0.6, 0.6], patience=2), False),
        (story(validation=[0.9, 0.8]), False),
    ]
