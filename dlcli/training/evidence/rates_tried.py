"""The rates that are tried on a trained model: what it could have begun with, and what its own steps jump over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any, TypeVar

from dlcli.training.evidence.begun import as_begun
from dlcli.training.evidence.few_rates import best_of_few
from dlcli.training.evidence.loosened import Loosened, loosened
from dlcli.training.evidence.rate import usual_rates
from dlcli.training.evidence.rate_range import coarseness, rate_range
from dlcli.training.evidence.rate_trial import RateTrial
from dlcli.training.evidence.settling import Settling, settling
from dlcli.training.evidence.steeper import steeper
from dlcli.training.evidence.stopwatch import Stopwatch
from dlcli.training.evidence.unaugmented import Unaugmented, unaugmented
from dlcli.training.evidence.units import units_of, units_of_inputs
from dlcli.training.scaling import TargetSeen
from dlcli.training.setup.experiment import Experiment

Value = TypeVar("Value")
SEVERAL = 2
"""Of fewer rates none is the best."""


class RatesTried:
    """Trials of rates on the model of an experiment, from its `first` values or as it stands; nothing of them is left."""

    def __init__(self, experiment: Experiment, first: Sequence[Any] | None) -> None:
        self.experiment, self.first = experiment, first

    @cached_property
    def trial(self) -> RateTrial:
        """Its steps, which are compiled once."""
        return RateTrial(self.experiment)

    def begun(self, work: Callable[[], Value], unknown: Value) -> Value:
        """What is seen of the model as it began; unknown where that was not kept."""
        if self.first is None:
            return unknown
        with as_begun(self.experiment.model, self.first):
            return work()

    def proposed(self, seconds: float) -> tuple[float | None, bool]:
        """The rate that the range test proposes, None where the loss fell at none, and whether there was no time for it."""

        def tested() -> tuple[float | None, bool]:
            found = rate_range(self.experiment, seconds=seconds, trial=self.trial)
            return found.proposed if found.whole else None, not found.whole

        no_time: tuple[float | None, bool] = (None, True)
        return self.begun(tested, no_time)

    def in_units(self, target: TargetSeen | None, seconds: float) -> float | None:
        """The rate that it would propose if the targets that are far from unit scale were not."""
        if target is None:
            return None
        trial = RateTrial(self.experiment, units=units_of(target))
        return self.begun(lambda: rate_range(self.experiment, seconds=seconds, trial=trial).proposed, None)

    def scaled(self, scale: float | None, target: TargetSeen | None, seconds: float) -> float | None:
        """The rate that it would propose for inputs that are so many times as large, or each feature in units of its own,
        and for targets in units as well that are far from unit scale; the best of a few where there is no time for it."""
        inputs = units_of_inputs(self.experiment, scale)
        trial = RateTrial(self.experiment, units=units_of(target), input_units=inputs)
        rates = usual_rates(self.experiment.config.optimizer)

        def tested() -> float | None:
            watch = Stopwatch()
            if len(rates) < SEVERAL or coarseness(trial, seconds) is not None:
                found = rate_range(self.experiment, seconds=seconds - watch.seconds, trial=trial)
                # One that was cut off has seen low rates alone.
                return found.proposed if found.whole or scale is None else None
            return best_of_few(trial, rates, seconds - watch.seconds)

        return self.begun(tested, None)

    def steeper(self, names: Collection[str], seconds: float) -> float | None:
        """The rate that it would propose with activations in these layers that are flat on neither side."""

        def tested() -> float | None:
            with steeper(self.experiment.model, names):
                found = rate_range(self.experiment, seconds=seconds, trial=RateTrial(self.experiment))
            return found.proposed if found.whole else None

        return self.begun(tested, None)

    def settling(self, rate: float, other: float, seconds: float) -> Settling | None:
        """What some steps more come to at a rate, and at another."""
        return settling(self.trial, rate, other, seconds)

    def unaugmented(self, rate: float, seconds: float) -> Unaugmented | None:
        """What some steps more at a rate come to on samples that are not augmented."""
        return unaugmented(self.trial, rate, seconds)

    def loosened(self, rate: float, argument: str, value: float | None) -> Loosened | None:
        """What the first steps at a rate come to with another value of an argument of the optimizer."""
        return self.begun(lambda: loosened(self.trial, rate, argument, value), None)
