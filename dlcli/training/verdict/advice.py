"""The advice that several rules give, each from what was measured."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dlcli.finding import Advice, Command, Setting
from dlcli.training.evidence.rate import FAR, default_rate, rate_key, shortest, written_rate
from dlcli.training.verdict.curve import steady
from dlcli.training.verdict.standing import FEWEST, SAYS_NOTHING, knows_by_heart, neighbours_left
from dlcli.training.verdict.story import Story


def tested_rate(story: Story, *, why: str) -> list[Advice]:
    """The rate that the range test proposes; where it proposes none the command that draws it."""
    rate = story.looks.rate()
    if rate is None:
        return checked(story, "--lr", why="draws the loss by learning rate")
    written = written_rate(story.config.optimizer)
    old = None if written is None and not story.history else shortest(story.rate if written is None else written)
    return [Setting(key=rate_key(story.config.optimizer), old=old, new=rate, why=why), *best_of_many(story)]


def usual_rate(story: Story, *, so_far: str = "weights stay where they were drawn") -> list[Advice]:
    """The rate that Keras gives the optimizer by itself, where that is far higher: of a model that no first steps at any rate
    teach anything, none is measured. `so_far` is what comes of the one that is written."""
    written, optimizer = written_rate(story.config.optimizer), story.config.optimizer
    usual = default_rate(optimizer)
    if written is None or usual is None or usual < FAR * written:
        return []
    why = f"what {optimizer.name} has by itself; at this one {so_far}"
    key, old = rate_key(optimizer), shortest(written)
    return [Setting(key=key, old=old, new=usual, why=why), *best_of_many(story)]


def fitting_rate(story: Story, rate: float | None, *, why: str) -> list[Advice]:
    """A rate beside another scale of what is learnt, where it is far higher than the one that is written.

    A lower one is not proposed: what is learnt at the scale of 1 is learnt by longer steps, and a test of some batches may err.
    """
    written = written_rate(story.config.optimizer)
    if rate is None or written is None or rate < OTHER * story.rate:
        return []
    key, old = rate_key(story.config.optimizer), shortest(story.rate)
    return [Setting(key=key, old=old, new=rate, why=why, joined=True), *best_of_many(story)]


def best_of_many(story: Story) -> list[Advice]:
    """Early stopping beside another rate: a model that learns at last may then learn its samples by heart in the same epochs.

    One that hardly waits would end it at the first wobble of a slower way.
    """
    epochs, written = story.config.train.epochs, story.config.train.early_stopping
    if story.judged != "validation" or epochs <= IMPATIENT or (written is not None and written.patience >= IMPATIENT):
        return []
    if written is not None:
        key, why = "train.early_stopping.patience", "another rate takes its own time"
        return [Setting(key=key, old=written.patience, new=IMPATIENT, why=why, joined=True)]
    early: Mapping[str, Any] = {"monitor": "val_loss", "patience": max(IMPATIENT, math.ceil(PATIENT * epochs))}
    why = "a rate that fits may learn samples by heart later"
    return [Setting(key="train.early_stopping", old=None, new=early, why=why, joined=True)]


def together(settings: Iterable[Setting]) -> list[Advice]:
    """Settings that help only all at once."""
    return [replace(each, joined=number > 0) for number, each in enumerate(settings)]


def checked(story: Story, *options: str, why: str) -> list[Advice]:
    """The command that checks the configuration before a training."""
    return of_file(story, "check", *options, why=why)


def asked(story: Story) -> list[Advice]:
    """What tells why nothing is learnt: a look at the labels where a model learns its samples by heart, or inputs say nothing of
    them to the nearest samples either; the loss at other rates where it falls little by little, or there was no time to try
    them; else whether one batch can be learnt."""
    known = neighbours_left(story)
    if knows_by_heart(story) or (known is not None and known >= SAYS_NOTHING):
        return of_file(story, "inspect-data", why="do the labels belong to the samples?")
    if story.looks.rate_unknown():
        return checked(story, "--lr", why="is it the rate? draws the loss by learning rate")
    if len(story.history) >= FEWEST and steady(story.losses("train")):
        return checked(story, "--lr", why="is it the rate? draws the loss by learning rate")
    return checked(story, why="can it learn one batch?")


def of_file(story: Story, command: str, *options: str, why: str) -> list[Advice]:
    """A command on the configuration as it took effect; none where it came from no file that is known."""
    if story.file in {None, "-", ""}:
        return []
    settings = [word for each in story.config.settings() for word in ("--set", each)]
    words = ["dlcli", command, str(story.file), *settings, *options]
    return [Command(command=shlex.join(words), why=why)]


def earlier_stop(story: Story, *, through: int | None = None) -> list[Advice]:
    """Early stopping, where there is none, so patient that this very curve would have come to the epoch `through`, its best
    one unless another is given.
    """
    if story.config.train.early_stopping is not None:
        return []
    losses = story.losses(story.judged)
    through = losses.index(min(losses)) + 1 if through is None else through
    monitor = "val_loss" if story.judged == "validation" else "loss"
    early: Mapping[str, Any] = {"monitor": monitor, "patience": max(IMPATIENT, longest_wait(losses[:through]) + 1)}
    return [Setting(key="train.early_stopping", old=None, new=early, why="keeps the weights of the best epoch")]


OTHER = 3.0
"""So many times as high a rate is another one."""
IMPATIENT, PATIENT = 5, 0.25
"""The least patience that is advised, and its share of all epochs where the curve that it waits on is not known."""


def longest_wait(losses: Sequence[float]) -> int:
    """The most epochs in turn that were no better than all before."""
    best, waited, longest = math.inf, 0, 0
    for loss in losses:
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        longest = max(longest, waited)
    return longest
