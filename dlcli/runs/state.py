"""The state of a run: run.json, replaced whole at every change."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dlcli.errors import ArtifactError
from dlcli.runs.atomic import write_json
from dlcli.runs.folder import Run
from dlcli.runs.lock import is_locked

SCHEMA = 1


@dataclass(frozen=True)
class RunState:
    """What is known of a run. `metrics` are by split; `seconds` the time in the training loop; `started` is UTC."""

    run: str
    number: int
    status: str
    config: str
    started: str
    schema: int = SCHEMA
    reason: str | None = None
    exit_code: int | None = None
    resumable: bool = False
    exact: bool = True
    epochs: int = 0
    seconds: float | None = None
    samples_per_second: float | None = None
    best: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    baseline: Mapping[str, Any] = field(default_factory=dict)
    verdict: list[Mapping[str, Any]] = field(default_factory=list)
    engine: str | None = None

    def write(self, run: Run) -> RunState:
        """Replaces run.json."""
        write_json(run.state, dataclasses.asdict(self))
        return self


def read_state(run: Run) -> RunState:
    """The state of a run. Raises `ArtifactError` where run.json is damaged."""
    try:
        content = json.loads(run.state.read_bytes())
        known = {each.name for each in dataclasses.fields(RunState)}
        return RunState(**{key: value for key, value in content.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ArtifactError(f"run.json of '{run.name}' cannot be read: {error}", file=run.state) from None


def status_of(run: Run, state: RunState) -> str:
    """The status to show: a run that says it is running but has no living writer has crashed."""
    if state.status in {"created", "running"} and not is_locked(run.path):
        return "crashed"
    return state.status
