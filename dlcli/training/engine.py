"""The engine: runs the steps of an epoch over data that is placed in memory once.

One graph loops over many steps; each step gathers its batch by a row of the epoch's order and calls Keras's own
`train_step`, so that losses, metrics, weights, dropout and normalization mean what they mean in `fit`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dlcli.data import Samples

if TYPE_CHECKING:
    import numpy as np

CHUNK_SECONDS = 0.25
"""How long one call of the graph lasts: progress moves and a signal is answered that often."""
LARGE_BATCH = 1024
"""Samples at a time where nothing is learnt."""


@dataclass(frozen=True)
class Work:
    """What an engine goes through in every epoch: prepared samples, their weights (samples,) or None, in what batches.

    `one_by_one` asks for a word after every single step.
    """

    samples: Samples
    weight: np.ndarray[Any, Any] | None
    batch_size: int
    seed: int
    one_by_one: bool = False


class Engine(Protocol):
    """A way to run epochs."""

    name: str

    def epoch(self, number: int, *, between: Callable[[int], bool]) -> dict[str, float]:
        """Runs epoch `number` (from 0) and gives loss and metrics; `between` is told the step and says whether to go on."""


def order_of(samples: int, *, seed: int, epoch: int) -> np.ndarray[Any, Any]:
    """The order of the samples in an epoch: a pure function of seed and epoch."""
    import numpy as np

    return np.random.default_rng([seed, epoch]).permutation(samples).astype(np.int32)


class ResidentEngine:
    """Many steps in one graph, over tensors that stay where they are."""

    name = "resident"

    def __init__(self, model: Any, work: Work) -> None:
        import tensorflow as tf

        self.model, self.work = model, work
        self.steps = math.ceil(len(work.samples) / work.batch_size)
        self.chunk, self.largest = 1, 1 if work.one_by_one else self.steps
        build_state(model, work.samples.inputs, work.samples.target)
        tensors = {name: tf.constant(values) for name, values in work.samples.inputs.items()}
        targets, batch_size = tf.constant(work.samples.target), work.batch_size
        weights = None if work.weight is None else tf.constant(work.weight, tf.float32)

        def step(position: Any, order: Any, last: Any) -> tuple[Any, Any, Any]:
            rows = order[position * batch_size : (position + 1) * batch_size]
            batch = ({name: tf.gather(values, rows) for name, values in tensors.items()}, tf.gather(targets, rows))
            model.train_step(batch if weights is None else (*batch, tf.gather(weights, rows)))
            return position + 1, order, last

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def run(order: Any, start: Any, end: Any) -> None:
            tf.while_loop(
                lambda position, order, last: position < last, step, (start, order, end), parallel_iterations=1
            )

        self.run = run

    def epoch(self, number: int, *, between: Callable[[int], bool]) -> dict[str, float]:
        import tensorflow as tf

        order = tf.constant(order_of(len(self.work.samples), seed=self.work.seed, epoch=number))
        self.model.reset_metrics()
        step = 0
        while step < self.steps:
            end = min(self.steps, step + self.chunk)
            started = time.monotonic()
            self.run(order, tf.constant(step), tf.constant(end))
            self.adapt(end - step, time.monotonic() - started)
            step = end
            if not between(step):
                break
        return results_of(self.model)

    def adapt(self, steps: int, seconds: float) -> None:
        """Sets the length of the next call so that it takes about CHUNK_SECONDS."""
        wanted = steps * CHUNK_SECONDS / max(seconds, 1e-6)
        self.chunk = max(1, min(self.largest, self.chunk * 16, round(wanted)))


class FitEngine:
    """Keras's own `fit`, an epoch at a time: the reference, for callbacks or layers that need it."""

    name = "keras"

    def __init__(self, model: Any, work: Work) -> None:
        self.model, self.work = model, work

    def epoch(self, number: int, *, between: Callable[[int], bool]) -> dict[str, float]:
        import keras
        import tensorflow as tf

        work = self.work
        order = tf.constant(order_of(len(work.samples), seed=work.seed, epoch=number))
        both = (dict(work.samples.inputs), work.samples.target)
        whole = both if work.weight is None else (*both, work.weight)
        tensors = tf.nest.map_structure(tf.constant, whole)
        batches = (
            tf.data.Dataset.from_tensor_slices(order)
            .batch(work.batch_size)
            .map(lambda rows: tf.nest.map_structure(lambda values: tf.gather(values, rows), tensors))
        )

        def after(batch: int, logs: Any) -> None:
            if not between(batch + 1):
                self.model.stop_training = True

        watch = keras.callbacks.LambdaCallback(on_train_batch_end=after)
        self.model.fit(batches, initial_epoch=number, epochs=number + 1, verbose=0, callbacks=[watch], shuffle=False)
        return results_of(self.model)


def build_state(model: Any, inputs: Mapping[str, np.ndarray[Any, Any]], target: np.ndarray[Any, Any]) -> None:
    """Makes all variables of optimizer, loss and metrics, which a graph that loops may not make."""
    model._symbolic_build(data_batch=({name: values[:1] for name, values in inputs.items()}, target[:1]))
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def results_of(model: Any) -> dict[str, float]:
    """Loss and metrics as they stand."""
    import numpy as np

    return {name: float(np.mean(value)) for name, value in model.get_metrics_result().items()}


class Measure:
    """Loss and metrics over a split, or its predictions, in large batches and one graph each."""

    def __init__(self, model: Any) -> None:
        import tensorflow as tf

        self.model = model
        self.test = tf.function(model.test_step, autograph=False, reduce_retracing=True)
        self.forward = tf.function(lambda inputs: model(inputs, training=False), autograph=False, reduce_retracing=True)

    def measure(self, inputs: Mapping[str, np.ndarray[Any, Any]], target: np.ndarray[Any, Any]) -> dict[str, float]:
        """Loss and metrics of the model on a split; the model's own running metrics are lost."""
        import tensorflow as tf

        build_state(self.model, inputs, target)
        self.model.reset_metrics()
        for start in range(0, len(target), LARGE_BATCH):
            rows = slice(start, start + LARGE_BATCH)
            batch = {name: tf.constant(values[rows]) for name, values in inputs.items()}
            self.test((batch, tf.constant(target[rows])))
        return results_of(self.model)

    def predict(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        """The model's output (samples, …) in float32."""
        import numpy as np
        import tensorflow as tf

        samples = len(next(iter(inputs.values())))
        parts = []
        for start in range(0, samples, LARGE_BATCH):
            batch = {name: tf.constant(values[start : start + LARGE_BATCH]) for name, values in inputs.items()}
            parts.append(np.asarray(self.forward(batch), dtype=np.float32))
        return np.concatenate(parts)
