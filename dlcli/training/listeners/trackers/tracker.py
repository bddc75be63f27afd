"""What a tracker does, and what all of them are told."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from dlcli.runs import Run
from dlcli.runs.atomic import UNREADABLE, read_plain, write_json
from dlcli.view.training.events import EpochLine, Plan
from dlcli.view.verdict import setting_text

FOLDER = "trackers"


class End(StrEnum):
    """How a training is over: done, failed, or stopped by a person, a signal or a limit before it was done."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Tracking(Protocol):
    """A program that is told of a training; it is asked for nothing, and what it raises ends no training."""

    def __init__(self, run: Run) -> None: ...

    def begin(self, plan: Plan, settings: Mapping[str, Any]) -> None:
        """A training begins or goes on; `settings` are the values of its configuration by path."""

    def epoch(self, line: EpochLine) -> None:
        """An epoch has ended."""

    def end(self, how: End) -> None:
        """The training is over."""


def tracker_folder(run: Run) -> Path:
    """Where trackers keep what they need to go on with a run."""
    folder = run.path / FOLDER
    folder.mkdir(exist_ok=True)
    return folder


def kept_identity(run: Run, name: str) -> str | None:
    """What a tracker calls a run, where it has been told of it before."""
    try:
        return str(json.loads(read_plain(tracker_folder(run) / f"{name}.json"))["id"])
    except UNREADABLE:
        return None


def keep_identity(run: Run, name: str, identity: str) -> None:
    """Notes what a tracker calls a run."""
    write_json(tracker_folder(run) / f"{name}.json", {"id": identity})


def values_of_epoch(line: EpochLine) -> dict[str, float]:
    """All that was measured in an epoch: `train/loss`, `validation/accuracy`, `learning_rate`; what is not finite is left out."""
    values: dict[str, float | None] = {f"train/{name}": value for name, value in line.train.items()}
    values |= {f"validation/{name}": value for name, value in line.validation.items()}
    values["learning_rate"] = line.learning_rate
    return {name: value for name, value in values.items() if value is not None and math.isfinite(value)}


def text_of_setting(value: Any) -> str:
    """A value of a configuration as text."""
    return value if isinstance(value, str) else setting_text(value)
