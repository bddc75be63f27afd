"""The ending of a training: what is said of it when it has ended, was stopped, or broke down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dlcli.progress import stage
from dlcli.runs import Run
from dlcli.runs.state import StopReason
from dlcli.training.engine.measure import Measure
from dlcli.training.engine.passes import Begin
from dlcli.training.outcome import Beside, broken_verdict, outcome
from dlcli.training.setup.experiment import Experiment
from dlcli.training.stopping import Stopping
from dlcli.training.verdict import Broke


@dataclass(frozen=True)
class Ending:
    """A training as it stands when it ends."""

    experiment: Experiment
    measure: Measure
    stopping: Stopping
    entries: Sequence[Mapping[str, Any]]
    begin: Begin
    beside: Beside
    over: Callable[[], None] = lambda: None
    """Tells who listens that the steps are over."""

    @contextmanager
    def judging(self) -> Iterator[None]:
        """While it is open what the training has come to is worked out, and said to be where that takes long."""
        self.over()
        with stage("working out the verdict"):
            yield

    def planned(self, best_weights: Mapping[str, Any] | None, stop: StopReason) -> dict[str, Any]:
        """Best epoch, metrics, baseline and verdict of one that has ended by a rule; its model has what is kept then."""
        with self.judging():
            return outcome(
                self.experiment,
                self.measure,
                self.stopping,
                self.entries,
                best_weights,
                stop,
                self.begin,
                beside=self.beside,
            )

    def stopped(self) -> dict[str, Any]:
        """Metrics of the last whole epoch of one that was stopped, with best epoch, baseline and verdict; its model stays."""
        if len(self.entries) <= self.begin.epoch:
            return {"metrics": last_metrics(self.entries)}
        with self.judging():
            end = outcome(
                self.experiment,
                self.measure,
                self.stopping,
                self.entries,
                None,
                StopReason.SIGNAL,
                self.begin,
                beside=self.beside,
                as_it_is=True,
            )
        return {**end, "metrics": last_metrics(self.entries)}

    def broken(self, broke: Broke | None) -> list[Any]:
        """The verdict on one that has diverged."""
        if broke is None:
            return []
        with self.judging():
            return broken_verdict(self.experiment, self.measure, self.entries, broke, self.begin, beside=self.beside)


def last_metrics(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The metrics of the last whole epoch by split."""
    return {split: entries[-1][split] for split in ("train", "validation") if entries and entries[-1][split]}


def words_to_go_on(run: Run, experiment: Experiment) -> list[str]:
    """The words for a run in a command to paste; none where no command of one machine alone goes on with its experiment."""
    return [] if experiment.config.train.is_begun_together else run.words
