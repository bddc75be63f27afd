"""The session: runs the epochs of a training that has been set up, keeps the best, says how it went."""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlcli.errors import BlockError, DivergedError, DlcliError, Stopped
from dlcli.runs import Run, RunState, history
from dlcli.runs.atomic import write_bytes
from dlcli.runs.checkpoint import mark_best, save
from dlcli.training.baseline import trivial_baseline
from dlcli.training.callbacks import Callbacks
from dlcli.training.engine import Engine, FitEngine, Measure, ResidentEngine, StreamingEngine, Work
from dlcli.training.experiment import Experiment
from dlcli.training.failures import recorded_bug
from dlcli.training.model_folder import save_model
from dlcli.training.signals import StopRequest
from dlcli.training.stopping import Plateau, Stopping
from dlcli.training.verdict import Story, verdict
from dlcli.training.weights import training_weights
from dlcli.view.events import EpochLine, Plan, TrainingView
from dlcli.view.picture import loss_curve

if TYPE_CHECKING:
    import numpy as np

LARGEST_RATE, USUAL_RATE = 1.0, 1e-3
"""Above the first no step helps; the second is where most optimizers of Keras start."""
EXPLODED = 1e6
"""How many times the loss of the trivial baseline is no longer learning."""
CHECKPOINT_SECONDS = 30.0
"""A checkpoint follows an epoch that ends so long after the last one."""


