"""Whether a training is worth going on with: its loss and weights are finite, and the loss has not exploded."""

from __future__ import annotations

import math
from dataclasses import replace

from dlcli.errors import DivergedError
from dlcli.runs import Run
from dlcli.runs.checkpoint import folder_name, newest
from dlcli.training.engine.passes import BEGIN, Begin
from dlcli.training.kept.snapshot import Progress
from dlcli.training.not_finite import broken_at, inputs_are_far
from dlcli.training.outcome import key_in_phase
from dlcli.training.setup.experiment import Experiment
from dlcli.training.trivial import trivial_baseline
from dlcli.training.verdict.story import Broke

LARGEST_RATE, USUAL_RATE = 1.0, 1e-3
"""Above the first no step helps; the second is where most optimizers of Keras start."""
EXPLODED, GROWN = 1e6, 2.0
"""How many times the loss of the trivial baseline is no longer learning, where it is that many times the least so far."""


class Health:
    """Looks at a training; every look raises `DivergedError` where it has left the numbers worth learning from."""

    def __init__(self, run: Run, experiment: Experiment, progress: Progress, *, begin: Begin = BEGIN) -> None:
        self.run, self.experiment, self.progress, self.begin = run, experiment, progress, begin
        self.broke: Broke | None = None
        """How the training left the numbers, once it has."""

    def check_step(self, loss: float) -> None:
        """The mean loss within an epoch. Raises `DivergedError` where it is not finite."""
        if not math.isfinite(loss):
            self.broke = Broke("loss", loss, self.progress.epoch + 1)
            if self.progress.begun == 1 and not self.progress.epoch:
                raise self.not_finite_at_first(loss)
            raise self.diverged(
                f"the loss became {loss} by step {self.progress.begun} of epoch {self.progress.epoch + 1}"
            )

    def check_epoch(self, loss: float, *, step: int) -> None:
        """The loss of an epoch and the weights after it: a finite loss can hide broken weights.

        Raises `DivergedError` where one is not finite or the loss has exploded.
        """
        epoch = self.progress.epoch + 1
        if not math.isfinite(loss):
            self.broke = Broke("loss", loss, epoch)
            raise self.diverged(f"the loss became {loss} in epoch {epoch}")
        if self.exploded(loss):
            self.broke = Broke("growth", loss, epoch)
            raise self.diverged(
                f"the loss is {loss:.3g} in epoch {epoch}, a million times that of the trivial baseline, and grows"
            )
        self.check_weights(step=step)

    def check_weights(self, *, step: int) -> None:
        """Weights that are not finite: neither is training worth going on nor are they worth keeping.

        Raises `DivergedError` for the first of them.
        """
        import numpy as np

        for weight in self.experiment.model.weights:
            values = weight.numpy()
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                value = float(values[~np.isfinite(values)][0])
                self.broke = Broke("weight", value, self.progress.epoch + 1, weight.path)
                raise self.diverged(f"the weight {weight.path} is no longer finite after step {step}")

    def exploded(self, loss: float) -> bool:
        """Whether the loss, still finite, has grown to where no learning rate that works would take it.

        A first epoch may start anywhere: how large its loss is comes from the inputs. After it the loss may fall as it likes.
        """
        losses = [entry["train"]["loss"] for entry in self.progress.entries[self.begin.epoch :]]
        if not losses or loss <= GROWN * min(losses):
            return False
        trivial = trivial_baseline(self.experiment) if loss > EXPLODED else {}  # unseen: the next line decides
        return bool(trivial) and loss > EXPLODED * max(trivial["metrics"]["loss"], 1.0)

    def diverged(self, what: str) -> DivergedError:
        """The error of a training that has left the finite numbers."""
        rate = float(self.experiment.model.optimizer.learning_rate)
        lower = rate / 10 if rate <= LARGEST_RATE else USUAL_RATE
        kept = newest(self.run)
        if kept is not None:
            what += f"; the last finite state is kept in {folder_name(kept.step)}"
        broken = broken_at(self.experiment, stepped=True)
        if broken.kind == "layer":  # an activation may hide what its layer takes until a gradient passes
            empty, far = broken.empty is not None, broken.scales
            self.broke = None if self.broke is None else replace(self.broke, first=True, far=far, empty=empty)
            what += f"; {broken.words}"
            return DivergedError(what, file=self.run.path, hint=broken.hint, kind="not_finite")
        key = key_in_phase(self.experiment, "optimizer.learning_rate")
        hint = f"lower the learning rate: --set {key}={lower:g}"
        if inputs_are_far(self.experiment):
            hint = f"bring the inputs near 0: --set 'data.prepare=[Normalization]'; or {hint}"
        return DivergedError(what, file=self.run.path, hint=hint, kind="not_finite")

    def not_finite_at_first(self, loss: float) -> DivergedError:
        """The error of a loss that is not finite in the first step, before which no weight has moved."""
        broken = broken_at(self.experiment, stepped=True)
        self.broke = Broke("loss", loss, 1, first=True, far=broken.scales, empty=broken.empty is not None)
        message = f"the loss is {loss} before anything was learnt: {broken.words}"
        return DivergedError(message, file=self.run.path, hint=broken.hint, kind="not_finite")
