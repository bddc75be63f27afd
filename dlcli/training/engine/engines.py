"""The engines: ways to run the steps of an epoch, over data that is placed in memory once or that streams by.

One graph loops over many steps, which are those of Keras; Keras's own `fit` is the reference.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any, Protocol

from dlcli.loss import metric_values
from dlcli.training.engine.read_ahead import batch_blocks
from dlcli.training.engine.steps import (
    Pace,
    Work,
    as_batch,
    batch_tensors,
    gathered,
    one_step,
    order_of_span,
    results_of,
    signature,
    signatures,
    sliced,
    started_at,
)
from dlcli.training.engine.xla import CompiledAhead, fast_generator

Between = Callable[[int, float], bool]
"""Told how many steps of the epoch are done, and the mean loss over them, it says whether to go on."""


class Engine(Protocol):
    """A way to run epochs."""

    name: str

    def epoch(self, number: int, *, between: Between, first: int = 0) -> dict[str, float]:  # unseen: a protocol
        """Runs epoch `number` (from 0) and gives loss and metrics; `between` is told of steps and says whether to go on.

        Where it begins at another step than the `first`, the model's metrics are those of the steps before.
        """

    def settle(self) -> None:  # unseen: a protocol
        """Sees to it that the model is what the steps have made of it, so that it can be saved amid an epoch."""


class InPlace:
    """An engine whose steps change the model itself."""

    def settle(self) -> None:
        """There is nothing left to do."""


class ResidentEngine(InPlace):
    """Many steps in one graph, over tensors that stay where they are."""

    name = "resident"

    def __init__(self, model: Any, work: Work) -> None:
        import tensorflow as tf

        self.model, self.work, self.steps = model, work, work.steps
        self.pace = Pace(1 if work.one_by_one else self.steps)
        work.build(model)
        inputs, targets = batch_tensors(*work.feed.take(slice(None)))
        column = None if work.column is None else tf.constant(work.column)
        batch_size = work.batch_size

        def run(order: Any, epoch: Any, start: Any, end: Any, *, compiled: bool) -> dict[str, Any]:
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
            results: dict[str, Any] = model.get_metrics_result()
            return results

        self.graph = tf.function(partial(run, compiled=False), autograph=False)
        self.compiled = CompiledAhead(partial(run, compiled=True))
        self.whole, self.given_up = len(work.feed) // batch_size, False

    def epoch(self, number: int, *, between: Between, first: int = 0) -> dict[str, float]:
        import numpy as np
        import tensorflow as tf

        step, values, done = started_at(self.model, first), dict[str, float](), self.work.done(number)
        for span in self.work.spans(number, first):
            order = tf.constant(np.concatenate(list(self.work.order(span.number))))
            position = span.position
            if self.work.compiled_from is not None and not self.compiled.begun:
                self.compiled.begin(order, *map(tf.constant, (span.number, position, position)))
            while position < span.end:
                run, last = self.way(done + step, position)
                steps = min(last, span.end, position + self.pace.steps) - position
                steps = self.work.end_of(number, step, step + steps) - step
                started = time.monotonic()
                values = metric_values(run(order, *map(tf.constant, (span.number, position, position + steps))))
                self.pace.seen(steps, time.monotonic() - started)
                step, position = step + steps, position + steps
                if not between(step, values["loss"]):
                    return values
        return values

    def way(self, done: int, position: int) -> tuple[Any, int]:
        """The graph for a batch of a pass, before which `done` steps were, and the batch at which another takes over.

        XLA knows whole batches alone.
        """
        if self.work.compiled_from is None or self.given_up or position >= self.whole:
            return self.graph, self.work.batches
        ahead = self.work.compiled_from - done
        if ahead > 0:
            return self.graph, min(position + ahead, self.whole)
        if not self.compiled.works():
            self.given_up = True
            self.work.not_compiled(self.compiled.failure)
            return self.graph, self.work.batches
        return self.compiled, self.whole


class StreamingEngine(InPlace):
    """Many steps in one graph, over blocks of batches that are read while the ones before are trained on."""

    name = "streaming"

    def __init__(self, model: Any, work: Work) -> None:
        import tensorflow as tf

        self.model, self.work, self.steps = model, work, work.steps
        self.pace = Pace(1 if work.one_by_one else self.steps)
        work.build(model)
        batch_size = work.batch_size
        # One graph whatever the size of a block: another graph could round otherwise.
        one = work.feed.take(slice(0, 1))
        weights = [] if work.column is None else [signature(work.column)]
        form = [*map(signatures, one), weights, *[tf.TensorSpec((), tf.int32)] * 4]

        @tf.function(autograph=False, input_signature=form)  # type: ignore[untyped-decorator]
        def run(
            inputs: Any, targets: Any, columns: Any, epoch: Any, first: Any, start: Any, end: Any
        ) -> dict[str, Any]:
            def step(position: Any) -> tuple[Any]:
                rows = slice(position * batch_size, (position + 1) * batch_size)
                batch = sliced(inputs, rows), sliced(targets, rows)
                own = columns[0][rows] if columns else None
                one_step(model, work, *batch, own, epoch, first + position)
                return (position + 1,)

            tf.while_loop(lambda position: position < end, step, (start,), parallel_iterations=1)
            results: dict[str, Any] = model.get_metrics_result()
            return results

        self.run = run

    def epoch(self, number: int, *, between: Between, first: int = 0) -> dict[str, float]:
        import tensorflow as tf

        work, step, values = self.work, started_at(self.model, first), dict[str, float]()
        for span in work.spans(number, first):
            begin = span.position
            for rows, *arrays in batch_blocks(work.feed, order_of_span(work, span), batch_size=work.batch_size):
                inputs, targets = batch_tensors(*arrays)
                columns = [] if work.column is None else [tf.constant(work.column[rows])]
                at, last = 0, math.ceil(len(rows) / work.batch_size)
                while at < last:
                    end = at + work.end_of(number, step, step + min(last - at, self.pace.steps)) - step
                    started = time.monotonic()
                    places = map(tf.constant, (span.number, begin, at, end))
                    values = metric_values(self.run(inputs, targets, columns, *places))
                    self.pace.seen(end - at, time.monotonic() - started)
                    step, at = step + end - at, end
                    if not between(step, values["loss"]):
                        return values
                begin += last
        return values


class FitEngine(InPlace):
    """Keras's own `fit`, an epoch at a time: the reference, for callbacks or layers that need it."""

    name = "keras"

    def __init__(self, model: Any, work: Work) -> None:
        self.model, self.work = model, work
        work.build(model)

    def epoch(self, number: int, *, between: Between, first: int = 0) -> dict[str, float]:
        import keras

        metrics = [each.numpy() for each in self.model.metrics_variables]

        def before(epoch: int, logs: Any) -> None:
            # `fit` has reset them; those of the steps before count on.
            for variable, value in zip(self.model.metrics_variables, metrics if first else (), strict=False):
                variable.assign(value)

        def after(batch: int, logs: Any) -> None:
            if not between(first + batch + 1, float(logs["loss"])):
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
            for span in work.spans(epoch, first):
                position = span.position
                for rows, *arrays in batch_blocks(work.feed, order_of_span(work, span), batch_size=size):
                    for start in range(0, len(rows), size):
                        part = slice(start, start + size)
                        batch = [{name: values[part] for name, values in each.items()} for each in arrays]
                        yield (*batch, rows[part], span.number, position)
                        position += 1

        inputs, targets = work.feed.take(slice(0, 1))
        spec = (signatures(inputs), signatures(targets))
        place = tf.TensorSpec((), tf.int32)
        batches = tf.data.Dataset.from_generator(
            read, output_signature=(*spec, tf.TensorSpec((None,), tf.int64), place, place)
        )
        column = None if work.column is None else tf.constant(work.column)

        def finished(inputs: Any, targets: Any, rows: Any, number: Any, position: Any) -> Any:
            if work.augment is not None:
                inputs, targets = work.augment(inputs, targets, number, position)
            return as_batch(work, inputs, targets, None if column is None else tf.gather(column, rows))

        # As it stands, an error of dlcli in it stays what it is.
        plain = tf.autograph.experimental.do_not_convert(finished)
        # An unknown length would make Keras run one more step, without data, every epoch.
        return batches.map(plain).apply(tf.data.experimental.assert_cardinality(work.steps - first))
