"""The result of a training: what its run knows of itself in the end."""

from __future__ import annotations

from contextlib import suppress

from dlcli.errors import ArtifactError
from dlcli.runs import Run, RunState, read_state
from dlcli.runs.summary import configuration_in
from dlcli.view.sentences import Judgement, judgement_read
from dlcli.view.training_result import TrainingResult


def training_result(run: Run, state: RunState) -> TrainingResult:
    """What `train` and `resume` give of a run."""
    return TrainingResult(
        run=run.name,
        path=str(run.path),
        status=state.status,
        reason=state.reason,
        stop=state.stop,
        exact=state.exact,
        inexact=state.inexact,
        epochs=state.epochs,
        best=state.best,
        metrics=state.metrics,
        baseline=state.baseline,
        verdict=recorded_verdict(state),
        seconds=state.seconds,
        samples_per_second=state.samples_per_second,
        engine=state.engine,
        set=state.set,
        config=configuration_in(run).tree,
        file=state.config,
    )


def recorded_verdict(state: RunState) -> list[Judgement]:
    """The verdict of a run as it has recorded it; nothing of a run that has none yet."""
    return [judgement_read(each) for each in state.verdict]


def verdict_of_run(run: Run) -> list[Judgement]:
    """The verdict that a run has recorded; nothing where its record cannot be read, which others tell."""
    with suppress(ArtifactError):
        return recorded_verdict(read_state(run))
    return []