@dataclass
class Progress:
    """What changes while a training runs; `epoch` counts finished epochs, `step` finished steps of all epochs."""

    epoch: int = 0
    step: int = 0
    entries: list[dict[str, Any]] = field(default_factory=list)
    best_weights: list[np.ndarray[Any, Any]] | None = None
    saved_at: float = field(default_factory=time.monotonic)
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the first step."""
        return time.monotonic() - self.started


class Session:
    """A training that has been set up."""

    def __init__(
        self, run: Run, experiment: Experiment, view: TrainingView, stop: StopRequest, state: RunState
    ) -> None:
        self.run, self.experiment, self.view, self.stop, self.state = run, experiment, view, stop, state
        config, train = experiment.config, experiment.splits["train"]
        self.steps = math.ceil(len(train) / config.train.batch_size)
        self.progress = Progress()
        validation = "validation" in experiment.splits
        self.stopping = Stopping.of(config.train, validation=validation, metrics=config.all_metrics)
        plateau = config.train.reduce_on_plateau
        self.plateau = None if plateau is None else Plateau.of(plateau, metrics=config.all_metrics)
        try:
            self.callbacks = Callbacks(
                config.train.callbacks, experiment.model, folder=run.path, epochs=config.train.epochs, steps=self.steps
            )
            self.callbacks.tell("on_train_begin")
            self.weights = training_weights(config.train, experiment.dataset)
        except BlockError as error:
            raise config.located(error) from None
        self.engine = self.choose_engine()
        self.measure = Measure(experiment.model)

    def choose_engine(self) -> Engine:
        """Keras's own `fit` where the configuration asks for it, otherwise data resident in memory or streaming by."""
        config, train = self.experiment.config, self.experiment.splits["train"]
        work = Work(
            train,
            self.weights,
            config.train.batch_size,
            config.seed,
            layout=self.experiment.dataset.chunks,
            augment=self.experiment.augment,
            one_by_one=self.callbacks.by_batch,
        )
        if config.train.engine == "keras":
            return FitEngine(self.experiment.model, work)
        return (StreamingEngine if train.streams else ResidentEngine)(self.experiment.model, work)

    def run_to_end(self) -> RunState:
        """All epochs, and the end whatever it is."""
        config, train = self.experiment.config, self.experiment.splits["train"]
        self.update(status="running", engine=self.engine.name)
        self.view.start(Plan(self.run.name, config.train.epochs, self.steps, len(train), self.stopping.watch.monitor))
        try:
            reason = self.epochs()
            self.view.close()
            return self.finish(reason)
        except Stopped as error:
            self.update(status="interrupted", reason=error.message, exit_code=error.code, **self.reached())
            raise
        except BlockError as error:
            self.update(status="failed", reason=f"{error.name}: {error.message}", exit_code=error.code)
            raise config.located(error) from error
        except DlcliError as error:
            self.update(status="failed", reason=f"{error.name}: {error.message}", exit_code=error.code)
            raise
        except Exception as error:
            raise recorded_bug(self.run, self.state, error) from error

    def reached(self) -> dict[str, Any]:
        """Metrics of the last whole epoch and the time, for a training that ends before its end."""
        entries = self.progress.entries
        metrics = {split: entries[-1][split] for split in ("train", "validation") if entries and entries[-1][split]}
        return {"metrics": metrics, "seconds": round(self.progress.seconds, 3)}

    def epochs(self) -> str:
        """Runs epochs until a rule ends them; gives the reason."""
        reason = None
        while reason is None:
            reason = self.one_epoch()
        self.callbacks.tell("on_train_end")
        return reason

    def one_epoch(self) -> str | None:
        """One epoch: its steps, validation, history, and what follows from them."""
        model, number, started = self.experiment.model, self.progress.epoch, time.monotonic()
        rate = float(model.optimizer.learning_rate)
        self.callbacks.tell("on_epoch_begin", number)
        if self.callbacks.by_batch:
            self.callbacks.tell("on_train_batch_begin", 0)
        trained = self.engine.epoch(number, between=self.between)
        if self.stop.signal is not None:
            self.interrupted()
        self.check_finite(trained)
        validation = self.validate()
        self.progress.epoch += 1
        values = {**trained, **{f"val_{name}": value for name, value in validation.items()}}
        self.callbacks.tell("on_epoch_end", number, values)
        better = self.stopping.watch.see(values, self.progress.epoch)
        entry = {
            "epoch": self.progress.epoch,
            "step": self.progress.step,
            "learning_rate": rate,
            "train": trained,
            "validation": validation,
        }
        self.progress.entries.append(entry)
        history.append(self.run, entry)
        epochs = self.experiment.config.train.epochs
        self.view.epoch(
            EpochLine(self.progress.epoch, epochs, trained, validation, rate, time.monotonic() - started, better)
        )
        self.after_epoch(values, better=better, rate=rate)
        reason = self.stopping.reason(values, epoch=self.progress.epoch, seconds=self.progress.seconds)
        if reason is None and model.stop_training:
            reason = "a callback ended the training"
        return reason

    def after_epoch(self, values: dict[str, float], *, better: bool, rate: float) -> None:
        """Keeps the best weights, lowers the rate on a plateau, saves a checkpoint when it is time."""
        model = self.experiment.model
        if better and self.stopping.patience is not None:
            self.progress.best_weights = [weight.numpy() for weight in model.weights]
        if self.plateau is not None:
            lower = self.plateau.rate(values, epoch=self.progress.epoch, rate=rate)
            if lower != rate:
                model.optimizer.learning_rate = lower
        if time.monotonic() - self.progress.saved_at >= CHECKPOINT_SECONDS:
            self.checkpoint(best=better)

    def between(self, step: int) -> bool:
        """After some steps of an epoch: the callbacks, the view, and whether to go on."""
        if self.callbacks.by_batch:
            self.callbacks.tell("on_train_batch_end", step - 1)
            if step < self.steps:
                self.callbacks.tell("on_train_batch_begin", step)
        self.progress.step = self.progress.epoch * self.steps + step
        loss = float(self.experiment.model._loss_tracker.result())
        self.view.step(step, loss)
        if not math.isfinite(loss):
            raise self.diverged(f"the loss became {loss} by step {step} of epoch {self.progress.epoch + 1}")
        return self.stop.signal is None

    def validate(self) -> dict[str, float]:
        """Loss and metrics of the validation split, if there is one."""
        split = self.experiment.splits.get("validation")
        if split is None:
            return {}
        self.callbacks.tell("on_test_begin")
        values = self.measure.measure(split)
        self.callbacks.tell("on_test_end", values)
        return values

    def check_finite(self, trained: dict[str, float]) -> None:
        """Refuses to go on with a loss or weights that are not finite; a finite loss can hide broken weights."""
        import numpy as np

        epoch, loss = self.progress.epoch + 1, trained["loss"]
        if not math.isfinite(loss):
            raise self.diverged(f"the loss became {loss} in epoch {epoch}")
        if self.exploded(loss):
            raise self.diverged(
                f"the loss is {loss:.3g} in epoch {epoch}, a million times that of the trivial baseline, and does not fall"
            )
        for weight in self.experiment.model.weights:
            values = weight.numpy()
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise self.diverged(
                    f"the weight {weight.path} is no longer finite after epoch {self.progress.epoch + 1}"
                )

    def exploded(self, loss: float) -> bool:
        """Whether the loss stands, still finite, where no learning rate that works would leave it.

        A first epoch may start anywhere; after it the loss has to come down.
        """
        if not self.progress.entries or loss < 0.5 * self.progress.entries[-1]["train"]["loss"]:
            return False
        trivial = trivial_baseline(self.experiment) if loss > EXPLODED else {}
        return bool(trivial) and loss > EXPLODED * max(trivial["metrics"]["loss"], 1.0)

    def diverged(self, what: str) -> DivergedError:
        """The error of a training that has left the finite numbers."""
        rate = float(self.experiment.model.optimizer.learning_rate)
        lower = rate / 10 if rate <= LARGEST_RATE else USUAL_RATE
        return DivergedError(
            what, file=self.run.path, hint=f"lower the learning rate: --set optimizer.learning_rate={lower:g}"
        )

    def interrupted(self) -> None:
        """Saves what there is and ends."""
        assert self.stop.signal is not None
        self.checkpoint(best=False)
        self.save()
        epoch = self.progress.epoch + 1
        raise Stopped(
            self.stop.signal,
            f"stopped by {self.stop.signal.name} in epoch {epoch}; the model as it was is saved in {self.run.path}",
            hint=f"dlcli evaluate {self.run.name}",
        )

    def checkpoint(self, *, best: bool) -> None:
        """Commits all variables: weights, states of random generators, optimizer."""
        model = self.experiment.model
        variables = {id(each): each for each in [*model.variables, *model.optimizer.variables]}.values()
        arrays = {f"{number}:{each.path}": each.numpy() for number, each in enumerate(variables)}
        state = {"epoch": self.progress.epoch, "entries": len(self.progress.entries), "engine": self.engine.name}
        save(self.run, step=self.progress.step, arrays=arrays, state=state)
        if best:
            mark_best(self.run, step=self.progress.step)
        self.progress.saved_at = time.monotonic()

    def finish(self, reason: str) -> RunState:
        """Restores the best weights if early stopping is on, saves the model and the pictures, and judges."""
        config, seconds = self.experiment.config, self.progress.seconds
        watch, entries = self.stopping.watch, self.progress.entries
        kept = len(entries)
        if self.progress.best_weights is not None:
            kept = watch.best_epoch
            for weight, values in zip(self.experiment.model.weights, self.progress.best_weights, strict=True):
                weight.assign(values)
        metrics = {split: entries[kept - 1][split] for split in ("train", "validation") if entries[kept - 1][split]}
        if self.progress.best_weights is None and config.optimizer.arguments.get("use_ema"):
            metrics = self.averaged(metrics)
        baseline = trivial_baseline(self.experiment)
        story = Story(config, entries, metrics, baseline, watch.best_epoch or kept, reason)
        self.save()
        self.pictures(watch.best_epoch or None)
        samples = len(self.experiment.splits["train"]) * len(entries)
        best = {
            "epoch": watch.best_epoch or kept,
            "monitor": watch.monitor,
            "value": watch.best,
            "weights": "restored" if kept != len(entries) else "last",
        }
        return self.update(
            status="done",
            reason=reason,
            exit_code=0,
            seconds=round(seconds, 3),
            samples_per_second=round(samples / max(seconds, 1e-9), 1),
            best=best,
            metrics=metrics,
            baseline=baseline,
            verdict=[finding.plain() for finding in verdict(story)],
        )

    def averaged(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """Puts the moving averages that the optimizer keeps in the place of the weights, and measures the splits anew."""
        model = self.experiment.model
        model.optimizer.finalize_variable_values(model.trainable_variables)
        return {split: self.measure.measure(self.experiment.splits[split]) for split in metrics}

    def save(self) -> None:
        """Commits the model with its preparation and schema."""
        save_model(self.run, self.experiment.model, self.experiment.preparation, self.experiment.dataset.schema)

    def pictures(self, best_epoch: int | None) -> None:
        """The loss curve as SVG and PNG."""
        curves = history.curves(self.progress.entries, "loss")
        svg, png = loss_curve(curves, title=self.run.name, best_epoch=best_epoch)
        write_bytes(self.run.path / "loss.svg", svg)
        write_bytes(self.run.path / "loss.png", png)

    def update(self, **changes: Any) -> RunState:
        """Replaces the state of the run."""
        self.state = dataclasses.replace(self.state, epochs=self.progress.epoch, **changes).write(self.run)
        return self.state
