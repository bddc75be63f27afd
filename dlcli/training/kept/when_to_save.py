"""When the state of training is saved: by epochs, steps or minutes, at a signal and at the end."""

from __future__ import annotations

import shutil
import time

from dlcli.config.train import Checkpoint
from dlcli.errors import ResourceError
from dlcli.runs import Run

DEAREST = 0.05
"""The share of the time that saving may take where nobody has said how often: epochs of milliseconds share a checkpoint."""


class Saving:
    """Says when a checkpoint is due. Steps are counted over all epochs."""

    def __init__(self, block: Checkpoint | None, *, step: int) -> None:
        self.count, self.unit = (1, "epoch") if block is None else block.interval()
        self.keep, self.keep_after = (2, 0) if block is None else (block.keep, block.keep_after)
        self.warns = block is not None and block.on_save_error == "warn"
        self.sparing = block is None
        self.step, self.at, self.cost, self.epochs = step, time.monotonic(), 0.0, 0

    def pause(self, step: int, last: int) -> int:
        """The step, at most `last`, at which a training that stands at `step` has to look again."""
        return min(last, step + self.count - step % self.count) if self.unit == "step" else last

    def due(self, step: int, *, epoch_ended: bool) -> bool:
        """Whether to save now."""
        if step == self.step:
            return False
        passed = time.monotonic() - self.at
        if self.unit == "step":
            return step // self.count > self.step // self.count
        if self.unit == "minute":
            return passed >= 60 * self.count
        self.epochs += epoch_ended
        return self.epochs >= self.count and (not self.sparing or passed * DEAREST >= self.cost)

    def saved(self, step: int, seconds: float) -> None:
        """Notes that a checkpoint of this step has been made, in so many seconds."""
        self.step, self.at, self.cost, self.epochs = step, time.monotonic(), seconds, 0


def check_room(run: Run, size: int) -> None:
    """Raises `ResourceError` where the disk has no room for two checkpoints of `size` bytes: the old and the new one."""
    free = shutil.disk_usage(run.path).free
    if free < 2 * size:
        message = f"two checkpoints take {2 * size / 1e6:,.1f} MB, and the disk has {free / 1e6:,.1f} MB free"
        raise ResourceError(
            message, file=run.path, hint="free some space, or choose another folder with --runs", kind="disk_full"
        )
