"""What the first of many steps are to the answers of a layer that goes through them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcli.data.dataset import spread_samples
from dlcli.keras_internals import nodes_of
from dlcli.training.evidence.begun import with_values
from dlcli.training.setup.experiment import Experiment

LOOKED_AT = 32  # unseen: time alone
STEPS = 3
"""So many steps at either end are compared."""


def last_step_by_step(model: Any) -> Any:
    """The layer by whose last step a model answers, where it goes from the first one to the last; None of other models."""
    import keras

    recurrent = (keras.layers.SimpleRNN, keras.layers.GRU, keras.layers.LSTM)
    layers = [node.operation for node in nodes_of(model) if isinstance(node.operation, recurrent)]
    return next((each for each in layers if not (each.return_sequences or each.go_backwards or each.stateful)), None)


def first_steps_felt(experiment: Experiment, first: Sequence[Any] | None) -> float | None:
    """How large the gradient of the answers is by what such a layer takes in its first steps, beside that by its last ones, of a
    model with its `first` values; None where there is no such layer, or where its steps are few."""
    import keras
    import numpy as np
    import tensorflow as tf

    feed, model = experiment.splits["train"], experiment.model
    layer = last_step_by_step(model)
    taken = None if layer is None else layer.input
    if taken is None or isinstance(taken, list):
        return None
    inputs, _ = feed.take(spread_samples(len(feed), LOOKED_AT))
    behind = keras.Model(taken, model.outputs)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def gradient(steps: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(steps)
            size = sum(tf.reduce_sum(each**2) for each in tf.nest.flatten(behind(steps, training=False)))
        return tape.gradient(size, steps)

    with with_values(model, first):
        steps = keras.Model(model.input, taken)(dict(inputs), training=False)
        by_step = np.abs(np.asarray(gradient(tf.constant(np.asarray(steps))))).mean(axis=(0, 2))
    if len(by_step) < 2 * STEPS or not by_step[-STEPS:].mean() > 0:
        return None
    return float(by_step[:STEPS].mean() / by_step[-STEPS:].mean())
