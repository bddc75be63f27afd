"""The engine: runs the steps of an epoch, over data that is placed in memory once or that streams by.

One graph loops over many steps; each calls Keras's own `train_step`, so that losses, metrics, weights, dropout and
normalization mean what they mean in `fit`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from dlcli.data.augment import Augmentation
from dlcli.data.layout import Layout, order
from dlcli.training.blocks import blocks
from dlcli.training.feed import Arrays, Feed
from dlcli.training.weights import Weights
from dlcli.training.xla import fast_generator

if TYPE_CHECKING:
    import numpy as np

CHUNK_SECONDS = 0.25
"""How long one call of the graph lasts: progress moves and a signal is answered that often."""
LARGE_BATCH = 1024
"""Samples at a time where nothing is learnt, if they are small."""
LARGE_BATCH_BYTES = 1 << 26


@dataclass(frozen=True)
class Work:
    """What an engine goes through in every epoch: the samples, what they weigh (None: all the same), in what batches.

    `layout` is how samples lie in chunks that are read whole. `one_by_one` asks for a word after every single step.
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

    @property
    def steps(self) -> int:
        """How many steps an epoch has."""
        return math.ceil(len(self.feed) / self.batch_size)

    @property
    def column(self) -> np.ndarray[Any, Any] | None:
        """The weight of each sample (samples,) by a column of the data."""
        return None if self.weights is None else self.weights.column

    def end_of(self, epoch: int, step: int, wanted: int) -> int:
        """The step of an epoch up to which to go on from another, no further than wanted, than the epoch or than a pause."""
        before = epoch * self.steps
        return min(wanted, self.pause(before + step, before + self.steps) - before)

    def order(self, epoch: int) -> Iterator[np.ndarray[Any, Any]]:
        """The order of the samples in an epoch, in parts."""
        return order(len(self.feed), seed=self.seed, epoch=epoch, layout=self.layout)


class Engine(Protocol):
    """A way to run epochs."""

    name: str

    def epoch(self, number: int, *, between: Callable[[int], bool], first: int = 0) -> dict[str, float]:
        """Runs epoch `number` (from 0) and gives loss and metrics; `between` is told the step and says whether to go on.

        Where it begins at another step than the `first`, the model's metrics are those of the steps before.
        """


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
    with weighed_losses(model, targets):
        model.train_step(as_batch(work, inputs, targets, own))


def as_batch(work: Work, inputs: Any, targets: Any, own: Any) -> tuple[Any, ...]:
    """A batch as Keras takes it, with its weights where samples weigh differently."""
    batch = (inputs, only(targets))
    return batch if work.weights is None else (*batch, work.weights.of(targets, own))


def one_test(model: Any, inputs: Any, targets: Any) -> None:
    """Counts a batch towards loss and metrics."""
    with weighed_losses(model, targets):
        model.test_step((inputs, only(targets)))


@contextmanager
def weighed_losses(model: Any, targets: Mapping[str, Any]) -> Iterator[None]:
    """Lets a batch count by its size in the loss of each of several targets.

    Keras does so in their sum, but in each of them only where the size is known before the graph runs; otherwise a last
    batch of a few samples would count as much as a whole one, or next to nothing.
    """
    import tensorflow as tf

    size = tf.shape(next(iter(targets.values())))[0]

    def update(tracker: Any, value: Any, sample_weight: Any = None) -> Any:
        return type(tracker).update_state(tracker, value, sample_weight=size)

    trackers = [each for each in model._compile_loss.metrics if each is not None]
    for tracker in trackers:
        tracker.update_state = partial(update, tracker)
    try:
        yield
    finally:
        for tracker in trackers:
            del tracker.update_state


def only(targets: Mapping[str, Any]) -> Any:
    """The targets as Keras takes them: by name, or the only one by itself."""
    return next(iter(targets.values())) if len(targets) == 1 else dict(targets)


