"""What a small network learns of samples: whether a target can be told from the inputs by more than a linear model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcli.training.evidence.neighbours import (
    FEWEST,
    MOST_FEATURES,
    Neighbours,
    features_and_target,
    held_ids,
    of_numbers,
    takes_ids,
    told_of_classes,
)
from dlcli.training.setup.experiment import Experiment

if TYPE_CHECKING:
    import numpy as np

UNITS, STEPS, BATCH, RATE = 32, 400, 64, 0.01
PARTS = 4
"""One sample of so many is not learnt from, and tells what was learnt."""


def small_network(experiment: Experiment) -> Neighbours | None:
    """What two hidden layers of few units, trained in some steps on a part of the training samples, say of the rest.

    None where inputs are no numbers by feature, or samples are few.
    """
    import numpy as np

    schemas, feed = experiment.dataset.schema.targets, experiment.splits["train"]
    if len(schemas) != 1 or len(feed) < PARTS * FEWEST or schemas[0].absent:
        return None
    (schema,) = schemas
    rows, values = features_and_target(feed, schema)
    if rows is not None and takes_ids(experiment.model):
        rows = held_ids(rows)
    if rows is None or values.shape[1] > MOST_FEATURES or (values.shape[1] != 1 and schema.classes is not None):
        return None
    rows = (rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-12)
    kept = np.arange(len(rows)) % PARTS > 0
    if schema.classes is None:
        numbers = values.astype(np.float64)
        mean, deviation = numbers.mean(axis=0), max(float(numbers.std(axis=0).mean()), 1e-12)
        said = trained(rows[kept], (numbers[kept] - mean) / deviation, None, rows[~kept])
        return of_numbers(numbers[~kept], said * deviation + mean)
    truth = values[:, 0]
    kept, asked = kept & (truth >= 0), ~kept & (truth >= 0)
    if asked.sum() < FEWEST:
        return None
    said = trained(rows[kept], truth[kept], len(schema.classes), rows[asked])
    return told_of_classes(truth[asked], said.argmax(axis=1))


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
