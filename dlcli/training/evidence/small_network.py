"""What a small network learns of samples: whether a target can be told from the inputs by more than a linear model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlcli.data import class_indices
from dlcli.data.dataset import spread_samples
from dlcli.training.evidence.neighbours import (
    FEWEST,
    MOST_FEATURES,
    Neighbours,
    features_and_target,
    held_ids,
    in_deviations,
    of_numbers,
    one_target,
    placed_ids,
    takes_ids,
    told_of_classes,
)
from dlcli.training.evidence.steps_of_network import trained
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

    Arrays = Sequence[np.ndarray[Any, Any]]

SAMPLES, PLACES, SIDE = 200, 4000, 5
"""Of targets with a class at each place so many samples and places are looked at, and so wide a window about each."""
PARTS = 4
"""One sample of so many is not learnt from, and tells what was learnt."""


def small_network(experiment: Experiment, *, placed: bool = False) -> Neighbours | None:
    """What two hidden layers of few units, trained in some steps on a part of the training samples, say of the rest; of classes
    place by place what they say of some places.

    None where inputs are no numbers by feature, or samples are few.
    """
    import numpy as np

    schema, feed = one_target(experiment, "train"), experiment.splits["train"]
    if schema is None:
        return None
    rows, values = features_and_target(feed, schema)
    if rows is not None and takes_ids(experiment.model):
        rows = placed_ids(rows) if placed else held_ids(rows)
    if values.shape[1] != 1 and schema.classes is not None:
        return learnt_places(*windows_and_target(feed, schema))
    if rows is None or len(feed) < PARTS * FEWEST or values.shape[1] > MOST_FEATURES:
        return None
    rows = in_deviations(rows, rows)
    kept = np.arange(len(rows)) % PARTS > 0
    classes = None if schema.classes is None else len(schema.classes)
    return learnt_of([rows[kept]], values[kept], [rows[~kept]], values[~kept], classes)


def learnt_of(
    given: Arrays,
    values: np.ndarray[Any, Any],
    asked: Arrays,
    truth: np.ndarray[Any, Any],
    classes: int | None,
    **how: Any,
) -> Neighbours | None:
    """What was learnt of arrays (samples, …) and their values (samples, values), numbers or a class of so many, says of the
    truth of others; `how` is that of the network, if it is another one."""
    import numpy as np

    if classes is None:
        answers = said_numbers(given, values, asked, **how)
        return None if answers is None else of_numbers(truth.astype(np.float64), answers)
    known, told = values[:, 0] >= 0, truth[:, 0] >= 0
    if told.sum() < FEWEST or not known.any():
        return None
    asked = [each[told] for each in asked]
    said = trained([each[known] for each in given], values[known, 0], classes, asked, **how)
    return None if said is None else told_of_classes(truth[told, 0], said.argmax(axis=1))


def said_numbers(given: Arrays, values: np.ndarray[Any, Any], asked: Arrays, **how: Any) -> np.ndarray[Any, Any] | None:
    """What was learnt of arrays and their numbers (samples, values) says of others."""
    import numpy as np

    numbers = values.astype(np.float64)
    mean, deviation = numbers.mean(axis=0), max(float(numbers.std(axis=0).mean()), 1e-12)
    said = trained(given, (numbers - mean) / deviation, None, asked, **how)
    return None if said is None else said * deviation + mean


def windows_and_target(feed: Any, schema: Any) -> tuple[Any, Any, Any]:
    """What stands about some places of samples (places, features), the classes there (places,), and the numbers of their samples.

    None and nothing where inputs are no numbers place by place, of as many places as the target has.
    """
    import numpy as np

    inputs, targets = feed.take(spread_samples(len(feed), SAMPLES))
    taken, truth = [np.asarray(each) for each in inputs.values()], class_indices(targets[schema.name], schema)
    if len(taken) != 1 or truth is None or taken[0].dtype.kind not in "fiub":
        return None, truth, None
    truth = truth[..., 0] if truth.ndim > 2 and truth.shape[-1] == 1 else truth
    space = tuple(range(1, truth.ndim))
    samples = taken[0] if taken[0].ndim > truth.ndim else taken[0][..., None]
    if samples.shape[: truth.ndim] != truth.shape or samples.ndim != truth.ndim + 1:
        return None, truth, None
    if SIDE ** len(space) * samples.shape[-1] > MOST_FEATURES or not np.isfinite(samples).all():
        return None, truth, None
    around = [(SIDE // 2,) * 2 if axis in space else (0, 0) for axis in range(samples.ndim)]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(samples, around), (SIDE,) * len(space), axis=space)
    places = tuple(np.random.default_rng(0).integers(0, truth.shape, (PLACES, truth.ndim)).T)
    return windows[places].reshape(PLACES, -1).astype(np.float64), truth[places], places[0]


def learnt_places(rows: Any, truth: Any, samples: Any) -> Neighbours | None:
    """What a network that sees a little of what stands about a place (places, features) says of its class, in samples that it has
    not learnt from."""
    if rows is None:
        return None
    rows = in_deviations(rows, rows)
    kept, truth = samples % PARTS > 0, truth.astype(int)[:, None]
    return learnt_of([rows[kept]], truth[kept], [rows[~kept]], truth[~kept], int(truth.max()) + 1)
