"""Drift: what lies elsewhere in validation than in training, an input or the target."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from dlcli.data import class_indices
from dlcli.data.dataset import spread_samples
from dlcli.data.findings.splits_apart import moved_by
from dlcli.data.preparation.fitting import columns_in_order
from dlcli.data.schema import ColumnSchema, InputSchema
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

LOOKED_AT, MOST_FEATURES = 2000, 512  # unseen: time alone
FEWEST, SURE = 8, 3.0
"""The fewest samples of a split; and so many times what chance moves shares of classes by is none."""
BY_CHANCE = 1e-3
"""What chance brings more often, of as many features as are looked at, has not moved."""


@dataclass(frozen=True)
class Drift:
    """A column, an input or a target: how many deviations its mean has moved, and what share lies outside the range
    of training.
    """

    name: str
    role: str
    shift: float
    outside: float
    column: bool


def drifts(experiment: Experiment) -> list[Drift]:
    """How far each feature, as the model takes it, and each target lie elsewhere in validation, the farthest first."""
    splits = experiment.splits
    if "validation" not in splits or min(map(len, (splits["train"], splits["validation"]))) < FEWEST:
        return []
    parts = [splits[name].take(spread_samples(len(splits[name]), LOOKED_AT)) for name in ("train", "validation")]
    found = [*of_inputs(experiment, *(inputs for inputs, _ in parts))]
    for schema in experiment.dataset.schema.targets:
        before, after = (targets[schema.name] for _, targets in parts)
        indices = [class_indices(each, schema) for each in (before, after)]
        if indices[0] is not None and indices[1] is not None:
            found += [Drift(schema.name, "classes", 0.0, moved_shares(*indices), False)]
        if indices[0] is None and not schema.absent and before.dtype.kind in "fiu":
            moved = moved_by(before.reshape(len(before), -1), after.reshape(len(after), -1))
            moved = beyond_chance(moved, len(before), len(after))
            found += [Drift(schema.name, "target", *max(moved, default=(0.0, 0.0)), False)]
    return sorted(found, key=lambda each: -max(each.shift, each.outside))


def moved_shares(before: Any, after: Any) -> float:
    """How much of the samples of one split would have to have another class for the shares of the other; 0 where chance does
    as much."""
    import numpy as np

    before, after = (each[each >= 0].ravel() for each in (before, after))
    if not len(before) or not len(after):
        return 0.0
    classes = int(max(before.max(), after.max())) + 1
    shares = [np.bincount(each, minlength=classes) / len(each) for each in (before, after)]
    moved = float(np.abs(shares[0] - shares[1]).sum() / 2)
    return moved if moved > SURE * np.sqrt(classes / min(len(before), len(after))) / 2 else 0.0


def beyond_chance(moved: Sequence[tuple[float, float]], before: int, after: int) -> list[tuple[float, float]]:
    """How far features have moved from so many samples to so many others, each 0 where chance does as much to one of them: few
    samples lie elsewhere by themselves, and of many features one does."""
    features = max(len(moved), 1)
    least = NormalDist().inv_cdf(1 - BY_CHANCE / 2 / features) * math.sqrt(1 / before + 1 / after)

    def by_chance(share: float) -> float:
        count = round(share * after)  # of ranks that are drawn at once so many at both ends are those of the others
        return features * (count + 1) * (after / (before + after)) ** count

    return [(shift * (shift >= least), share * (by_chance(share) < BY_CHANCE)) for shift, share in moved]


def of_inputs(experiment: Experiment, before: Any, after: Any) -> Iterator[Drift]:
    """The drift of each column, or of an input of few features as one thing."""
    for schema in experiment.dataset.schema.inputs:
        one, other = (each[schema.name].reshape(len(each[schema.name]), -1) for each in (before, after))
        if one.dtype.kind not in "fiu" or one.shape[1] != other.shape[1]:
            continue
        if one.shape[1] > MOST_FEATURES:
            one, other = level_and_contrast(one), level_and_contrast(other)
        moved = beyond_chance(moved_by(one, other), len(one), len(other))
        columns = features_of_columns(experiment, schema, one.shape[1])
        if moved and not columns:
            yield Drift(schema.name, "input", *max(moved), False)
        for column, inside in columns:
            shift, outside = max(moved[inside], default=(0.0, 0.0))
            if column.kind == "category":
                outside = max(outside, new_names(one[:, inside], other[:, inside]))
            yield Drift(column.name, "input", shift, outside, True)


def features_of_columns(experiment: Experiment, schema: InputSchema, width: int) -> list[tuple[ColumnSchema, slice]]:
    """Which features of an input of so many belong to which of its columns; none where it has none."""
    if sum(column.width for column in schema.columns or ()) != width:
        return []
    columns = columns_in_order(experiment.config.data, experiment.dataset.schema.inputs, schema)
    ends = [*accumulate(column.width for column in columns)]
    return [(column, slice(end - column.width, end)) for column, end in zip(columns, ends, strict=True)]


def level_and_contrast(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The mean and the deviation within each of some samples (samples, features): how bright a picture is, and how varied."""
    import numpy as np

    wide = values.astype(np.float64)
    return np.stack([wide.mean(axis=1), wide.std(axis=1)], axis=1)


def new_names(before: np.ndarray[Any, Any], after: np.ndarray[Any, Any]) -> float:
    """The share of samples (samples, features of a name) whose name no sample had before, however the features are scaled; 0
    where as many are to be expected of names of which so many come once."""
    known = Counter(row.tobytes() for row in before)
    new = sum(row.tobytes() not in known for row in after) / max(len(after), 1)
    once = sum(count == 1 for count in known.values()) / max(len(before), 1)
    noise = SURE * math.sqrt(once * (1 - once) * (1 / max(len(before), 1) + 1 / max(len(after), 1)))
    return new if new > once + noise else 0.0
