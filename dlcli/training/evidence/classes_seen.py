"""What a model says of classes on a split: how often each, and how often each rightly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.data import class_indices
from dlcli.data.dataset import spread_samples
from dlcli.data.findings.same_rows import contents
from dlcli.training.counted import counted_target
from dlcli.training.kept.predictions import answers_of
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.passes import said_by

LOOKED_AT, MOST, NUMBERS = 1000, 20_000, 20_000_000  # unseen: time alone
"""So many samples are answered in any case, and more up to so many numbers that they are made of."""
AT_ONCE, MOST_AT_ONCE = 250, 2000  # unseen: time alone
"""So many of them are answered at once, and more where these are small."""
LARGEST = 1 << 24  # unseen: memory alone
SPLITS = ("train", "validation")
SIGMAS = 1.96
"""So many deviations on both sides hold a share in 95 of 100 samples."""


@dataclass(frozen=True)
class ClassesSeen:
    """By class of a target on a split: how many samples or places it has, is said of, and is rightly said of.

    `samples` are those that were answered: the places of one are no independent ones.
    """

    target: str
    split: str
    samples: int
    classes: Sequence[str]
    truth: Sequence[int]
    said: Sequence[int]
    right: Sequence[int]
    mostly: Sequence[tuple[int, int]] = ()
    """By class the one, by its number, that is said most often of its samples or places, and of how many."""

    @property
    def counted(self) -> str:
        """What is counted by class: samples, or places, where a sample has several."""
        return "places" if sum(self.truth) > self.samples else "samples"

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return sum(self.right) / max(sum(self.truth), 1)

    @property
    def majority(self) -> float:
        """What saying the most frequent class alone would reach."""
        return max(self.truth, default=0) / max(sum(self.truth), 1)

    @property
    def recalls(self) -> dict[str, float]:
        """The recall of each class that the split holds."""
        rows = zip(self.classes, self.right, self.truth, strict=True)
        return {name: right / truth for name, right, truth in rows if truth}

    @property
    def balanced(self) -> float:
        """The mean recall of the classes that the split holds."""
        return sum(self.recalls.values()) / max(len(self.recalls), 1)

    @property
    def most_said(self) -> tuple[str, float]:
        """The class that is said most often, and in how many of all answers."""
        place = max(range(len(self.said)), key=self.said.__getitem__)
        return self.classes[place], self.said[place] / max(sum(self.said), 1)

    @property
    def interval(self) -> tuple[float, float]:
        """Between what the accuracy may lie, at 95 %: the interval of Wilson (1927, https://doi.org/10.2307/2276774)."""
        return wilson(self.accuracy, self.samples)


def wilson(share: float, samples: int) -> tuple[float, float]:
    """The interval of a share of so many samples."""
    spread = SIGMAS**2 / max(samples, 1)
    middle = (share + spread / 2) / (1 + spread)
    reach = SIGMAS / (1 + spread) * math.sqrt((share * (1 - share) + spread / 4) / max(samples, 1))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def fresh_rows(experiment: Experiment) -> Any:
    """The places of the validation samples whose inputs do not stand in training; None where these take much to read."""
    import numpy as np

    features = sum(math.prod(each.shape) for each in experiment.dataset.schema.inputs)
    if features * len(experiment.splits["train"]) > LARGEST:
        return None
    held = [contents(each.take(np.arange(len(each)))[0]) for each in map(experiment.splits.__getitem__, SPLITS)]
    known = {*held[0]}
    return np.flatnonzero([each not in known for each in held[1]])


def fresh_samples(experiment: Experiment) -> int | None:
    """How many these are."""
    rows = fresh_rows(experiment)
    return None if rows is None else len(rows)


def fresh_classes_seen(experiment: Experiment) -> list[ClassesSeen]:
    """What it says of the validation samples whose inputs do not stand in training."""
    rows = fresh_rows(experiment)
    if rows is None or not len(rows):
        return []
    return classes_seen(experiment, "validation", rows[spread_samples(len(rows), LOOKED_AT)])


def classes_seen(experiment: Experiment, split: str, rows: Any = None) -> list[ClassesSeen]:
    """What the model as it stands says on a split, or on some `rows` of it, of the targets that are classes."""
    import numpy as np

    feed = experiment.splits[split]
    heads = [*zip(experiment.config.heads, experiment.dataset.schema.targets, strict=True)]
    if not len(feed) or all(schema.classes is None for _, schema in heads):
        return []
    numbers = max(feed.numbers, 1)
    most = min(max(LOOKED_AT, NUMBERS // numbers), MOST)
    rows = spread_samples(len(feed), most) if rows is None else rows
    inputs, targets = feed.take(rows)
    step = min(max(AT_ONCE, NUMBERS // LOOKED_AT // numbers), MOST_AT_ONCE)
    starts = range(0, len(next(iter(inputs.values()))), step)
    parts = [experiment.passes(said_by, {name: each[at : at + step] for name, each in inputs.items()}) for at in starts]
    found = []
    for head, schema in heads:
        output = np.concatenate(
            [np.asarray(each if head.name is None else each[head.name], np.float32) for each in parts]
        )
        answers = answers_of(output, head.loss, schema)
        truth = class_indices(targets[schema.name], schema)
        if answers is None or truth is None or schema.classes is None or answers.classes.size != truth.size:
            continue
        counted = counted_target(schema, targets[schema.name], None)
        kept = (truth >= 0) if counted is None else (truth >= 0) & counted.reshape(truth.shape)
        told, wanted, count = answers.classes.reshape(truth.shape)[kept], truth[kept], len(schema.classes)
        truths, answered, rights = (
            np.bincount(each[each < count], minlength=count).tolist() for each in (wanted, told, wanted[told == wanted])
        )
        mostly = mostly_said(wanted, told, count)
        seen = ClassesSeen(schema.name, split, len(truth), schema.classes, truths, answered, rights, mostly)
        found.append(seen)
    return found


def mostly_said(wanted: Any, told: Any, count: int) -> list[tuple[int, int]]:
    """By class of the first (samples,), of `count`, the class that the second says most often of it, and of how many."""
    import numpy as np

    found = [(each, 0) for each in range(count)]
    pairs, times = np.unique(np.stack([wanted, told]), axis=1, return_counts=True)
    for (truth, said), often in zip(pairs.T.tolist(), times.tolist(), strict=True):
        if often > found[truth][1]:
            found[truth] = (said, often)
    return found
