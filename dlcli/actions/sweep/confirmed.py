"""Whether the best trial beats the configuration as it is: both trained with the same fresh seeds, and compared.

The seed of the search is not among them: of many trials with it the best is the luckiest, too.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from dlcli.actions.many.asked import Asked
from dlcli.actions.many.grouping import group_of
from dlcli.actions.many.trained_group import train_group
from dlcli.actions.sweep.trained_trials import recorded_state, value_of
from dlcli.config import config_of
from dlcli.config.comparable import SEED, SPLIT_SEED, decides_samples
from dlcli.config.schema import LARGEST_SEED
from dlcli.config.sweep import Goal
from dlcli.runs.groups import Group
from dlcli.runs.noise import welch_noise
from dlcli.training.train import Request
from dlcli.view.sweep import Confirmed, SeedsShown

FEWEST = 2
FIXED = (SEED, SPLIT_SEED)
"""What both have alike: the first seed, and that of the split."""


def confirmed(
    name: str,
    asked: Asked,
    best: Sequence[str],
    goal: Goal,
    *,
    seeds: int,
    side_by_side: int,
    threads: int,
    told: Callable[[str], None],
) -> Confirmed | None:
    """Trains both with so many seeds, or goes on with that; None where a signal has stopped it, or too few have a value, and
    where the best one is judged on other samples."""
    apart = [path for path in (each.partition("=")[0] for each in best) if decides_samples(path) and path not in FIXED]
    if apart:
        told(f"note: nothing is confirmed: by {', '.join(apart)} the best trial is judged on other samples than before")
        return None
    config = config_of(asked.content, file=asked.file, settings=asked.settings)
    split = config.seed if config.data.split.seed is None else config.data.split.seed
    first = min(config.seed + 1, LARGEST_SEED - seeds)
    fixed = [f"{path}={value}" for path, value in zip(FIXED, (first, split), strict=True)]
    groups = []
    for word, own in (("default", ()), ("best", best)):
        settings = [*asked.settings, *own, *fixed]
        request = Request(
            config_of(asked.content, file=asked.file, settings=settings),
            asked.content,
            asked.file,
            asked.runs,
            name=f"{name}-{word}",
            allow_code=asked.allow_code,
            settings=settings,
        )
        options = [each for setting in settings for each in ("--set", setting)]
        words = ["train", asked.file, *options, "--seeds", str(seeds), "--name", f"{name}-{word}"]
        group = group_of(
            request, seeds=seeds, folds=None, side_by_side=side_by_side, threads=threads, resume=True, words=words
        )
        shown = train_group(
            group, lambda member, count, of: told(f"{count}/{of}  {member.run}"), side_by_side=side_by_side,
            allow_code=asked.allow_code,
        )  # fmt: skip
        if shown.stopped is not None:
            return None
        groups.append(seeds_shown(group, goal))
    if min(len(each.values) for each in groups) < FEWEST:
        return None
    default, better = groups
    noise = welch_noise(default.values, better.values)
    gain = noise.difference if goal.greater else -noise.difference
    return Confirmed(
        goal=str(goal), default=default, best=better, difference=noise.difference, low=noise.low, high=noise.high,
        p=noise.p, beats=noise.exceeded and gain > 0,
    )  # fmt: skip


def seeds_shown(group: Group, goal: Goal) -> SeedsShown:
    """The values of the runs of a group."""
    found: list[Any] = [value_of(state, goal) for run in group.members() if (state := recorded_state(run.path))]
    values = [float(each) for each in found if each is not None and math.isfinite(each)]
    return SeedsShown(group=group.name, values=values, mean=statistics.fmean(values) if values else None)
