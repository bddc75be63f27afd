"""What the nearest neighbours of samples know of their targets: whether these depend on the inputs, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcli.data import class_indices
from dlcli.data.dataset import spread_samples
from dlcli.keras_internals import leaf_layers
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

LOOKED_AT, MOST_FEATURES = 800, 4096  # unseen: time alone
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


def neighbours(experiment: Experiment) -> Neighbours | None:
    """What the five nearest others of a training sample say of it; None where distances between inputs say nothing.

    Each feature counts by its deviation. Many samples are looked at in part, and only a target of one value a sample.
    """
    import keras
    import numpy as np

    schemas, feed = experiment.dataset.schema.targets, experiment.splits["train"]
    ids = (
        keras.layers.Embedding,
        keras.layers.IntegerLookup,
        keras.layers.StringLookup,
        keras.layers.TextVectorization,
    )
    if len(schemas) != 1 or len(feed) < FEWEST or any(isinstance(each, ids) for each in leaf_layers(experiment.model)):
        return None
    (schema,) = schemas
    inputs, targets = feed.take(spread_samples(len(feed), LOOKED_AT))
    flat = [np.asarray(each).reshape(len(each), -1) for each in inputs.values()]
    if any(each.dtype.kind not in "fiub" for each in flat) or sum(each.shape[1] for each in flat) > MOST_FEATURES:
        return None
    rows = np.concatenate(flat, axis=1).astype(np.float64)
    rows = (rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-12)
    indices = class_indices(targets[schema.name], schema)
    values = targets[schema.name] if indices is None else indices
    values = values.reshape(len(values), -1)
    if values.shape[1] != 1 or schema.absent or not np.isfinite(rows).all():
        return None
    near = nearest(rows)
    if indices is None:
        return of_numbers(values[:, 0].astype(np.float64), near)
    return of_classes(values[:, 0], near)


def nearest(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The numbers (samples, NEAREST) of the samples that are nearest to each, which is none of them itself."""
    import numpy as np

    squares = (rows**2).sum(axis=1)
    distances = squares[:, None] + squares[None] - 2 * rows @ rows.T
    np.fill_diagonal(distances, np.inf)
    return np.argpartition(distances, NEAREST, axis=1)[:, :NEAREST]


def of_classes(truth: np.ndarray[Any, Any], near: np.ndarray[Any, Any]) -> Neighbours | None:
    """What they say of classes (samples,), of those that have one."""
    import numpy as np

    kept = truth >= 0
    if kept.sum() < FEWEST:
        return None
    votes = np.stack([(truth[near] == each).sum(axis=1) for each in range(int(truth.max()) + 1)], axis=1)
    right = votes.argmax(axis=1) == truth
    recalls = tuple(float(right[truth == each].mean()) for each in np.unique(truth[kept]))
    trivial = float(np.bincount(truth[kept]).max() / kept.sum())
    return Neighbours(float(right[kept].mean()), trivial, int(kept.sum()), True, recalls)


def of_numbers(truth: np.ndarray[Any, Any], near: np.ndarray[Any, Any]) -> Neighbours | None:
    """What they say of numbers (samples,)."""
    import numpy as np

    variance = float(truth.var())
    if not np.isfinite(variance) or variance == 0:
        return None
    error = float(((truth[near].mean(axis=1) - truth) ** 2).mean())
    return Neighbours(max(0.0, 1 - error / variance), 0.0, len(truth), False)
