"""Batches of so few samples that steps follow each of them, and of so many that there are hardly any steps."""

from __future__ import annotations

import math

from dlcli.finding import Advice, Setting
from dlcli.training.verdict.story import Story

FEW, USUAL = 8, 32
"""A batch below the first follows single samples; the usual one."""
FEW_STEPS, MANY = 2, 4
"""Up to so many steps an epoch are hardly any, where usual batches would make so many or more."""


def larger_batch(story: Story) -> list[Advice]:
    """The usual batch in the place of one of so few samples that no rate can be tested: each step follows one of them."""
    size = story.config.train.batch_size
    if size >= FEW or story.looks.rate() is not None:
        return []
    why = f"a step that follows {size} sample{'s' * (size > 1)} alone is thrown about"
    return [Setting(key="train.batch_size", old=size, new=USUAL, why=why)]


def smaller_batch(story: Story) -> list[Advice]:
    """The usual batch in the place of one that holds half of all samples or more, where these are many."""
    size, samples = story.config.train.batch_size, story.looks.samples.get("train", 0)
    if size <= USUAL or samples <= (MANY - 1) * USUAL or samples > FEW_STEPS * size:
        return []
    steps = math.ceil(samples / size)
    why = f"an epoch is {'one step' if steps == 1 else f'{steps} steps'}, of {samples:,} samples"
    return [Setting(key="train.batch_size", old=size, new=USUAL, why=why)]
