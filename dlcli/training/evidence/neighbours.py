"""What the nearest neighbours of samples know of their targets: whether these depend on the inputs, and how far."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data import class_indices
from dlcli.data.dataset import spread_samples
from dlcli.data.schema import TargetSchema
from dlcli.keras_internals import leaf_layers
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

LOOKED_AT, MOST_LOOKED_AT, WORK = 800, 2000, 2e9  # unseen: time alone
"""So many samples are looked at in any case, and more up to so many products of their features."""
MOST_FEATURES = 4096  # unseen: time alone
FEWEST = 30
NEAREST = 5


@dataclass(frozen=True)
class Neighbours:
    """How many of the training samples have the class that most of their nearest neighbours have, beside the majority.

    Of numbers the share of their variance that the mean of the neighbours tells, beside 0.
    """

    known: float
    trivial: float
    samples: int
    classes: bool
    recalls: tuple[float, ...] = ()
    """By class the share that the neighbours tell rightly."""

    def left(self, *, balanced: bool = False) -> float:
        """The share that they do not tell of what one answer for all does not; `balanced` counts each class the same."""
        if balanced and len(self.recalls) > 1:
            each = 1 / len(self.recalls)
            return (1 - sum(self.recalls) * each) / (1 - each)
        return (1 - self.known) / max(1 - self.trivial, 1e-9)


def neighbours(experiment: Experiment, split: str = "train") -> Neighbours | None:
    """What the five nearest training samples say of each other sample of a split; None where distances between inputs say
    nothing.

    Each feature counts by its deviation. Many samples are looked at in part, and only a target of numbers, or of one class a
    sample.
    """
    import numpy as np

    schema, feeds = one_target(experiment, "train", split), [experiment.splits[name] for name in ("train", split)]
    if schema is None or takes_ids(experiment.model):
        return None
    parts = [features_and_target(feed, schema) for feed in (feeds if split != "train" else feeds[:1])]
    rows, values = zip(*parts, strict=True)
    several = any(each.shape[1] != 1 for each in values)
    if any(each is None for each in rows) or (several and schema.classes is not None):
        return None
    near = nearest(*(in_deviations(each, rows[0]) for each in rows))
    if schema.classes is None:
        return of_numbers(values[-1].astype(np.float64), mean_of(values[0].astype(np.float64), near))
    return of_classes(values[-1][:, 0], values[0][:, 0][near])


def one_target(experiment: Experiment, *splits: str) -> TargetSchema | None:
    """The only target; None where there are several, it is compared with nothing, or one of the splits has few samples."""
    schemas = experiment.dataset.schema.targets
    few = any(len(experiment.splits[each]) < FEWEST for each in splits)
    return None if len(schemas) != 1 or few or schemas[0].absent else schemas[0]


def in_deviations(rows: np.ndarray[Any, Any], like: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Rows (samples, features) with mean 0 and deviation 1 in each feature, where they are like others."""
    import numpy as np

    even: np.ndarray[Any, Any] = (rows - like.mean(axis=0)) / np.maximum(like.std(axis=0), 1e-12)
    return even


