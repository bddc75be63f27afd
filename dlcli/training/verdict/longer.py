"""The advice to train longer, with a schedule of the learning rate that lasts as long."""

from __future__ import annotations

import shlex

from dlcli.finding import Advice, Command, Setting
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.optimizer.schedules import early_ending
from dlcli.training.verdict.story import Story


def longer(story: Story, epochs: int, *, why: str) -> list[Advice]:
    """To go on for so many epochs of the phase in all; with a schedule that would be over by then, or last as long, anew.

    A training that a command has ended amid its phases has the rest of these before it.
    """
    if story.planned and story.run:
        return [resumed(story, story.planned, why="trains the rest of its phases")]
    steps = story.history[0].get("step")
    seen = early_ending(story.config.optimizer, epochs=epochs, steps_per_epoch=steps)
    cycle = isinstance(story.config.optimizer.arguments.get("learning_rate"), OneCycle)
    if seen is None and story.run and not cycle:
        return [resumed(story, story.before + epochs, why=why)]
    settings: list[Advice] = [Setting(key="train.epochs", old=story.config.train.epochs, new=epochs, why=why)]
    if seen is not None:
        lasting, old = f"{epochs - seen.warmup:g} epochs", seen.schedule.arguments.get("decay_steps")
        why = "the learning rate would be 0 before"
        key = "optimizer.learning_rate.decay_steps"
        settings.append(Setting(key=key, old=str(old), new=lasting, why=why, joined=True))
    return settings


def resumed(story: Story, epochs: int, *, why: str) -> Command:
    """The command that goes on until so many epochs are done."""
    return Command(command=shlex.join(["dlcli", "resume", *story.run, "--epochs", str(epochs)]), why=why)
