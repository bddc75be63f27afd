"""One step of training or measuring as a part of a graph, and what every engine shares: the work, the pace, the tensors.

A step calls Keras's own `train_step`, so that losses, metrics, weights, dropout and normalization mean what they mean in `fit`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from dlcli import keras_internals
from dlcli.data.fields.aligned import ALIGNMENT
from dlcli.data.fields.order import Layout, order
from dlcli.data.preparation.augment import Augmentation
from dlcli.keras_internals import loss_trackers
from dlcli.loss import metric_values
from dlcli.training.engine.passes import BEGIN, Begin, Span, spans
from dlcli.training.setup.feed import Arrays, Feed
from dlcli.training.setup.weights import Weights

if TYPE_CHECKING:
    import numpy as np

CHUNK_SECONDS = 0.25  # unseen: time alone
"""How long one call of the graph lasts: progress moves and a signal is answered that often."""


@dataclass(frozen=True)
class Work:
    """What an engine goes through in every epoch: the samples, what they weigh (None: all the same), in what batches.

    `layout` is how samples lie in chunks that are read whole. `one_by_one` asks for a word after every single step.
    `epoch_steps` are the steps of an epoch, where it is no single pass over the samples; `begin` says what was done before.
    """

    feed: Feed
    weights: Weights | None
    batch_size: int
    seed: int
    layout: Layout | None = None
    augment: Augmentation | None = None
    one_by_one: bool = False
    pause: Callable[[int, int], int] = lambda step, last: last
    """Gives the step, up to the last one, at which a training that stands at a step has to be asked again."""
    compiled_from: int | None = None
    """The step of all epochs from which on XLA compiles them, where they are many in one graph over data in memory."""
    not_compiled: Callable[[Exception | None], None] = lambda failure: None
    """Told why XLA could not compile them, before they go on as a graph; it may raise."""
    epoch_steps: int | None = None
    begin: Begin = BEGIN

    @property
    def batches(self) -> int:
        """How many batches all samples make; the last may be a part of one."""
        return math.ceil(len(self.feed) / self.batch_size)

    @property
    def steps(self) -> int:
        """How many steps an epoch has."""
        return self.epoch_steps or self.batches

    @property
    def column(self) -> np.ndarray[Any, Any] | None:
        """The weight of each sample (samples,) by a column of the data."""
        return None if self.weights is None else self.weights.column

    def build(self, model: Any) -> None:
        """Makes all variables of a model for the form that a batch has in a step."""
        inputs, targets = self.feed.take(slice(0, 1))
        if self.augment is not None and self.augment.masks:
            inputs, targets = self.augment(*batch_tensors(inputs, targets), 0, 0)
        build_variables(model, inputs, targets)

    def end_of(self, epoch: int, step: int, wanted: int) -> int:
        """The step of an epoch up to which to go on from another, no further than wanted, than the epoch or than a pause."""
        before = self.begin.step + self.done(epoch)
        return min(wanted, self.pause(before + step, before + self.steps) - before)

    def done(self, epoch: int) -> int:
        """How many steps of the phase lie before an epoch."""
        return (epoch - self.begin.epoch) * self.steps

    def spans(self, epoch: int, first: int) -> Iterator[Span]:
        """The steps of an epoch from the `first` on, as parts of passes."""
        done = self.done(epoch)
        for span in spans(done + first, done + self.steps, batches=self.batches):
            yield replace(span, number=self.begin.passes + span.number)

    def order(self, number: int) -> Iterator[np.ndarray[Any, Any]]:
        """The order of the samples in a pass, in parts (samples,)."""
        return order(len(self.feed), seed=self.seed, epoch=number, layout=self.layout)


class Pace:
    """How many steps one call of a graph runs, so that it takes about CHUNK_SECONDS."""

    def __init__(self, largest: int) -> None:
        self.steps, self.largest = 1, largest

    def seen(self, steps: int, seconds: float) -> None:
        """Learns from a call."""
        wanted = steps * CHUNK_SECONDS / max(seconds, 1e-6)
        self.steps = max(1, min(self.largest, self.steps * 16, round(wanted)))


def one_step(model: Any, work: Work, inputs: Any, targets: Any, own: Any, epoch: Any, step: Any) -> None:
    """One step of the graph on a batch; `own` are the weights of its samples by a column, or None."""
    if work.augment is not None:
        inputs, targets = work.augment(inputs, targets, epoch, step)
    with weighed_losses(model, samples_of_batch(targets)):
        model.train_step(as_batch(work, inputs, targets, own))


def as_batch(work: Work, inputs: Any, targets: Any, own: Any) -> tuple[Any, ...]:
    """A batch as Keras takes it, with its weights where samples weigh differently."""
    batch = (inputs, only_target(targets))
    return batch if work.weights is None else (*batch, work.weights.of(targets, own))


def one_test(model: Any, inputs: Any, targets: Any, weights: Any = None) -> None:
    """Counts a batch towards loss and metrics; `weights` are those of its samples in the loss, or None."""
    with weighed_losses(model, samples_of_batch(targets)):
        model.test_step((inputs, only_target(targets), *([] if weights is None else [weights])))


def one_judged_test(model: Any, inputs: Any, targets: Any, weights: Any = None) -> Any:
    """Counts a batch towards loss and metrics, and gives what the model put out on the way."""
    outputs: list[Any] = []
    computed = model.compute_metrics

    # The step of Keras gives nothing but metrics; this is the one place where it hands its prediction over.
    def compute_metrics(x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        outputs.append(y_pred)
        return computed(x, y, y_pred, sample_weight=sample_weight)

    model.compute_metrics = compute_metrics
    try:
        one_test(model, inputs, targets, weights)
    finally:
        del model.compute_metrics
    return outputs[0]


def samples_of_batch(targets: Mapping[str, Any]) -> Callable[[], Any]:
    """How many samples a batch has, to be asked while it is counted."""
    import tensorflow as tf

    size = tf.shape(next(iter(targets.values())))[0]
    return lambda: size


@contextmanager
def weighed_losses(model: Any, size: Callable[[], Any]) -> Iterator[None]:
    """Lets a batch count by its size in the loss of each of several targets.

    Keras does so in their sum, but in each of them only where the size is known before the graph runs; otherwise a last
    batch of a few samples would count as much as a whole one, or next to nothing.
    """

    def update(tracker: Any, value: Any, sample_weight: Any = None) -> Any:
        return type(tracker).update_state(tracker, value, sample_weight=size())

    trackers = loss_trackers(model)
    for tracker in trackers:
        tracker.update_state = partial(update, tracker)
    try:
        yield
    finally:
        for tracker in trackers:
            del tracker.update_state


def only_target(targets: Mapping[str, Any]) -> Any:
    """The targets as Keras takes them: by name, or the only one by itself."""
    return next(iter(targets.values())) if len(targets) == 1 else dict(targets)


def started_at(model: Any, first: int) -> int:
    """The step at which an epoch begins; the metrics of one that begins anew are reset."""
    if first == 0:
        model.reset_metrics()
    return first


def without(order: Iterable[np.ndarray[Any, Any]], samples: int) -> Iterator[np.ndarray[Any, Any]]:
    """An order of samples, in parts (samples,), without the first ones."""
    for part in order:
        if len(part) > samples:
            yield part[samples:]
        samples = max(0, samples - len(part))


def first_of(order: Iterable[np.ndarray[Any, Any]], samples: int) -> Iterator[np.ndarray[Any, Any]]:
    """The first ones of an order of samples, in parts (samples,)."""
    for part in order:
        if samples <= 0:
            return
        yield part[:samples]
        samples -= len(part)


def order_of_span(work: Work, span: Span) -> Iterator[np.ndarray[Any, Any]]:
    """The order of the samples of some steps of a pass, in parts (samples,)."""
    size = work.batch_size
    return first_of(without(work.order(span.number), span.position * size), (span.end - span.position) * size)


def signature(values: np.ndarray[Any, Any]) -> Any:
    """The form of a batch (batch, …) of a tensor."""
    import tensorflow as tf

    return tf.TensorSpec((None, *values.shape[1:]), values.dtype)


def signatures(arrays: Arrays) -> dict[str, Any]:
    """The form of a batch of each tensor."""
    return {name: signature(values) for name, values in arrays.items()}


def batch_tensors(inputs: Arrays, targets: Arrays) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays as tensors."""
    return (
        {name: placed_tensor(values) for name, values in inputs.items()},
        {name: placed_tensor(values) for name, values in targets.items()},
    )


def placed_tensor(values: np.ndarray[Any, Any]) -> Any:
    """An array as a tensor, which is the same memory where that begins as TensorFlow needs it; it may not change any more."""
    import tensorflow as tf

    fits = values.ctypes.data % ALIGNMENT == 0 and values.flags.c_contiguous and values.flags.writeable
    if fits and values.size and values.dtype.kind in "fiu":
        return tf.experimental.dlpack.from_dlpack(values.__dlpack__())
    return tf.constant(values)


def gathered(tensors: Mapping[str, Any], rows: Any) -> dict[str, Any]:
    """Some rows of each tensor."""
    import tensorflow as tf

    return {name: tf.gather(values, rows) for name, values in tensors.items()}


def sliced(tensors: Mapping[str, Any], rows: slice) -> dict[str, Any]:
    """A slice of each tensor."""
    return {name: values[rows] for name, values in tensors.items()}


def build_variables(model: Any, inputs: Arrays, targets: Arrays) -> None:
    """Makes all variables of optimizer, loss and metrics, which a graph that loops may not make."""
    keras_internals.build_state(model, inputs, only_target(targets))
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def results_of(model: Any) -> dict[str, float]:
    """Loss and metrics as they stand."""
    return metric_values(model.get_metrics_result())
