"""What a small network of the kind of the inputs, that learnt of training samples as they are, says of validation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlcli.data import class_indices
from dlcli.data.dataset import spread_samples
from dlcli.data.preparation.augment import Augmentation
from dlcli.data.preparation.crops import centre
from dlcli.loss.losses import build_loss
from dlcli.training.evidence.neighbours import (
    FEWEST,
    MOST_FEATURES,
    Neighbours,
    most_of,
    one_target,
    takes_ids,
)
from dlcli.training.evidence.small_network import learnt_of, said_numbers
from dlcli.training.evidence.steps_of_network import BATCH, two_layers
from dlcli.training.evidence.stopwatch import Stopwatch
from dlcli.training.evidence.taken_by_kind import build_of, taken_by_kind
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST_NUMBERS = 3e7  # unseen: time alone
FREE = 1e-5
"""A right answer that costs so much of the constant one costs nothing but what a loss keeps from 0 and 1."""
SLOWLY, FEW, SECONDS = 0.004, 32, 0.7  # unseen: time alone
"""The rate at which what has places is learnt, of so many samples a step, and the longest time that it takes."""


def network_elsewhere(
    experiment: Experiment, seconds: float = SECONDS, *, augmented: bool = False
) -> Neighbours | None:
    """What the network says of validation, of training samples as they are before augmentation, or once `augmented`; of numbers
    the share of the loss of their mean that it takes away, in the loss of the model.

    None where inputs are of no kind that a small network takes, samples are few, time is short, or a right answer costs
    something.
    """
    watch, schema = Stopwatch(), one_target(experiment, "train", "validation")
    augment = experiment.augment
    if schema is None or (augmented and (augment is None or augment.one_hot or augment.masks)):
        return None
    (inputs, values), (others, truth) = (some_of(experiment, each, schema) for each in ("train", "validation"))
    if min(len(values), len(truth)) < FEWEST or values.shape[1] > MOST_FEATURES:
        return None
    if augmented and augment is not None:
        inputs, others = augmented_once(augment, inputs), in_centres(augment, others)
    ids = takes_ids(experiment.model)
    taken = [
        taken_by_kind(each, inputs[each.name], others[each.name], ids=ids) for each in experiment.dataset.schema.inputs
    ]
    kept = [each for each in taken if each is not None]
    if len(kept) < len(taken):
        return None
    given, asked = [each.given for each in kept], [each.asked for each in kept]
    flat = len(given) == 1 and given[0].ndim == 2
    how: dict[str, Any] = {"build": two_layers if flat else build_of([each.branch for each in kept])}
    if not flat:
        how |= {"rate": SLOWLY, "batch": FEW, "seconds": min(seconds, SECONDS) - watch.seconds}
    if schema.classes is not None:
        return learnt_of(given, values, asked, truth, len(schema.classes), **how) if values.shape[1] == 1 else None
    return of_loss(experiment, values, said_numbers(given, values, asked, **how), truth)


def some_of(experiment: Experiment, split: str, schema: Any) -> tuple[Mapping[str, Array], Array]:
    """Inputs of samples of a split, by name, and their targets (samples, values)."""
    import numpy as np

    feed = experiment.splits[split]
    most = min(most_of(feed), int(MOST_NUMBERS / max(feed.numbers, 1)))
    inputs, targets = feed.take(spread_samples(len(feed), most))
    indices = class_indices(targets[schema.name], schema)
    values = np.asarray(targets[schema.name] if indices is None else indices)
    return {name: np.asarray(each) for name, each in inputs.items()}, values.reshape(len(values), -1)


def augmented_once(augment: Augmentation, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Samples as augmentation changes them in their first epoch."""
    import numpy as np

    size = len(next(iter(inputs.values())))
    parts = [
        augment({name: each[at : at + BATCH] for name, each in inputs.items()}, {}, 0, at // BATCH)[0]
        for at in range(0, size, BATCH)
    ]
    return {name: np.concatenate([np.asarray(each[name]) for each in parts]) for name in inputs}


def in_centres(augment: Augmentation, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Samples as a model of crops is asked about them: nothing but their centre."""
    import numpy as np

    inputs = dict(inputs)
    for name, (height, width) in augment.crops({name: each.shape[1:] for name, each in inputs.items()}).items():
        whole, seen = inputs[name], np.zeros_like(inputs[name])
        top, left = centre(whole.shape[1], height), centre(whole.shape[2], width)
        part = np.s_[:, top : top + height, left : left + width]
        seen[part] = whole[part]
        inputs[name] = seen
    return inputs


def of_loss(experiment: Experiment, values: Array, said: Array | None, truth: Array) -> Neighbours | None:
    """The share of the loss of the mean of values that what is said of the truth takes away."""
    import numpy as np

    if said is None:
        return None
    loss = build_loss(experiment.config.heads[0].loss, experiment.facts)
    answers = said, np.broadcast_to(values.mean(axis=0), truth.shape), truth
    costs = (loss(*(each.astype("float32") for each in (truth, answer))) for answer in answers)
    reached, constant, perfect = (float(np.mean(each)) for each in costs)
    if not math.isfinite(reached) or not constant > 0 or abs(perfect) > FREE * constant:
        return None
    return Neighbours(1 - reached / constant, 0.0, len(truth), False)
