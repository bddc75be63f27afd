"""Whether any input alone has to do with the target, by more than chance: then the targets belong to their samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dlcli.training.evidence.neighbours import FEWEST, features_and_target, in_deviations, takes_ids
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

MOST_CLASSES = 20  # unseen: time alone
"""Of so many classes, the first ones, each is looked at beside all others."""


def related(experiment: Experiment) -> float:
    """How rarely chance relates any input to the target by rank as much as the training samples do; 1 where nothing is known.

    Of many pairs one is always related somewhat: that is counted in.
    """
    import numpy as np

    schemas, feed = experiment.dataset.schema.targets, experiment.splits["train"]
    if len(schemas) != 1 or len(feed) < FEWEST or schemas[0].absent or takes_ids(experiment.model):
        return 1.0
    rows, values = features_and_target(feed, schemas[0])
    if rows is None or values.shape[1] > MOST_CLASSES:
        return 1.0
    if schemas[0].classes is not None:
        values = (values[:, :1] == np.arange(min(len(schemas[0].classes), MOST_CLASSES))).astype(float)
    return chance_of(rows, values)


def chance_of(rows: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> float:
    """How rarely chance brings the strongest correlation by rank of rows (samples, features) with values (samples, numbers)."""
    import numpy as np

    ranked = [standing(each) for each in (rows, values)]
    if not all(each.shape[1] for each in ranked):
        return 1.0
    strongest = float(np.abs(ranked[0].T @ ranked[1]).max()) / len(rows)
    pairs = ranked[0].shape[1] * ranked[1].shape[1]
    by_chance: float = pairs * math.erfc(strongest * math.sqrt((len(rows) - 1) / 2))
    return min(1.0, by_chance)


def standing(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The ranks in each column (samples, columns) that changes, equal ones sharing theirs, with mean 0 and deviation 1."""
    import numpy as np

    ranks = []
    for column in rows.T:
        _, place, count = np.unique(column, return_inverse=True, return_counts=True)
        if len(count) > 1:
            ranks.append((np.cumsum(count) - (count - 1) / 2)[place.reshape(-1)])
    table = np.array(ranks, np.float64).reshape(-1, len(rows)).T
    return in_deviations(table, table)
