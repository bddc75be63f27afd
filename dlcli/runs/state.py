"""The state of a run: run.json, replaced whole at every change."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dlcli.errors import ArtifactError
from dlcli.first_line import first_line
from dlcli.runs.atomic import UNREADABLE, read_plain
from dlcli.runs.folder import Run
from dlcli.runs.lock import is_locked
from dlcli.runs.manifest import read_recorded, write_recorded_json
from dlcli.runs.upgrades import numbered, upgraded


class StopReason(StrEnum):
    """Why a training has ended where it did; the field `stop` of run.json beside the sentence `reason`."""

    ALL_EPOCHS = "all_epochs"
    CALLBACK = "callback"
    EARLY_STOPPING = "early_stopping"
    PRUNED = "pruned"
    REACHED = "reached"
    SIGNAL = "signal"
    TIME_LIMIT = "time_limit"


STATUSES = ("created", "running", "interrupted", "failed", "done", "crashed", "unreadable")
"""What `status_of` can give, and `unreadable` for a run whose state is damaged."""
ALIVE = frozenset({"created", "running"})
NEEDED: dict[str, Any] = {"run": str, "number": int, "status": str, "config": str, "started": str}
KINDS: dict[str, Any] = NEEDED | {
    "reason": str | None,
    "stop": str | None,
    "exit_code": int | None,
    "resumable": bool,
    "exact": bool,
    "inexact": list,
    "epochs": int,
    "seconds": float | int | None,
    "samples_per_second": float | int | None,
    "best": dict,
    "metrics": dict,
    "baseline": dict,
    "verdict": list,
    "engine": str | None,
    "way": str | None,
    "set": dict,
    "unwritten": list,
    "samples": dict,
    "parameters": int | None,
    "device": str | None,
}


@dataclass(frozen=True)
class RunState:
    """What is known of a run. `metrics` are by split; `seconds` the time in the training loop; `started` is UTC.

    `reason` says why it has ended and `stop` says it as a `StopReason`, None where it goes on or failed.
    `resumable` says that there is a checkpoint, `way` how the engine runs the steps and why,
    `inexact` why a resumed run need not equal one that was never stopped. `set` are the settings of the command line by path,
    `unwritten` the positions of the keys that nobody has written,
    `samples` how many each split has, `parameters` how many numbers the model has, `device` what it was trained on.
    """

    run: str
    number: int
    status: str
    config: str
    started: str
    reason: str | None = None
    stop: str | None = None
    exit_code: int | None = None
    resumable: bool = False
    exact: bool = True
    inexact: list[str] = field(default_factory=list)
    epochs: int = 0
    seconds: float | None = None
    samples_per_second: float | None = None
    best: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    baseline: Mapping[str, Any] = field(default_factory=dict)
    verdict: list[Mapping[str, Any]] = field(default_factory=list)
    engine: str | None = None
    way: str | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    unwritten: list[str] = field(default_factory=list)
    samples: Mapping[str, int] = field(default_factory=dict)
    parameters: int | None = None
    device: str | None = None

    def write(self, run: Run) -> RunState:
        """Replaces run.json."""
        write_recorded_json(run, run.state, numbered(run.state.name, dataclasses.asdict(self)))
        return self


def read_state(run: Run) -> RunState:
    """The state of a run. Raises `ArtifactError` where run.json is damaged."""
    try:
        content = upgraded(run.state, json.loads(read_plain(run.state).decode()), run=run)
        fault = what_is_wrong(content)
    except UNREADABLE as error:
        fault = (error.strerror if isinstance(error, OSError) else None) or first_line(error)
    if fault is not None:
        raise ArtifactError(f"run.json of '{run.name}' cannot be read: {fault}", file=run.state, kind="damaged_run")
    read_recorded(run, run.state)  # its form is right, and it may still not be what was written
    return RunState(**{key: value for key, value in content.items() if key in KINDS})


def what_is_wrong(content: Mapping[str, Any]) -> str | None:
    """What a state has of another form than `RunState`, or None."""
    missing = [name for name in NEEDED if name not in content]
    if missing:
        return f"it has no '{missing[0]}'"
    other = [name for name, kind in KINDS.items() if name in content and not isinstance(content[name], kind)]
    by_split = [] if other else content.get("metrics", {}).values()
    if not all(isinstance(values, dict) and all(map(is_metric_value, values.values())) for values in by_split):
        other = ["metrics"]
    return f"its '{other[0]}' has another form" if other else None


def is_metric_value(value: Any) -> bool:
    """Whether a value can be a metric: a number, or null for one that was not finite."""
    return isinstance(value, float | int | None)


def status_of(run: Run, state: RunState) -> str:
    """The status to show: a run that says it is running but has no living writer has crashed."""
    if state.status not in ALIVE or is_locked(run.path):
        return state.status
    with contextlib.suppress(ArtifactError):
        now = read_state(run).status  # its writer may have ended it, and let go of the lock, since `state` was read
        if now not in ALIVE:
            return now
    return "crashed"
