"""Trains a configuration: reads its data, claims a run, sets up, and runs the session."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dlcli.config import Config
from dlcli.config.backbones import unprepared_backbones
from dlcli.config.merge import settings_read
from dlcli.config.unusual import unusual_values
from dlcli.data import Dataset
from dlcli.data.memory import give_back_memory
from dlcli.errors import DlcliError
from dlcli.finding import Finding
from dlcli.loss import metric_name, needs
from dlcli.loss.metric_fit import speaks_of_one
from dlcli.loss.reading import reads_one_class, reads_yes_or_no
from dlcli.optimizer.schedules import early_end
from dlcli.runs import Run, RunState
from dlcli.runs.folder import next_number
from dlcli.runs.lock import Lock, weak_points
from dlcli.runs.names import safe_name
from dlcli.signals import unmasked_interruption
from dlcli.spec import unwritten
from dlcli.training.distributed.twin import notes_on_sharing
from dlcli.training.evidence.data_seen import data_seen
from dlcli.training.failures import recorded_bug
from dlcli.training.kept.record import Record
from dlcli.training.kept.starting_weights import with_starting_weights
from dlcli.training.phase_words import earlier_end
from dlcli.training.session import Session
from dlcli.training.setup.backend import chatter_to, keras_loading, start_keras
from dlcli.training.setup.devices import notes_on_devices
from dlcli.training.setup.experiment import STEPS, Experiment, read_data, set_up
from dlcli.training.setup.origins import VectorsOrigin, WeightsOrigin
from dlcli.training.setup.replicas import Replicas, mirrored
from dlcli.training.setup.target_range import has_soft_labels, notes_on_sums, notes_on_zeros
from dlcli.training.signals import stop_request
from dlcli.training.stopping import Pruning
from dlcli.view.sentences import told_of_data
from dlcli.view.training.listeners import Listeners


@dataclass(frozen=True)
class Request:
    """What the command line asks of a training."""

    config: Config
    content: bytes
    """The configuration file as the person wrote it."""
    file: str
    runs: Path
    name: str | None = None
    rename: bool = True
    allow_code: bool = False
    """Whether the configuration may run Python of its own."""
    settings: Sequence[str] = ()
    """The settings of the command line, which `config` has in it."""
    weights_from: Path | None = None
    """The folder of the runs whose weights it may start with, where that is another than `runs`."""
    ends_after: int = sys.maxsize
    """The epoch behind which it ends, however many it plans for."""
    number: int | None = None
    """The number of its run, where it has been given out already."""
    threads: Mapping[str, int] = field(default_factory=dict)
    """The threads of its operations as env.json has them; as many as TensorFlow takes where nothing is said."""
    pruning: Pruning | None = None
    replicas: Replicas | None = None
    """The devices that share the training, where they have met already."""


def train(request: Request, listeners: Listeners) -> tuple[Run, RunState]:
    """Trains, and gives the run with its final state.

    Raises what set-up raises, leaving no run behind; `DivergedError`, `Stopped` or another error of training leaves a run
    that says so.
    """
    config = request.config
    with keras_loading(config.data.source):
        dataset = read_data(config, allow_code=request.allow_code)
    for note in dataset.notes:
        listeners.note(f"note: {note}")
    named = asked_name(request)
    if request.name is None and config.name and named != unicodedata.normalize("NFC", config.name):
        listeners.note(f"note: the run is called '{named}'; a name holds letters, digits and . _ - alone")
    run = Run.claim(request.runs, named, rename=request.rename)
    with Lock(run.path) as lock, chatter_to(run.log), stop_request(run) as stop:
        stop.after = request.ends_after
        stop.elsewhere = asks_elsewhere(request.replicas)
        given = settings_read(request.settings)
        number = request.number or next_number(request.runs)
        state = RunState(run.name, number, "created", request.file, now(), set=given)
        state = dataclasses.replace(state, unwritten=[*unwritten(config)])
        with nothing_left_of(run, state), unmasked_interruption():
            state.write(run)
            for note in weak_points(lock):
                listeners.note(f"note: {note}")
            record = Record(run, config, request.content)
            record.begin(dataset)
            weights_from = request.weights_from or request.runs
            experiment = start(
                config, dataset, listeners, runs=weights_from, threads=request.threads, replicas=request.replicas
            )
            if config.train.is_cut:
                command = run.command("resume", "--epochs", str(config.train.planned))
                listeners.note(f"note: {earlier_end(config.train)}; {command} trains the rest")
            findings = warnings_on(config, dataset, listeners)
            del dataset  # the feeds hold what the steps need
            give_back_memory()
            inexact = record.complete(experiment)
            state = dataclasses.replace(state, exact=not inexact, inexact=inexact)
            session = Session(run, experiment, listeners, stop, state, findings=findings, pruning=request.pruning)
        return run, session.run_to_end()


def asks_elsewhere(replicas: Replicas | None) -> Callable[[], signal.Signals | None]:
    """Asks whether another process that shares the training was told to end."""
    return lambda: None if replicas is None else replicas.stopped_by


def asked_name(request: Request) -> str:
    """What its run is to be called, if that is not taken: as the command line says, the configuration, or its file."""
    named = request.config.name or (Path(request.file).stem if request.file != "-" else "run")
    return request.name or safe_name(named)


def start(
    config: Config,
    dataset: Dataset,
    listeners: Listeners,
    *,
    runs: Path | None,
    threads: Mapping[str, int],
    replicas: Replicas | None = None,
) -> Experiment:
    """Starts Keras and sets the experiment up; says what is worth a look now that the data is known.

    `runs` is the folder of the runs that it may name; None leaves the weights to who puts them back.
    """
    train = config.train
    start_as_written(config, threads)
    with config.locating():
        if replicas is None and train.is_distributed:
            replicas = mirrored(train)
    for note in notes_on_devices(train):
        listeners.note(f"note: {note}")
    with config.naming_files():
        experiment = dataclasses.replace(set_up(config, dataset), replicas=replicas)
        if runs is not None:
            experiment = with_starting_weights(experiment, runs=runs)
    for note in [] if replicas is None else notes_on_sharing(experiment, replicas):
        listeners.note(f"note: {note}")
    note_weights(experiment.weights, listeners)
    note_vectors(experiment.vectors, listeners)
    for head, target in zip(config.heads, dataset.schema.targets, strict=True):
        if target.positive is not None and any(speaks_of_one(metric, head.loss) for metric in head.metrics):
            listeners.note(f"note: the metrics of '{target.name}' speak of its class '{target.positive}'")
        halved = [metric_name(metric) for metric in head.metrics if reads_yes_or_no(metric, head.loss)]
        if halved and has_soft_labels(experiment.splits["train"], target):
            listeners.note(
                f"note: the labels of '{target.name}' are shares; {', '.join(halved)}: above 0.5 counts as yes"
            )
        largest = [
            metric_name(metric) for metric in head.metrics if needs(head.loss) == "one_hot" and reads_one_class(metric)
        ]
        if largest and has_soft_labels(experiment.splits["train"], target):
            listeners.note(
                f"note: the labels of '{target.name}' are shares; {', '.join(largest)}: the largest counts as the class"
            )
    train_feed = experiment.splits["train"]
    for note in [
        *notes_on_zeros(config.heads, dataset.schema.targets, train_feed),
        *notes_on_sums(config.heads, dataset.schema.targets, train_feed),
    ]:
        listeners.note(f"note: {note}")
    noted = config.noted(*experiment.built.notes, *unprepared_backbones(config.layers, config.data))
    for plan in experiment.plans:
        optimizer, epochs = plan.config.optimizer, plan.config.train.epochs
        noted += plan.config.noted(
            early_end(optimizer, epochs=epochs, steps_per_epoch=plan.facts[STEPS]),
            *unusual_values(optimizer, plan.config.train),
        )
    for each in dict.fromkeys(noted):
        words = "; ".join(filter(None, [each.message, each.suggestion]))
        listeners.note(f"note: {each.file}:{each.line}: {words}")
    return experiment


def start_as_written(config: Config, threads: Mapping[str, int]) -> None:
    """Starts Keras as a configuration says, or raises `ConfigError` at the line of a device that is not there."""
    train = config.train
    with config.locating():
        start_keras(
            seed=config.seed,
            precision=train.precision,
            deterministic=train.deterministic,
            threads=threads,
            devices=train.devices,
        )


def warnings_on(config: Config, dataset: Dataset, listeners: Listeners) -> list[Finding]:
    """What looks wrong in the data; of it the warnings are said before the first epoch, a line each."""
    findings = data_seen(config, dataset)
    for finding in findings:
        if finding.severity != "note":
            told = told_of_data(finding)
            listeners.note(f"warning: {told.finding}: {told.evidence}")
    return findings


def note_weights(weights: WeightsOrigin | None, listeners: Listeners) -> None:
    """Says where the first weights come from, if from elsewhere."""
    if weights is None:
        return
    for note in weights.notes:
        listeners.note(f"note: {note}")
    which = f"{len(weights.layers)} layers" if len(weights.layers) > 3 else ", ".join(weights.layers)
    listeners.note(f"weights: {weights.parameters:,} numbers of {which} from {weights.file}")


def note_vectors(vectors: Mapping[str, VectorsOrigin], listeners: Listeners) -> None:
    """Says how many words of each Embedding had a vector, and warns where none had."""
    for layer, each in vectors.items():
        file = Path(each.file).name
        listeners.note(f"vectors: {each.found:,} of {each.of:,} words of {layer} from {file}")
        if not each.found and each.of:
            words, there = (", ".join(map(repr, some)) for some in (each.words, each.there))
            listeners.note(
                f"warning: no word of {layer} has a vector, so all begin with its initializer: its words are {words}, those of "
                f"{file} {there}; name a file of the same words, or change standardize in TextVectorization"
            )


@contextlib.contextmanager
def nothing_left_of(run: Run, state: RunState) -> Iterator[None]:
    """Removes the run again if it cannot be trained or is stopped before its first step; a bug leaves a run that says so."""
    try:
        yield
    except (DlcliError, KeyboardInterrupt):
        with contextlib.suppress(KeyboardInterrupt):  # whoever presses twice wants no less
            shutil.rmtree(run.path, ignore_errors=True)
        shutil.rmtree(run.path, ignore_errors=True)
        raise
    except (Exception, SystemExit) as error:  # which a plugin may raise
        raise recorded_bug(run, state, error) from error


def now() -> str:
    """The time as UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
