"""The session: runs the epochs of a training that has been set up, keeps the best, says how it went."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

from dlcli.config.monitors import directions
from dlcli.errors import BlockError, DivergedError, DlcliError, ResourceError, Stopped
from dlcli.finding import Finding
from dlcli.runs import Run, RunState, history
from dlcli.runs.atomic import sha256
from dlcli.runs.checkpoint import Checkpoint
from dlcli.runs.state import StopReason
from dlcli.training.checkpointing import Checkpointing, phase_at
from dlcli.training.distributed.choice import engine_for
from dlcli.training.ending import Ending, words_to_go_on
from dlcli.training.engine.measure import Measure
from dlcli.training.engine.passes import Begin, behind, samples_of
from dlcli.training.evidence.begun import first_values
from dlcli.training.failures import recorded_bug
from dlcli.training.health import Health
from dlcli.training.kept.by_sample import keep_samples
from dlcli.training.kept.model_folder import save_model
from dlcli.training.kept.record import trained_on
from dlcli.training.kept.recorded import record_schema
from dlcli.training.kept.snapshot import (
    Progress,
    put_back,
    put_back_generators,
    put_back_rules,
    rules_of,
    with_numbers,
)
from dlcli.training.listeners.loss_picture import LossPicture
from dlcli.training.listeners.trackers import trackers_of
from dlcli.training.outcome import Beside, hint_of, keep_weights
from dlcli.training.phase_words import phase_words
from dlcli.training.setup.callbacks import Callbacks
from dlcli.training.setup.experiment import STEPS, Experiment
from dlcli.training.signals import StopRequest
from dlcli.training.stopping import OF_PHASE, Plateau, Pruning, Stop, Stopping, monitored_values, stop_between
from dlcli.view.training.events import EpochLine, Plan
from dlcli.view.training.listeners import Listeners


class Session:
    """A training that has been set up."""

    def __init__(
        self,
        run: Run,
        experiment: Experiment,
        listeners: Listeners,
        stop: StopRequest,
        state: RunState,
        checkpoint: Checkpoint | None = None,
        findings: Sequence[Finding] = (),
        pruning: Pruning | None = None,
    ) -> None:
        """`findings` are what looks wrong in the data."""
        self.pruning, self.pruned = pruning or (lambda line: None), ""
        self.run, self.experiment, self.stop, self.state = run, experiment, stop, state
        trackers = trackers_of(experiment.config.train.trackers, run, note=listeners.note)
        self.listeners, self.findings = listeners.and_also(LossPicture(run), *trackers), findings
        self.plans = experiment.plans
        self.progress, self.started = Progress(), time.monotonic()
        self.checkpoints = Checkpointing(run, experiment, state=self.everything_else, note=self.listeners.note)
        self.directions = directions(experiment.config.heads, validation="validation" in experiment.splits)
        phase, begin = phase_at(checkpoint)
        try:
            self.callbacks = Callbacks(
                experiment.config.train.callbacks,
                experiment.model,
                folder=run.path,
                epochs=experiment.whole.train.epochs,
                steps=experiment.facts[STEPS],
            )
            self.callbacks.begin(None if checkpoint is None else checkpoint.state["callbacks"])
            self.enter(phase, begin)
        except BlockError as error:
            raise self.experiment.config.located(error) from None
        if checkpoint is not None:
            self.go_on_from(checkpoint)

    def enter(self, phase: int, begin: Begin) -> None:
        """Begins a phase, of which all but the weights is its own. Raises `BlockError` where no engine can run it."""
        if phase:
            self.experiment = self.experiment.in_phase(phase)
            vars(self).pop("engine", None)  # it holds the data, as the next one will
        self.begin, experiment, train = begin, self.experiment, self.experiment.config.train
        self.steps = experiment.facts[STEPS]
        self.stopping = Stopping.of(train, directions=self.directions)
        plateau = train.reduce_on_plateau
        self.plateau = None if plateau is None else Plateau.of(plateau, directions=self.directions)
        self.engine, self.way = engine_for(
            experiment,
            by_batch=self.callbacks.by_batch,
            pause=self.checkpoints.saving.pause,
            changed=self.changed_way,
            begin=begin,
        )
        self.measure = Measure(experiment.model)
        self.health = Health(self.run, experiment, self.progress, begin=begin)
        self.first = first_values(experiment.model)
        self.checkpoints.best_weights = None
        self.checkpoints.check_room()

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """Puts everything back as it was when a checkpoint was made; what came later is taken back."""
        put_back(self.experiment.model, checkpoint.arrays)
        put_back_rules(checkpoint.state, self.progress, self.stopping.watch, self.plateau)
        put_back_generators(checkpoint.state)
        self.checkpoints.go_on_from(checkpoint)
        history.cut_history(self.run, checkpoint.state["history"])
        self.progress.entries = [with_numbers(entry) for entry in history.read(self.run)]

    def earlier_lines(self) -> list[EpochLine]:
        """The epochs of a resumed training that are over, as the view shows them."""
        rules = [Stopping.of(plan.config.train, directions=self.directions) for plan in self.plans]
        lines = []
        for entry in self.progress.entries:
            better = rules[entry.get("phase", 1) - 1].watch.see(monitored_values(entry), entry["epoch"])
            values = entry["train"], entry["validation"], entry["learning_rate"]
            lines.append(EpochLine(entry["epoch"], self.all_epochs, *values, 0.0, better, entry.get("phase")))
        return lines

    @property
    def all_epochs(self) -> int:
        """The number of the last epoch, if no rule ends a phase before."""
        ahead = sum(plan.config.train.epochs for plan in self.plans[self.experiment.phase :])
        return min(self.begin.epoch + ahead, self.experiment.whole.train.epochs)

    @property
    def in_last_phase(self) -> bool:
        """Whether nothing is trained behind the phase."""
        return self.experiment.phase == len(self.plans) - 1 or self.left <= 0

    @property
    def left(self) -> int:
        """How many epochs all of the training still has, if no rule ends it before."""
        return min(self.experiment.whole.train.epochs, self.stop.after) - self.progress.epoch

    def plan(self) -> Plan:
        """What is going to be trained from here on."""
        samples, size = len(self.experiment.splits["train"]), self.experiment.config.train.batch_size
        about = trained_on(self.experiment)
        return Plan(
            self.run.name,
            self.all_epochs,
            self.steps,
            samples_of(self.steps, samples=samples, batch_size=size),
            self.stopping.watch.monitor,
            self.earlier_lines(),
            splits=about["samples"],
            parameters=about["parameters"],
            device=about["device"],
            engine=f"{self.engine.name} ({self.way})",
        )

    def changed_way(self, what: str, way: str) -> None:
        """Says that the steps go another way than was planned."""
        self.listeners.note(f"note: {what}")
        self.update(way=way)

    def run_to_end(self) -> RunState:
        """All epochs, and the end whatever it is; the listeners are closed then."""
        with self.listeners:
            return self.trained()

    def trained(self) -> RunState:
        """All epochs, and the end whatever it is. Raises what ended it, `BlockError` as `ConfigError` at its line."""
        self.stop.steps_begun = True
        self.update(status="running", engine=self.engine.name, way=self.way, **trained_on(self.experiment))
        if len(self.plans) > 1:
            self.listeners.note(phase_words(self.experiment, self.begin))
        self.listeners.start(self.plan())
        self.started = time.monotonic()
        try:
            return self.finish(self.epochs())
        except Stopped as error:
            why = {"reason": error.message, "stop": StopReason.SIGNAL, "exit_code": error.code}
            self.update(status="interrupted", **why)  # said also where a second signal ends what follows
            why |= self.ending.stopped() | {"seconds": round(self.seconds, 3)}
            error.verdict, error.run = self.update(status="interrupted", **why).verdict, self.run.path
            raise
        except DivergedError as error:
            error.verdict = self.ending.broken(self.health.broke)
            error.hint = hint_of(error.verdict) or error.hint
            reason = f"{error.name}: {error.message}"
            self.update(status="failed", reason=reason, exit_code=error.code, verdict=error.verdict)
            raise
        except BlockError as error:
            self.update(status="failed", reason=f"{error.name}: {error.message}", exit_code=error.code)
            raise self.experiment.config.located(error) from error
        except DlcliError as error:
            if isinstance(error, ResourceError) and self.state.resumable:
                error.hint = "; then ".join(filter(None, [error.hint, self.run.command("resume")]))
            self.experiment.whole.name_file(error)
            self.update(status="failed", reason=f"{error.name}: {error.message}", exit_code=error.code)
            raise
        except (Exception, SystemExit) as error:  # which a plugin may raise
            raise recorded_bug(self.run, self.state, error) from error

    @property
    def ending(self) -> Ending:
        """The training as it stands, to say how it went."""
        told = Beside(self.first, words_to_go_on(self.run, self.experiment), self.state.config, self.findings)
        entries, over = self.progress.entries, self.listeners.over
        return Ending(self.experiment, self.measure, self.stopping, entries, self.begin, told, over)

    def epochs(self) -> Stop:
        """Runs epochs until a rule ends them, phase by phase; gives the reason."""
        stop = self.ended()
        while stop is None or (stop.reason in OF_PHASE and not self.in_last_phase):
            if stop is None:
                self.one_epoch()
            else:
                self.next_phase()
            stop = self.ended()
        if self.step != self.checkpoints.step:
            self.checkpoint()
        self.callbacks.tell("on_train_end")
        return stop

    def next_phase(self) -> None:
        """Goes over to the next phase, which begins with what this one keeps; a kill before its first checkpoint repeats that."""
        if self.step != self.checkpoints.step:
            self.checkpoint()
        keep_weights(self.experiment, self.stopping, self.checkpoints.best_weights, last=self.progress.epoch)
        samples, size = len(self.experiment.splits["train"]), self.experiment.config.train.batch_size
        begin = behind(self.begin, epoch=self.progress.epoch, step=self.step, samples=samples, batch_size=size)
        self.enter(self.experiment.phase + 1, begin)
        self.update(engine=self.engine.name, way=self.way)
        self.listeners.note(phase_words(self.experiment, self.begin))
        self.listeners.phase(self.plan())

    def ended(self) -> Stop | None:
        """Why the phase ends where it stands, or None; between two of its epochs only."""
        if not (progress := self.progress).entries or progress.begun or progress.epoch == self.begin.epoch:
            return None
        values = monitored_values(progress.entries[-1])
        epoch, last = progress.epoch - self.begin.epoch, self.in_last_phase
        stop = stop_between(
            self.stopping, values, epoch=epoch, left=self.left, seconds=self.seconds, words=progress.ended, last=last
        )
        return stop or (Stop(StopReason.PRUNED, self.pruned) if self.pruned else None)

    def one_epoch(self) -> None:
        """One epoch, or what is left of it: its steps, validation, history, and what follows from them."""
        model, progress, started = self.experiment.model, self.progress, time.monotonic()
        number = progress.epoch
        if progress.begun == 0:
            progress.rate = float(model.optimizer.learning_rate)
            self.callbacks.tell("on_epoch_begin", number)
        rate = progress.rate
        if progress.trained is None:
            if self.callbacks.by_batch:
                self.callbacks.tell("on_train_batch_begin", progress.begun)
            trained = self.engine.epoch(number, between=self.between, first=progress.begun)
            if self.stop.signal is not None and progress.begun < self.steps:
                self.interrupted()
            self.health.check_epoch(trained["loss"], step=self.step)
            progress.trained = trained
        trained, validation = progress.trained, self.validate()
        if self.stop.signal is not None:
            self.interrupted()
        progress.epoch, progress.begun, progress.trained = number + 1, 0, None
        entry: dict[str, Any] = {"epoch": progress.epoch, "step": self.step, "learning_rate": rate}
        entry |= {"train": trained, "validation": validation}
        if len(self.plans) > 1:
            entry["phase"] = self.experiment.phase + 1
        values = monitored_values(entry)
        self.callbacks.tell("on_epoch_end", number, values)
        better = self.stopping.watch.see(values, self.progress.epoch)
        self.progress.entries.append(entry)
        history.append(self.run, entry)
        seconds = time.monotonic() - started
        phase = entry.get("phase")
        line = EpochLine(progress.epoch, self.all_epochs, trained, validation, rate, seconds, better, phase)
        self.listeners.epoch(line)
        self.pruned = self.pruning(line) or ""
        if model.stop_training:
            self.progress.ended = "a callback ended the training"
        self.after_epoch(values, better=better, rate=float(model.optimizer.learning_rate))

    def after_epoch(self, values: dict[str, float], *, better: bool, rate: float) -> None:
        """Keeps the best weights, lowers the rate on a plateau, saves a checkpoint when it is time."""
        model = self.experiment.model
        if better and self.stopping.keeps_best:
            self.checkpoints.keep_best()
        if self.plateau is not None:
            lower = self.plateau.rate(values, epoch=self.progress.epoch, rate=rate)
            if lower != rate:
                model.optimizer.learning_rate = lower
        if self.checkpoints.saving.due(self.step, epoch_ended=True):
            self.checkpoint()

    def between(self, step: int, loss: float) -> bool:
        """After some steps of an epoch: the callbacks, the view, and whether to go on."""
        if self.callbacks.by_batch:
            self.callbacks.tell("on_train_batch_end", step - 1)
            if step < self.steps:
                self.callbacks.tell("on_train_batch_begin", step)
        self.progress.begun = step
        self.listeners.step(step, loss)
        self.health.check_step(loss)
        if step < self.steps and self.checkpoints.saving.due(self.step, epoch_ended=False):
            self.checkpoint()
        return self.stop.signal is None

    @property
    def step(self) -> int:
        """How many steps have been done, of all epochs."""
        return self.begin.step + (self.progress.epoch - self.begin.epoch) * self.steps + self.progress.begun

    @property
    def seen(self) -> int:
        """How many samples the steps of all epochs have taken."""
        samples, size = len(self.experiment.splits["train"]), self.experiment.config.train.batch_size
        return self.begin.samples + samples_of(self.step - self.begin.step, samples=samples, batch_size=size)

    @property
    def seconds(self) -> float:
        """The time since the first step, without that between the processes of a resumed training."""
        return self.progress.spent + time.monotonic() - self.started

    def validate(self) -> dict[str, float]:
        """Loss and metrics of the validation split, if there is one."""
        split = self.experiment.splits.get("validation")
        if split is None:
            return {}
        self.callbacks.tell("on_test_begin")
        values = self.measure.measure(split, between=lambda: self.stop.signal is None)
        self.callbacks.tell("on_test_end", values)
        return values

    def interrupted(self) -> None:
        """Saves what there is and ends. Raises `Stopped` always."""
        assert self.stop.signal is not None
        self.checkpoint()
        self.save()
        epoch = self.progress.epoch + 1
        raise Stopped(
            self.stop.signal,
            f"stopped by {self.stop.signal.name} in epoch {epoch}; the model as it was is saved in {self.run.path}",
            hint=self.run.command("resume"),
        )

    def checkpoint(self) -> None:
        """Commits all that the training is at this instant."""
        self.engine.settle()
        self.health.check_weights(step=self.step)
        is_best = self.stopping.watch.best_epoch == self.progress.epoch
        if self.checkpoints.commit(self.step, is_best=is_best) and not self.state.resumable:
            self.update(resumable=True)

    def everything_else(self) -> dict[str, Any]:
        """What a checkpoint holds besides the variables, as JSON can hold it."""
        progress = dataclasses.replace(self.progress, spent=self.seconds)
        return {
            **rules_of(progress, self.stopping.watch, self.plateau),
            "callbacks": self.callbacks.state(),
            "history": history.print_of_history(self.run),
            "engine": self.engine.name,
            "config": self.experiment.whole.plain(),
            "file": sha256(self.run.config),
            "steps": self.steps,
            "phase": {"number": self.experiment.phase, "begin": dataclasses.asdict(self.begin)},
        }

    def finish(self, stop: Stop) -> RunState:
        """Saves the model, tells the listeners, and says how it went."""
        seconds, best = self.seconds, self.checkpoints.best_weights
        end = self.ending.planned(best, stop.reason)
        self.save()
        keep_samples(self.run, self.experiment, self.measure)
        self.listeners.end(self.stopping.watch.best_epoch or None)
        rate = round(self.seen / max(seconds, 1e-9), 1)
        times = {"seconds": round(seconds, 3), "samples_per_second": rate}
        resumable = self.checkpoints.saving.keep_after > 0
        self.update(
            status="done", reason=stop.words, stop=stop.reason, exit_code=0, resumable=resumable, **times, **end
        )
        self.checkpoints.thin_out()
        return self.state

    def save(self) -> None:
        """Commits the model with its preparation and schema."""
        record_schema(self.run, self.experiment.dataset.schema)
        save_model(self.run, self.experiment.model, self.experiment.preparation, self.experiment.dataset.schema)

    def update(self, **changes: Any) -> RunState:
        """Replaces the state of the run."""
        self.state = dataclasses.replace(self.state, epochs=self.progress.epoch, **changes).write(self.run)
        return self.state
