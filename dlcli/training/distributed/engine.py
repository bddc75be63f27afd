"""The engine of several devices: a step of Keras on each with its share of a batch, their gradients summed.

Weights after a step are those of one device with the whole batch, to rounding: each share counts by its samples, gradients are
summed before they are clipped, and normalization by batches sees the whole batch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from dlcli.errors import DivergedError
from dlcli.training.distributed.noise import noise_of_each_device
from dlcli.training.distributed.twin import Twin
from dlcli.training.engine.engines import Between
from dlcli.training.engine.passes import Span
from dlcli.training.engine.read_ahead import batch_blocks
from dlcli.training.engine.steps import (
    Work,
    as_batch,
    batch_tensors,
    order_of_span,
    results_of,
    sliced,
    started_at,
    weighed_losses,
)
from dlcli.training.setup.experiment import Experiment
from dlcli.training.setup.replicas import Replicas


@dataclass(frozen=True)
class Shared:
    """What of a batch falls to this process, on the devices of which it is shared: `whole` are the samples of all of it."""

    inputs: dict[str, Any]
    targets: dict[str, Any]
    own: Any
    whole: int


class DistributedEngine:
    """Steps on several devices, one after the other."""

    name = "distributed"

    def __init__(self, experiment: Experiment, work: Work, replicas: Replicas) -> None:
        self.model, self.work, self.replicas = experiment.model, work, replicas
        self.twin = Twin(experiment, work, replicas)
        self.steps, self.is_ahead = work.steps, False
        self.here = threading.local()  # each device has a thread of its own while its step is made a graph
        self.graph = self.step_graph()

    def epoch(self, number: int, *, between: Between, first: int = 0) -> dict[str, float]:
        started_at(self.model, first)
        self.begin(number, first)
        try:
            for step, batch in enumerate(self.batches(number, first), first + 1):
                loss = self.step(batch)
                if self.work.one_by_one:
                    self.settle()
                if not between(step, loss):
                    break
                if self.work.one_by_one:
                    self.hand_over()
        except DivergedError:
            self.settle()
            raise
        self.settle()
        return results_of(self.model)

    def begin(self, number: int, first: int) -> None:
        """Gets ready for the steps of an epoch from the `first` on."""
        self.hand_over()

    def hand_over(self) -> None:
        """Takes over the variables of the model before steps."""
        self.twin.push()

    def settle(self) -> None:
        """Gives the model what the steps have made of its variables; what it has become since is left to it."""
        if self.is_ahead:
            self.give_back()
        self.is_ahead = False

    def give_back(self) -> None:
        """Gives the model the variables of its twin."""
        self.twin.pull()

    def step(self, batch: Shared) -> float:
        """One step of all devices; the mean loss of the epoch as far as this process counts it."""
        import tensorflow as tf

        self.graph(self.on_devices(batch), tf.constant(float(batch.whole)))
        self.is_ahead = True
        trackers = self.twin.model.metrics[:1]
        local = self.replicas.strategy.experimental_local_results
        total, count = (sum(each.numpy() for each in local(part.value)) for part in trackers[0].variables)
        return float(total / count) if count else float("nan")

    def on_devices(self, batch: Shared) -> Any:
        """A batch as its parts on the devices."""
        parts, replicas = (batch.inputs, batch.targets, batch.own), self.replicas

        def part(context: Any) -> Any:
            rows = replicas.part_of(context.replica_id_in_sync_group, batch.whole)
            inputs, targets, own = parts
            return sliced(inputs, rows), sliced(targets, rows), [each[rows] for each in own]

        return replicas.strategy.experimental_distribute_values_from_function(part)

    def step_graph(self) -> Any:
        """The graph of a step: for each device inputs, targets and weights by a column, and the samples of the whole batch."""
        import tensorflow as tf

        model, here, work, replicas = self.twin.model, self.here, self.work, self.replicas
        scale = model.optimizer.scale_loss
        model.optimizer.scale_loss = lambda loss: scale(loss) * tf.cast(here.share, loss.dtype)

        def on_device(inputs: Any, targets: Any, own: Any, whole: Any) -> None:
            here.size = tf.shape(next(iter(targets.values())))[0]
            # A device counts by its samples, where others count each device the same.
            here.share = tf.cast(here.size, tf.float32) * replicas.count / whole
            model.train_step(as_batch(work, inputs, targets, own[0] if own else None))

        several = replicas.count > 1

        @tf.function(autograph=False, reduce_retracing=True)  # type: ignore[untyped-decorator]
        def run(batch: Any, whole: Any) -> None:
            with weighed_losses(model, lambda: here.size), noise_of_each_device() if several else nullcontext():
                replicas.strategy.run(on_device, args=(*batch, whole))

        return run

    def batches(self, epoch: int, first: int) -> Iterator[Shared]:
        """What falls to this process of the batches of an epoch, from the step `first` on."""
        for span in self.work.spans(epoch, first):
            yield from self.augmented(span) if self.work.augment is not None else self.as_they_are(span)

    def as_they_are(self, span: Span) -> Iterator[Shared]:
        """The batches of some steps of a pass, of which this process reads its own part alone."""
        import numpy as np

        size = self.work.batch_size
        order = np.concatenate([np.zeros(0, np.int64), *order_of_span(self.work, span)])
        wholes = [order[start : start + size] for start in range(0, len(order), size)]
        own = [whole[self.replicas.own_part(len(whole))] for whole in wholes]
        sizes = iter([(len(whole), len(part)) for whole, part in zip(wholes, own, strict=True)])
        for rows, *arrays in batch_blocks(self.work.feed, own, batch_size=max(1, len(own[0]))):
            inputs, targets = batch_tensors(*arrays)
            start = 0
            while start < len(rows):
                whole, part = next(sizes)
                at = slice(start, start + part)
                yield Shared(sliced(inputs, at), sliced(targets, at), self.column(rows[at]), whole)
                start += part
        for whole, _ in sizes:  # a last batch of which nothing falls to this process
            none = slice(0, 0)
            inputs, targets = batch_tensors(*self.work.feed.take(none))
            yield Shared(inputs, targets, self.column(np.zeros(0, np.int64)), whole)

    def augmented(self, span: Span) -> Iterator[Shared]:
        """The batches of some steps of a pass, each augmented as a whole and then parted: so samples change as on one device."""
        work, position = self.work, span.position
        assert work.augment is not None
        for rows, *arrays in batch_blocks(work.feed, order_of_span(work, span), batch_size=work.batch_size):
            for start in range(0, len(rows), work.batch_size):
                at = slice(start, start + work.batch_size)
                whole = batch_tensors(*({name: each[at] for name, each in part.items()} for part in arrays))
                inputs, targets = work.augment(*whole, span.number, position)
                own = self.replicas.own_part(len(rows[at]))
                yield Shared(sliced(inputs, own), sliced(targets, own), self.column(rows[at][own]), len(rows[at]))
                position += 1

    def column(self, rows: Any) -> list[Any]:
        """The weights of samples by a column of the data, if there is one."""
        import tensorflow as tf

        return [] if self.work.column is None else [tf.constant(self.work.column[rows])]
