"""Steps of a small network on arrays, and what it then says of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dlcli.training.evidence.stopwatch import Stopwatch

if TYPE_CHECKING:
    import numpy as np

    Arrays = Sequence[np.ndarray[Any, Any]]

UNITS, STEPS, BATCH, RATE = 32, 400, 64, 0.01
BETAS = 0.9, 0.999
"""The shares of the mean and of the square of gradients that Adam keeps, in one operation a weight, which is quick to trace."""
AT_ONCE = 256
"""So many samples are asked about at once."""
FEWEST_STEPS = 20
"""After fewer steps what a network says is nothing that can be learnt."""

Build = Callable[[Sequence[Any]], Any]
"""Of the tensors that a network takes the one from which it answers."""


def hidden(number: int, units: int = UNITS) -> Any:
    """A hidden layer, drawn by its number."""
    import keras

    start = keras.initializers.GlorotUniform(number)
    return keras.layers.Dense(units, activation="relu", kernel_initializer=start)


def two_layers(tensors: Sequence[Any]) -> Any:
    """Two hidden layers of few units."""
    (taken,) = tensors
    return hidden(1)(hidden(0)(taken))


def trained(
    given: Arrays,
    values: np.ndarray[Any, Any],
    classes: int | None,
    asked: Arrays,
    *,
    build: Build = two_layers,
    steps: int = STEPS,
    rate: float = RATE,
    batch: int = BATCH,
    seconds: float | None = None,
) -> np.ndarray[Any, Any] | None:
    """What a network that was trained on arrays (samples, …), and their numbers (samples, values) or their class (samples,),
    says of others.

    None where the seconds, if there is such a bound, are over after hardly any step.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    watch = Stopwatch()
    tensors = [keras.Input(each.shape[1:]) for each in given]
    last = keras.layers.Dense(classes or values.shape[1], kernel_initializer=keras.initializers.GlorotUniform(2))
    network = keras.Model(tensors, last(build(tensors)))
    weights = [each.value for each in network.trainable_variables]
    moments = [(tf.Variable(tf.zeros_like(each)), tf.Variable(tf.zeros_like(each))) for each in weights]
    losses = keras.losses
    loss = losses.MeanSquaredError() if classes is None else losses.SparseCategoricalCrossentropy(from_logits=True)
    taken = [tf.constant(each, tf.float32) for each in given]
    wanted = tf.constant(values.reshape(len(values), -1), tf.float32)
    order = np.random.default_rng(0).integers(0, len(values), (steps, min(batch, len(values))))

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(numbers: Any, powers: Any) -> None:
        with tf.GradientTape() as tape:
            said = network([tf.gather(each, numbers) for each in taken], training=True)
            cost = loss(tf.gather(wanted, numbers), said)
        for weight, (mean, square), gradient in zip(weights, moments, tape.gradient(cost, weights), strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle, m=mean.handle, v=square.handle, beta1_power=powers[0], beta2_power=powers[1],
                lr=rate, beta1=BETAS[0], beta2=BETAS[1], epsilon=1e-7, grad=gradient,
            )  # fmt: skip

    made = 0
    for numbers in order:
        if seconds is not None and watch.seconds >= seconds:
            break
        made += 1
        step(tf.constant(numbers), tf.constant([each**made for each in BETAS]))
    if made < min(FEWEST_STEPS, steps):
        return None
    starts = range(0, len(asked[0]), AT_ONCE)
    parts = [network([tf.constant(each[at : at + AT_ONCE], tf.float32) for each in asked]) for at in starts]
    return np.concatenate([np.asarray(each, np.float64) for each in parts])