def mean_of(values: np.ndarray[Any, Any], near: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The mean of the values (rows, numbers) of some rows (samples, NEAREST), of each sample."""
    total = sum(values[near[:, place]] for place in range(near.shape[1]))
    mean: np.ndarray[Any, Any] = total / near.shape[1]
    return mean


def takes_ids(model: Any) -> bool:
    """Whether a model looks up what it takes: distances between numbers then say nothing."""
    import keras

    layers = keras.layers
    ids = (layers.Embedding, layers.IntegerLookup, layers.StringLookup, layers.TextVectorization)
    return any(isinstance(each, ids) for each in leaf_layers(model))


def most_of(feed: Any) -> int:
    """How many samples are looked at, at most: the fewer, the more numbers each has."""
    return min(max(LOOKED_AT, int(math.sqrt(WORK / max(feed.numbers, 1)))), MOST_LOOKED_AT)


def features_and_target(feed: Any, schema: Any) -> tuple[Any, Any]:
    """Numbers by feature (samples, features) of some samples, None where they are none, and their targets (samples, …)."""
    import numpy as np

    inputs, targets = feed.take(spread_samples(len(feed), most_of(feed)))
    flat = [np.asarray(each).reshape(len(each), -1) for each in inputs.values()]
    indices = class_indices(targets[schema.name], schema)
    values = targets[schema.name] if indices is None else indices
    values = values.reshape(len(values), -1)
    if any(each.dtype.kind not in "fiub" for each in flat) or sum(each.shape[1] for each in flat) > MOST_FEATURES:
        return None, values
    rows = np.concatenate(flat, axis=1).astype(np.float64)
    return (rows if np.isfinite(rows).all() else None), values


def held_ids(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """Which ids each row (samples, places) holds, as 0 or 1 (samples, ids); None of what are no ids, or of very many."""
    import numpy as np

    if (rows < 0).any() or (rows != np.floor(rows)).any() or rows.max(initial=0) >= MOST_FEATURES:
        return None
    held = np.zeros((len(rows), int(rows.max(initial=0)) + 1))
    held[np.arange(len(rows))[:, None], rows.astype(int)] = 1
    return held


def nearest(rows: np.ndarray[Any, Any], others: np.ndarray[Any, Any] | None = None) -> np.ndarray[Any, Any]:
    """The numbers (samples, NEAREST) of the rows that are nearest to each of others; of rows alone to each, which is none of
    them itself."""
    import numpy as np

    asked = rows if others is None else others
    distances = (asked**2).sum(axis=1)[:, None] + (rows**2).sum(axis=1)[None] - 2 * asked @ rows.T
    if others is None:
        np.fill_diagonal(distances, np.inf)
    return np.argpartition(distances, NEAREST, axis=1)[:, :NEAREST]


def of_classes(truth: np.ndarray[Any, Any], said: np.ndarray[Any, Any]) -> Neighbours | None:
    """What neighbours (samples, NEAREST) say of classes (samples,), of those that have one."""
    import numpy as np

    kept = truth >= 0
    if kept.sum() < FEWEST:
        return None
    votes = np.stack([(said == each).sum(axis=1) for each in range(int(max(truth.max(), said.max())) + 1)], axis=1)
    return told_of_classes(truth, votes.argmax(axis=1))


def told_of_classes(truth: np.ndarray[Any, Any], said: np.ndarray[Any, Any]) -> Neighbours:
    """How many answers (samples,) are right of the samples that have a class."""
    import numpy as np

    kept, right = truth >= 0, said == truth
    recalls = tuple(float(right[truth == each].mean()) for each in np.unique(truth[kept]))
    trivial = float(np.bincount(truth[kept]).max() / kept.sum())
    return Neighbours(float(right[kept].mean()), trivial, int(kept.sum()), True, recalls)


def of_numbers(truth: np.ndarray[Any, Any], said: np.ndarray[Any, Any]) -> Neighbours | None:
    """How near answers (samples, numbers) come to as many numbers, whose variances count together."""
    import numpy as np

    variance = float(truth.var(axis=0).mean())
    if not np.isfinite(variance) or variance == 0:
        return None
    error = float(((said - truth) ** 2).mean())
    return Neighbours(1 - error / variance, 0.0, len(truth), False)


def placed_ids(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """Which id stands at each place of a row (samples, places), as 0 or 1 (samples, places times ids); None as well."""
    import numpy as np

    held = held_ids(rows)
    if held is None or held.shape[1] * rows.shape[1] > MOST_FEATURES:
        return None
    placed: np.ndarray[Any, Any] = np.eye(held.shape[1])[rows.astype(int)].reshape(len(rows), -1)
    return placed