class ResidentEngine:
    """Many steps in one graph, over tensors that stay where they are."""

    name = "resident"

    def __init__(self, model: Any, work: Work) -> None:
        import tensorflow as tf

        self.model, self.work, self.steps = model, work, work.steps
        self.pace = Pace(1 if work.one_by_one else self.steps)
        build_state(model, *work.feed.take(slice(0, 1)))
        inputs, targets = place(*work.feed.take(slice(None)))
        column = None if work.column is None else tf.constant(work.column)
        batch_size = work.batch_size

        def run(order: Any, epoch: Any, start: Any, end: Any, *, compiled: bool) -> None:
            def step(position: Any) -> tuple[Any]:
                if compiled:  # XLA has to know the size of a batch
                    rows = tf.slice(order, [position * batch_size], [batch_size])
                else:
                    rows = order[position * batch_size : (position + 1) * batch_size]
                batch = gathered(inputs, rows), gathered(targets, rows)
                own = None if column is None else tf.gather(column, rows)
                one_step(model, work, *batch, own, epoch, position)
                return (position + 1,)

            with fast_generator() if compiled else nullcontext():
                tf.while_loop(lambda position: position < end, step, (start,), parallel_iterations=1)

        self.graph = tf.function(partial(run, compiled=False), autograph=False)
        self.compiled = tf.function(partial(run, compiled=True), autograph=False, jit_compile=True)
        self.whole = len(work.feed) // batch_size

    def epoch(self, number: int, *, between: Callable[[int], bool], first: int = 0) -> dict[str, float]:
        import numpy as np
        import tensorflow as tf

        order = tf.constant(np.concatenate(list(self.work.order(number))))
        step = started_at(self.model, first)
        while step < self.steps:
            run, last = self.way(number, step)
            end = self.work.end_of(number, step, min(last, step + self.pace.steps))
            started = time.monotonic()
            run(order, tf.constant(number), tf.constant(step), tf.constant(end))
            self.pace.seen(end - step, time.monotonic() - started)
            step = end
            if not between(step):
                break
        return results_of(self.model)

    def way(self, number: int, step: int) -> tuple[Any, int]:
        """The graph for a step of an epoch, and the step at which another takes over: XLA knows whole batches alone."""
        if self.work.compiled_from is None:
            return self.graph, self.steps
        begin = max(0, self.work.compiled_from - number * self.steps)
        if step < min(begin, self.whole):
            return self.graph, min(begin, self.whole)
        return (self.graph, self.steps) if step >= self.whole else (self.compiled, self.whole)


class StreamingEngine:
    """Many steps in one graph, over blocks of batches that are read while the ones before are trained on."""

    name = "streaming"

    def __init__(self, model: Any, work: Work) -> None:
        import tensorflow as tf

        self.model, self.work, self.steps = model, work, work.steps
        self.pace = Pace(1 if work.one_by_one else self.steps)
        build_state(model, *work.feed.take(slice(0, 1)))
        batch_size = work.batch_size
        # One graph whatever the size of a block: another graph could round otherwise.
        one = work.feed.take(slice(0, 1))
        weights = [] if work.column is None else [signature(work.column)]
        form = [*map(signatures, one), weights, *[tf.TensorSpec((), tf.int32)] * 4]

        @tf.function(autograph=False, input_signature=form)  # type: ignore[untyped-decorator]
        def run(inputs: Any, targets: Any, columns: Any, epoch: Any, first: Any, start: Any, end: Any) -> None:
            def step(position: Any) -> tuple[Any]:
                rows = slice(position * batch_size, (position + 1) * batch_size)
                batch = sliced(inputs, rows), sliced(targets, rows)
                own = columns[0][rows] if columns else None
                one_step(model, work, *batch, own, epoch, first + position)
                return (position + 1,)

            tf.while_loop(lambda position: position < end, step, (start,), parallel_iterations=1)

        self.run = run

    def epoch(self, number: int, *, between: Callable[[int], bool], first: int = 0) -> dict[str, float]:
        import tensorflow as tf

        work, step = self.work, started_at(self.model, first)
        order = without(work.order(number), first * work.batch_size)
        for rows, *arrays in blocks(work.feed, order, batch_size=work.batch_size):
            inputs, targets = place(*arrays)
            columns = [] if work.column is None else [tf.constant(work.column[rows])]
            begin, last = step, step + math.ceil(len(rows) / work.batch_size)
            while step < last:
                end = min(last, work.end_of(number, step, step + self.pace.steps))
                started = time.monotonic()
                numbers = (tf.constant(each) for each in (number, begin, step - begin, end - begin))
                self.run(inputs, targets, columns, *numbers)
                self.pace.seen(end - step, time.monotonic() - started)
                step = end
                if not between(step):
                    return results_of(self.model)
        return results_of(self.model)


