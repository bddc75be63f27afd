"""What a small network learns of samples: whether a target can be told from the inputs by more than a linear model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dlcli.data import class_indices
from dlcli.data.dataset import spread_samples
from dlcli.loss.losses import build_loss
from dlcli.training.evidence.neighbours import (
    FEWEST,
    MOST_FEATURES,
    Neighbours,
    features_and_target,
    held_ids,
    in_deviations,
    of_numbers,
    placed_ids,
    takes_ids,
    told_of_classes,
)
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

SAMPLES, PLACES, SIDE = 200, 4000, 5
"""Of targets with a class at each place so many samples and places are looked at, and so wide a window about each."""
UNITS, STEPS, BATCH, RATE = 32, 400, 64, 0.01
PARTS = 4
"""One sample of so many is not learnt from, and tells what was learnt."""


def small_network(experiment: Experiment, *, placed: bool = False) -> Neighbours | None:
    """What two hidden layers of few units, trained in some steps on a part of the training samples, say of the rest; of classes
    place by place what they say of some places.

    None where inputs are no numbers by feature, or samples are few.
    """
    import numpy as np

    schemas, feed = experiment.dataset.schema.targets, experiment.splits["train"]
    if len(schemas) != 1 or len(feed) < FEWEST or schemas[0].absent:
        return None
    (schema,) = schemas
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
    return learnt_of(rows[kept], values[kept], rows[~kept], values[~kept], classes)


def learnt_of(
    rows: np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
    asked: np.ndarray[Any, Any],
    truth: np.ndarray[Any, Any],
    classes: int | None,
) -> Neighbours | None:
    """What was learnt of rows (samples, features) and their values (samples, values), numbers or a class of so many, says of the
    truth of others."""
    import numpy as np

    if classes is None:
        return of_numbers(truth.astype(np.float64), said_numbers(rows, values, asked))
    known, told = values[:, 0] >= 0, truth[:, 0] >= 0
    if told.sum() < FEWEST or not known.any():
        return None
    said = trained(rows[known], values[known, 0], classes, asked[told])
    return told_of_classes(truth[told, 0], said.argmax(axis=1))


def said_numbers(
    rows: np.ndarray[Any, Any], values: np.ndarray[Any, Any], asked: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """What was learnt of rows and their numbers (samples, values) says of others."""
    import numpy as np

    numbers = values.astype(np.float64)
    mean, deviation = numbers.mean(axis=0), max(float(numbers.std(axis=0).mean()), 1e-12)
    said: np.ndarray[Any, Any] = trained(rows, (numbers - mean) / deviation, None, asked) * deviation + mean
    return said


def network_elsewhere(experiment: Experiment) -> Neighbours | None:
    """What the network says of validation that was trained on training samples; of numbers the share of the loss of their mean
    that it takes away, in the loss of the model.

    None where inputs are no numbers by feature, samples are few, or a right answer costs something.
    """
    import numpy as np

    schemas, feeds = experiment.dataset.schema.targets, [experiment.splits[name] for name in ("train", "validation")]
    if len(schemas) != 1 or min(map(len, feeds)) < FEWEST or schemas[0].absent or takes_ids(experiment.model):
        return None
    (schema,) = schemas
    (rows, values), (asked, truth) = (features_and_target(feed, schema) for feed in feeds)
    if rows is None or asked is None or values.shape[1] > MOST_FEATURES:
        return None
    rows, asked = in_deviations(rows, rows), in_deviations(asked, rows)
    if schema.classes is not None:
        return learnt_of(rows, values, asked, truth, len(schema.classes)) if values.shape[1] == 1 else None
    loss = build_loss(experiment.config.heads[0].loss, experiment.facts)
    answers = said_numbers(rows, values, asked), np.broadcast_to(values.mean(axis=0), truth.shape), truth
    reached, constant, perfect = (float(np.mean(loss(*as_floats(truth, each)))) for each in answers)
    if not math.isfinite(reached) or not constant > 0 or perfect != 0:
        return None
    return Neighbours(1 - reached / constant, 0.0, len(truth), False)


def as_floats(*values: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], ...]:
    """Numbers as a loss takes them."""
    return tuple(each.astype("float32") for each in values)


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
    return learnt_of(rows[kept], truth[kept], rows[~kept], truth[~kept], int(truth.max()) + 1)


def trained(
    rows: np.ndarray[Any, Any], values: np.ndarray[Any, Any], classes: int | None, asked: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """What a network that was trained on rows (samples, features), and their numbers (samples, values) or their class (samples,),
    says of others."""
    import keras
    import numpy as np
    import tensorflow as tf

    layers, starts = keras.layers, [keras.initializers.GlorotUniform(number) for number in range(3)]
    hidden = [layers.Dense(UNITS, activation="relu", kernel_initializer=each) for each in starts[:2]]
    last = layers.Dense(classes or values.shape[1], kernel_initializer=starts[2])
    network = keras.Sequential([keras.Input(rows.shape[1:]), *hidden, last])
    optimizer = keras.optimizers.Adam(RATE)
    optimizer.build(network.trainable_variables)
    losses = keras.losses
    loss = losses.MeanSquaredError() if classes is None else losses.SparseCategoricalCrossentropy(from_logits=True)
    given, wanted = tf.constant(rows, tf.float32), tf.constant(values.reshape(len(values), -1), tf.float32)
    order = np.random.default_rng(0).integers(0, len(rows), (STEPS, min(BATCH, len(rows))))

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(numbers: Any) -> None:
        with tf.GradientTape() as tape:
            cost = loss(tf.gather(wanted, numbers), network(tf.gather(given, numbers), training=True))
        gradients = tape.gradient(cost, [each.value for each in network.trainable_variables])
        optimizer.apply(gradients, network.trainable_variables)

    for numbers in order:
        step(tf.constant(numbers))
    return np.asarray(network(tf.constant(asked, tf.float32)), np.float64)
