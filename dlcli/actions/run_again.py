"""A run of the past, as its training showed it in the end; of one that trains or was stopped, as far as it has come."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from dlcli.actions.training_result import training_result
from dlcli.runs import Run, history, read_state
from dlcli.runs.standing import standing_of
from dlcli.runs.summary import run_summary
from dlcli.view.run_again import RunAgain


def recorded_run(run: Run) -> RunAgain:
    """All that a run knows of itself. Raises `ArtifactError` where it cannot be read."""
    state, row, standing = read_state(run), run_summary(run), standing_of(run)
    entries = history.read(run)
    result = training_result(run, state)
    if standing is not None:
        result = dataclasses.replace(result, status=row.status, epochs=row.epochs, metrics=row.metrics)
    return RunAgain(
        result=result,
        samples=state.samples,
        parameters=state.parameters,
        device=state.device,
        epochs=entries,
        best_epoch=state.best.get("epoch") or lowest_loss(entries),
        standing=None if standing is None else standing.what,
        advice=None if standing is None else standing.advice,
    )


def lowest_loss(entries: Sequence[dict[str, Any]]) -> int | None:
    """The epoch with the lowest loss, that of validation where there is one."""
    losses = [
        (value, entry["epoch"])
        for entry in entries
        if (value := (entry.get("validation") or entry["train"]).get("loss")) is not None and math.isfinite(value)
    ]
    return min(losses, default=(0, None))[1]
