"""The advice that several rules give, each from what was measured."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from dlcli.finding import Advice, Command, Setting
from dlcli.training.evidence.rate import rate_key, shortest, written_rate
from dlcli.training.verdict.story import Story


def tested_rate(story: Story, *, why: str) -> list[Advice]:
    """The rate that the range test proposes; where it proposes none the command that draws it."""
    rate = story.looks.rate()
    if rate is None:
        return checked(story, "--lr", why="draws the loss by learning rate")
    written = written_rate(story.config.optimizer)
    old = shortest(story.rate if written is None else written)
    return [Setting(key=rate_key(story.config.optimizer), old=old, new=rate, why=why)]


def checked(story: Story, *options: str, why: str) -> list[Advice]:
    """The command that checks the configuration before a training."""
    return of_file(story, "check", *options, why=why)


def of_file(story: Story, command: str, *options: str, why: str) -> list[Advice]:
    """A command on the configuration as it took effect; none where it came from no file that is known."""
    if story.file in {None, "-", ""}:
        return []
    settings = [word for each in story.config.settings() for word in ("--set", each)]
    words = ["dlcli", command, str(story.file), *settings, *options]
    return [Command(command=shlex.join(words), why=why)]


def earlier_stop(story: Story) -> list[Advice]:
    """Early stopping, where there is none."""
    if story.config.train.early_stopping is not None:
        return []
    early: Mapping[str, Any] = {"monitor": "val_loss", "patience": 5}
    return [Setting(key="train.early_stopping", old=None, new=early, why="keeps the weights of the best epoch")]
