"""Steps of a model at rates that are tried, batch after batch; the model is left as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dlcli.keras_internals import learning_rate_is
from dlcli.training.engine.steps import batch_tensors, only_target
from dlcli.training.evidence.restore import restored
from dlcli.training.evidence.step import trained_on
from dlcli.training.evidence.stopwatch import Stopwatch
from dlcli.training.evidence.units import NO_UNITS, Units, in_units
from dlcli.training.setup.experiment import Experiment


class RateTrial:
    """Steps of the model of an experiment with its own optimizer and loss, on the batches with which it begins.

    `units` are those in which targets are tried, and `input_units` those of inputs.
    """

    def __init__(self, experiment: Experiment, *, units: Units = NO_UNITS, input_units: Units = NO_UNITS) -> None:
        import tensorflow as tf

        self.experiment = experiment
        self.model, self.train, self.size = (
            experiment.model,
            experiment.splits["train"],
            experiment.config.train.batch_size,
        )
        optimizer = self.model.optimizer
        self.optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # below the scaling of the loss in 16 bits
        self.units, self.input_units = units, input_units
        self.rows, self.rate = experiment.first_rows(), tf.Variable(0.0, dtype=tf.float32)

        @tf.function(autograph=False, reduce_retracing=True)  # type: ignore[untyped-decorator]
        def step(inputs: Any, targets: Any) -> Any:
            return trained_on(self.model, inputs, targets)[0]

        @tf.function(autograph=False, reduce_retracing=True)  # type: ignore[untyped-decorator]
        def stand(inputs: Any, targets: Any) -> Any:
            return self.model.compute_loss(inputs, only_target(targets), self.model(inputs, training=True))

        self.step, self.stand = step, stand

    def batch(self, number: int) -> Any:
        """The arrays of a batch by its number, from the first again behind the last."""
        start = number * self.size % len(self.train)
        inputs, targets = self.train.take(self.rows[start : start + self.size])
        return in_units(inputs, self.input_units), in_units(targets, self.units)

    @contextmanager
    def begun(self) -> Iterator[None]:
        """While it is open, steps move the model at the rates of the trial."""
        with restored(self.model), learning_rate_is(self.optimizer, self.rate):
            yield

    def loss(self, arrays: Any, rate: float) -> float:
        """The loss before a step on a batch at a rate."""
        self.rate.assign(rate)
        return float(self.step(*batch_tensors(*arrays)))

    def losses(self, rate: float, steps: int) -> list[float]:
        """The losses of so many steps at one rate, from the model as it stands."""
        with self.begun():
            return [self.loss(self.batch(number), rate) for number in range(steps)]

    def losses_within(self, rate: float, most: int, seconds: float) -> list[float]:
        """The losses of steps at one rate, so many at most and for so many seconds, of a trial that has begun."""
        watch, losses = Stopwatch(), list[float]()
        while len(losses) < most and watch.seconds < seconds:
            losses.append(self.loss(self.batch(len(losses)), rate))
        return losses

    def untrained(self, steps: int) -> list[float]:
        """The losses of the same batches without a step: what the model as it stands makes of each."""
        seen = dict[int, float]()
        with self.begun():
            for number in range(steps):
                start = number * self.size % len(self.train)
                if start not in seen:
                    seen[start] = self.stands_at(number)
        return [seen[number * self.size % len(self.train)] for number in range(steps)]

    def stands_at(self, number: int) -> float:
        """The loss of a batch by its number, of the model as it stands."""
        return float(self.stand(*batch_tensors(*self.batch(number))))

    def costs(self, arrays: Any) -> float:
        """What the model as it stands makes of samples, without noise."""
        inputs, targets = batch_tensors(*arrays)
        return float(self.model.compute_loss(inputs, only_target(targets), self.model(inputs, training=False)))

    def comes_to(self, rate: float, steps: int, *, counted: int) -> float:
        """The mean loss of the last so many of them."""
        return sum(self.losses(rate, steps)[-counted:]) / counted