class FitEngine:
    """Keras's own `fit`, an epoch at a time: the reference, for callbacks or layers that need it."""

    name = "keras"

    def __init__(self, model: Any, work: Work) -> None:
        self.model, self.work = model, work
        build_state(model, *work.feed.take(slice(0, 1)))

    def epoch(self, number: int, *, between: Callable[[int], bool], first: int = 0) -> dict[str, float]:
        import keras

        metrics = [each.numpy() for each in self.model.metrics_variables]

        def before(epoch: int, logs: Any) -> None:
            # `fit` has reset them; those of the steps before count on.
            for variable, value in zip(self.model.metrics_variables, metrics if first else (), strict=False):
                variable.assign(value)

        def after(batch: int, logs: Any) -> None:
            if not between(first + batch + 1):
                self.model.stop_training = True

        watch = keras.callbacks.LambdaCallback(on_epoch_begin=before, on_train_batch_end=after)
        # `fit` would put the averaged weights of `use_ema` in place after each of these epochs, not after the last.
        self.model.optimizer.finalize_variable_values = lambda variables: None
        try:
            self.model.fit(
                self.batches(number, first),
                initial_epoch=number,
                epochs=number + 1,
                verbose=0,
                callbacks=[watch],
                shuffle=False,
            )
        finally:
            del self.model.optimizer.finalize_variable_values
        return results_of(self.model)

    def batches(self, epoch: int, first: int) -> Any:
        """The batches of an epoch from the step `first` on, as a tf.data set of known length."""
        import tensorflow as tf

        work, size = self.work, self.work.batch_size

        def read() -> Iterator[Any]:
            for rows, *arrays in blocks(work.feed, without(work.order(epoch), first * size), batch_size=size):
                for start in range(0, len(rows), size):
                    batch = [{name: values[start : start + size] for name, values in each.items()} for each in arrays]
                    yield (*batch, rows[start : start + size])

        inputs, targets = work.feed.take(slice(0, 1))
        spec = (signatures(inputs), signatures(targets))
        batches = tf.data.Dataset.from_generator(
            read, output_signature=(*spec, tf.TensorSpec((None,), tf.int64))
        ).enumerate(first)
        column = None if work.column is None else tf.constant(work.column)

        def finished(step: Any, batch: Any) -> Any:
            inputs, targets, rows = batch
            if work.augment is not None:
                inputs, targets = work.augment(inputs, targets, tf.constant(epoch), step)
            return as_batch(work, inputs, targets, None if column is None else tf.gather(column, rows))

        # As it stands, an error of dlcli in it stays what it is.
        plain = tf.autograph.experimental.do_not_convert(finished)
        # An unknown length would make Keras run one more step, without data, every epoch.
        return batches.map(plain).apply(tf.data.experimental.assert_cardinality(work.steps - first))


def started_at(model: Any, first: int) -> int:
    """The step at which an epoch begins; the metrics of one that begins anew are reset."""
    if first == 0:
        model.reset_metrics()
    return first


def without(order: Iterable[np.ndarray[Any, Any]], samples: int) -> Iterator[np.ndarray[Any, Any]]:
    """An order of samples, in parts, without the first ones."""
    for part in order:
        if len(part) > samples:
            yield part[samples:]
        samples = max(0, samples - len(part))


def signature(values: np.ndarray[Any, Any]) -> Any:
    """The form of a batch of a tensor."""
    import tensorflow as tf

    return tf.TensorSpec((None, *values.shape[1:]), values.dtype)


def signatures(arrays: Arrays) -> dict[str, Any]:
    """The form of a batch of each tensor."""
    return {name: signature(values) for name, values in arrays.items()}


