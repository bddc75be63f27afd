"""Commits the state of a training when it is time, and keeps the weights of its best epoch."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from dlcli.errors import ArtifactError, ResourceError
from dlcli.runs import Run
from dlcli.runs.checkpoint import Arrays, Checkpoint, mark_best, save, thin_out
from dlcli.training.engine.passes import BEGIN, Begin
from dlcli.training.kept.snapshot import arrays_of
from dlcli.training.kept.when_to_save import Saving, check_room
from dlcli.training.setup.experiment import Experiment


class Checkpointing:
    """The checkpoints of a training: all variables, with what `state` says of everything else at that instant.

    `note` is told where the disk refuses one and the configuration says that training goes on.
    """

    def __init__(
        self,
        run: Run,
        experiment: Experiment,
        *,
        state: Callable[[], Mapping[str, Any]],
        note: Callable[[str], None],
    ) -> None:
        self.run, self.model, self.block = run, experiment.model, experiment.config.train.checkpoint
        self.state, self.note = state, note
        self.saving = Saving(self.block, step=0)
        self.best_weights: Arrays | None = None

    def check_room(self) -> None:
        """Raises `ResourceError` where the disk has no room for two checkpoints; the optimizer must have its state by now."""
        check_room(self.run, sum(array.nbytes for array in arrays_of(self.model).values()))

    @property
    def step(self) -> int:
        """The step of the last checkpoint."""
        return self.saving.step

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """Counts from a checkpoint on."""
        self.saving, self.best_weights = Saving(self.block, step=checkpoint.step), checkpoint.best

    def keep_best(self) -> None:
        """Keeps the weights as they are now: those of the best epoch so far."""
        weights = enumerate(self.model.weights)
        self.best_weights = {f"{number}:{each.path}": each.numpy() for number, each in weights}

    def commit(self, step: int, *, is_best: bool) -> bool:
        """Saves all that the training is after `step` steps; whether that was possible. `is_best`: the last epoch was."""
        started, arrays = time.monotonic(), arrays_of(self.model)
        try:
            save(
                self.run,
                step=step,
                arrays=arrays,
                state=self.state(),
                best=self.best_weights,
                keep=self.saving.keep,
            )
            if is_best or self.best_weights is not None:
                mark_best(self.run, step=step)
        except ResourceError as error:
            if not self.saving.warns:
                raise
            self.note(f"note: no checkpoint of step {step}: {error.message}; training goes on")
            return False
        finally:
            self.saving.saved(step, time.monotonic() - started)
        return True

    def thin_out(self) -> None:
        """Leaves of the checkpoints of a run that is done what it is to keep; a disk that refuses keeps more."""
        with contextlib.suppress(ArtifactError, ResourceError):
            thin_out(self.run, keep=self.saving.keep_after)


def phase_at(checkpoint: Checkpoint | None) -> tuple[int, Begin]:
    """The phase in which a checkpoint was made, counted from 0, and what was done before it; older ones know of no phases."""
    phase = None if checkpoint is None else checkpoint.state.get("phase")
    return (0, BEGIN) if phase is None else (phase["number"], Begin(**phase["begin"]))
