"""Moving statistics have not followed the weights: the model answers with others than it has learnt with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from dlcli.finding import Advice, Finding, Setting
from dlcli.runs.state import StopReason
from dlcli.training.compared import Compared
from dlcli.training.evidence.looks import Looks
from dlcli.training.evidence.statistics_seen import MovingLayer, StatisticsSeen
from dlcli.training.verdict.advice import together
from dlcli.training.verdict.holding import KEEPS, STRONG, held_back
from dlcli.training.verdict.longer import longer
from dlcli.training.verdict.rule import BROKEN_START, Rule
from dlcli.training.verdict.standing import MARGIN, left, share_left
from dlcli.training.verdict.story import Story

LOST, OF_LEFT = 0.05, 0.1
"""Statistics matter where others take away such a share of the trivial loss, and such a share of what is left."""
KEPT_LITTLE = 0.9
"""So much of the trivial loss is left by an epoch that is kept where the last one is looked at."""
OLD = 0.05
"""So much of the statistics may be older than an epoch."""
LEAST, MOST = 0.1, 0.9
"""The least momentum that is advised, and the most: a tenth of what each step shows is taken up at least."""


def statistics_lag(story: Story) -> Finding | None:
    """Seen where statistics of training samples in place of the moving ones take much of the loss away, in training and on
    validation: what only validation would gain by lies in its samples."""
    share, seen = left(story), story.beside_trivial
    if not story.looks.moving or seen is None or share is None or share < LOST:
        return None
    found, split, at_end = story.looks.statistics(), story.judged, False
    if (found is None or not helps(seen, found)) and share >= KEPT_LITTLE:
        found, at_end = story.looks.statistics_at_end(), True  # of an epoch in which nothing was learnt yet
    if found is None or not helps(seen, found) or split not in found.settled:
        return None
    rest = share_left(replace(seen, reached=found.settled[split])) or 0.0
    if rest >= MARGIN or (rest >= KEEPS and any(each.share >= STRONG for each in held_back(story))):
        return None  # fresh statistics leave what is kept back by noise
    steps = steps_an_epoch(story)
    facts = {
        "layers": [each.layer for each in found.layers],
        "momentum": max(each.momentum for each in found.layers),
        "steps": steps,
        "split": split,
        "reached": found.moving[split],
        "settled": found.settled[split],
        "at_end": at_end,
    }
    return Finding(code="statistics_lag", severity="warning", facts=facts, advice=following(story, found.layers, steps))


def helps(seen: Compared, found: StatisticsSeen) -> bool:
    """Whether fresh statistics take much away on every split."""
    return all(gains(seen, found, split) for split in found.moving)


def gains(seen: Compared, found: StatisticsSeen, split: str) -> bool:
    """Whether fresh statistics take much of the trivial loss away on a split, and of what is left there."""
    reached, settled = found.moving[split] - seen.perfect, found.settled[split] - seen.perfect
    return reached - settled >= max(LOST * (seen.trivial - seen.perfect), OF_LEFT * reached)


def steps_an_epoch(story: Story) -> int:
    """How many steps an epoch has."""
    last = story.history[-1].get("step", 0)
    before = story.history[-2].get("step", 0) if len(story.history) > 1 else 0
    return max(int(last - before), 1)


def followed_by(steps: int) -> float:
    """The momentum with which statistics have nearly all come from the last so many steps."""
    exact = math.exp(math.log(OLD) / steps)
    return min(MOST, max(LEAST, math.floor(10 * exact) / 10))


def following(story: Story, layers: Sequence[MovingLayer], steps: int) -> list[Advice]:
    """Statistics that follow within an epoch, in all layers that are slower; where none is, more epochs."""
    new = followed_by(steps)
    slow = {each.entry: each.momentum for each in layers if each.entry is not None and each.momentum > new}
    why = f"its statistics then follow within an epoch of {steps} step{'s' * (steps > 1)}"
    if slow:
        return together(Setting(key=f"{entry}.momentum", old=old, new=new, why=why) for entry, old in slow.items())
    if any(each.momentum > new for each in layers) or story.stop is not StopReason.ALL_EPOCHS:
        return []
    return longer(story, 2 * len(story.history), why="the statistics then follow what has been learnt")


RULE = Rule("statistics_lag", statistics_lag, BROKEN_START | {"one_class_only", "suspiciously_good"})


def cases(story: Callable[..., Story]) -> list[tuple[Story, bool]]:
    """Stories of which the first shows it and the others do not."""

    def lagging(train: float, validation: float, *, moving: bool = True) -> Story:
        layers = [MovingLayer("batch_normalization", "layers.1", 0.99)]
        found = StatisticsSeen(layers, {"train": 0.9, "validation": 0.9}, {"train": train, "validation": validation})
        told = story(train=[0.5, 0.1], validation=[0.9, 0.9])
        return replace(told, looks=Looks(moving=moving, statistics=lambda: found))

    return [
        (lagging(0.8, 0.8), True),
        (lagging(0.82, 0.8), False),
        (lagging(0.8, 0.82), False),
        (lagging(0.1, 0.1, moving=False), False),
        (story(validation=[0.9]), False),
    ]