def place(inputs: Arrays, targets: Arrays) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays as tensors."""
    import tensorflow as tf

    return (
        {name: tf.constant(values) for name, values in inputs.items()},
        {name: tf.constant(values) for name, values in targets.items()},
    )


def gathered(tensors: Mapping[str, Any], rows: Any) -> dict[str, Any]:
    """Some rows of each tensor."""
    import tensorflow as tf

    return {name: tf.gather(values, rows) for name, values in tensors.items()}


def sliced(tensors: Mapping[str, Any], rows: slice) -> dict[str, Any]:
    """A slice of each tensor."""
    return {name: values[rows] for name, values in tensors.items()}


def build_state(model: Any, inputs: Arrays, targets: Arrays) -> None:
    """Makes all variables of optimizer, loss and metrics, which a graph that loops may not make."""
    model._symbolic_build(data_batch=(inputs, only(targets)))
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def results_of(model: Any) -> dict[str, float]:
    """Loss and metrics as they stand."""
    import numpy as np

    return {name: float(np.mean(value)) for name, value in model.get_metrics_result().items()}


class Measure:
    """Loss and metrics over a split, or its predictions, in large batches and one graph each.

    A split that is in memory is placed once. One graph serves all splits and sizes: another graph could round otherwise.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.placed: dict[Feed, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.graphs: dict[str, Any] = {}

    def measure(self, feed: Feed, *, between: Callable[[], bool] = lambda: True) -> dict[str, float]:
        """Loss and metrics of the model on a split; the model's own running metrics are lost.

        `between` is asked a few times a second whether to go on; what comes back after a no means nothing.
        """
        import tensorflow as tf

        one = feed.take(slice(0, 1))
        build_state(self.model, *one)
        self.model.reset_metrics()
        run, size = self.graph("test", lambda: test_graph(self.model, *one)), batch_of(feed)
        for inputs, targets, samples in self.parts(feed, size):
            batches, done = math.ceil(samples / size), 0
            pace = Pace(batches)
            while done < batches:
                end, started = min(batches, done + pace.steps), time.monotonic()
                run(inputs, targets, *(tf.constant(each) for each in (size, done, end)))
                pace.seen(end - done, time.monotonic() - started)
                done = end
                if not between():
                    return results_of(self.model)
        return results_of(self.model)

    def predict(self, feed: Feed) -> dict[str, np.ndarray[Any, Any]]:
        """The model's output (samples, …) in float32 by target."""
        import numpy as np

        one, _ = feed.take(slice(0, 1))
        run, size = self.graph("forward", lambda: forward_graph(self.model, one)), batch_of(feed)
        names = [each.name for each in feed.schemas]
        parts: dict[str, list[np.ndarray[Any, Any]]] = {name: [] for name in names}
        for inputs, _, samples in self.parts(feed, size):
            for start in range(0, samples, size):
                output = run(sliced(inputs, slice(start, start + size)))
                for name in names:
                    made = output[name] if isinstance(output, dict) else output
                    parts[name].append(np.asarray(made, dtype=np.float32))
        return {name: np.concatenate(each) for name, each in parts.items()}

    def parts(self, feed: Feed, size: int) -> Iterator[tuple[dict[str, Any], dict[str, Any], int]]:
        """Inputs, targets and how many samples they are: a whole split, or one block after the other of one that streams."""
        import numpy as np

        if feed.streams:
            for rows, *arrays in blocks(feed, [np.arange(len(feed))], batch_size=size):
                yield (*place(*arrays), len(rows))
            return
        if feed not in self.placed:
            self.placed[feed] = place(*feed.take(slice(None)))
        yield (*self.placed[feed], len(feed))

    def graph(self, name: str, make: Callable[[], Any]) -> Any:
        """A graph that is made once."""
        if name not in self.graphs:
            self.graphs[name] = make()
        return self.graphs[name]


def test_graph(model: Any, inputs: Arrays, targets: Arrays) -> Any:
    """The graph that counts batches, from one number to another, of some samples towards loss and metrics."""
    import tensorflow as tf

    number = tf.TensorSpec((), tf.int32)
    form = [signatures(inputs), signatures(targets), number, number, number]

    @tf.function(autograph=False, input_signature=form)  # type: ignore[untyped-decorator]
    def run(inputs: Any, targets: Any, size: Any, start: Any, end: Any) -> None:
        def step(position: Any) -> tuple[Any]:
            rows = slice(position * size, (position + 1) * size)
            one_test(model, sliced(inputs, rows), sliced(targets, rows))
            return (position + 1,)

        tf.while_loop(lambda position: position < end, step, (start,), parallel_iterations=1)

    return run


def forward_graph(model: Any, inputs: Arrays) -> Any:
    """The graph that predicts a batch."""
    import tensorflow as tf

    return tf.function(
        lambda batch: model(batch, training=False), autograph=False, input_signature=[signatures(inputs)]
    )


def batch_of(feed: Feed) -> int:
    """How many samples are measured or predicted at a time."""
    inputs, _ = feed.take(slice(0, 1))
    one = sum(values.nbytes for values in inputs.values())
    return max(1, min(LARGE_BATCH, LARGE_BATCH_BYTES // max(one, 1)))
