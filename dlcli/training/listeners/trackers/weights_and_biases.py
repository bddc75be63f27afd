"""Weights & Biases: a run of its own, offline unless the environment says otherwise."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from typing import Any, Literal, cast

from dlcli.runs import Run
from dlcli.training.listeners.trackers.tracker import End, keep_identity, kept_identity, tracker_folder, values_of_epoch
from dlcli.view.training.events import EpochLine, Plan

PROJECT = "dlcli"
CODES = {End.DONE: 0, End.FAILED: 1, End.STOPPED: 255}
"""What W&B calls finished, failed and killed by its exit code."""


class WeightsAndBiases:
    """Settings become its configuration, epochs its history. WANDB_PROJECT and WANDB_MODE say where."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.session: Any = None

    def begin(self, plan: Plan, settings: Mapping[str, Any]) -> None:
        """Begins, or goes on with what was begun before; nothing is ever asked."""
        import wandb

        known = kept_identity(self.run, "wandb")
        identity = known or uuid.uuid4().hex[:8]
        self.session = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=self.run.name,
            id=identity,
            resume="allow",
            mode=mode(),
            dir=str(tracker_folder(self.run)),
            config=dict(settings),
            settings=wandb.Settings(console="off", silent=True),
        )
        keep_identity(self.run, "wandb", identity)

    def epoch(self, line: EpochLine) -> None:
        self.session.log(values_of_epoch(line), step=line.epoch)

    def end(self, how: End) -> None:
        self.session.finish(exit_code=CODES[how])


def mode() -> Literal["online", "offline", "shared", "disabled"]:
    """Offline unless the environment says otherwise, by a mode or by a key: asking for one would stop the training."""
    online = "online" if os.environ.get("WANDB_API_KEY") else "offline"
    return cast(Literal["online", "offline", "shared", "disabled"], os.environ.get("WANDB_MODE") or online)
