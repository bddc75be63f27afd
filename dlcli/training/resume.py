"""Goes on with a run from its newest checkpoint, to the end that it would have had if it had never stopped."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.config import Config
from dlcli.config.merge import settings_read
from dlcli.config.monitors import directions
from dlcli.config.train import Train
from dlcli.data import Data, Dataset
from dlcli.data.fingerprint import fingerprint
from dlcli.data.memory import give_back_memory
from dlcli.errors import ArtifactError, ConflictError, UsageError
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.runs import Run, RunState, history, read_state
from dlcli.runs.atomic import sha256, sweep
from dlcli.runs.checkpoint import Checkpoint, folder_name, folders, newest, remove_all
from dlcli.runs.lock import Lock, weak_points
from dlcli.runs.places import check_places
from dlcli.spec import Spec, plain
from dlcli.training.checkpointing import phase_at
from dlcli.training.kept.record import around, inexact_by
from dlcli.training.kept.recorded import (
    changed_files,
    record_config,
    record_environment,
    recorded_environment,
    recorded_origin,
    recorded_tree,
)
from dlcli.training.kept.snapshot import Progress, put_back_rules
from dlcli.training.kept.splits_file import check_splits, save_splits
from dlcli.training.kept.trained import open_trained
from dlcli.training.session import Session
from dlcli.training.setup.backend import keras_loading
from dlcli.training.setup.experiment import Experiment, read_data
from dlcli.training.setup.replicas import Replicas
from dlcli.training.signals import stop_request
from dlcli.training.stopping import OF_PHASE, Pruning, Stop, Stopping, monitored_values, stop_between
from dlcli.training.train import asks_elsewhere, start, warnings_on
from dlcli.view.training.listeners import Listeners

FREE = ("name", "train.epochs", "train.time_limit", "train.until", "train.checkpoint", "train.trackers")
"""What may change from one process of a run to the next: none of it has a part in a step."""
BLOCKS: Mapping[str, type[Spec]] = {"data": Data, "train": Train}
"""The blocks that may have new keys."""
NUMBERS = ("versions", "machine", "processors", "threads", "onednn", "deterministic", "devices", "replicas")
"""What of the environment changes the last bits of numbers."""


@dataclass(frozen=True)
class ResumeRequest:
    """What the command line asks of a run; `settings` are changes of its configuration, as `train.epochs=40`."""

    run: Run
    settings: Sequence[str]
    allow_code: bool
    allow_config_change: bool
    allow_data_change: bool
    pruning: Pruning | None = None
    replicas: Replicas | None = None
    """The devices that share the training, where they have met already."""


def resume(request: ResumeRequest, listeners: Listeners) -> tuple[Run, RunState]:
    """Trains a run to its end, and gives it with its final state; one that has ended already is left as it is.

    Raises `ConflictError` where another process trains it, or where configuration or data have changed, and
    `ArtifactError` where nothing is left to go on from; otherwise what `train` raises.
    """
    run = request.run
    check_places(run)
    with (
        Lock(run.path) as lock,
        open_trained(run, allow_code=request.allow_code, log=run.log) as trained,
        stop_request(run) as stop,
    ):
        for note in weak_points(lock):
            listeners.note(f"note: {note}")
        sweep(run.path)
        sweep(run.checkpoints)
        stop.elsewhere, state = asks_elsewhere(request.replicas), read_state(run)
        checkpoint = last_checkpoint(run, state, listeners)
        config = trained.config_with(request.settings)
        check_epochs_ahead(run, config, checkpoint)
        reasons = changed_settings(request, config, checkpoint)
        if not request.allow_config_change:
            recorded_tree(run)  # raises where it is not what was written, though what has a part in a step is the same
        over = checkpoint and ended(run, config, checkpoint)
        if over and state.status == "done":
            more = f"; --epochs {config.train.planned} trains the rest of its phases" if config.train.is_cut else ""
            listeners.note(f"note: '{run.name}' is complete: {over.words}{more}")
            return run, state
        with keras_loading(config.data.source):
            dataset = read_data(config, allow_code=request.allow_code)
        reasons += changed_data(request, dataset)
        if checkpoint is not None and checkpoint.hollow:
            begin_again(run, reasons, listeners, same=not lasts_as_training(config, len(config.phases) - 1))
            checkpoint = None
        if checkpoint is not None:
            listeners.note(f"note: '{run.name}' goes on from {checkpoint_place(checkpoint)}")
        if config.plain() != recorded_tree(run, edited=True):
            record_config(run, config)
        threads = recorded_environment(run).get("threads", {})
        runs = run.root if checkpoint is None else None
        experiment = start(config, dataset, listeners, runs=runs, threads=threads, replicas=request.replicas)
        findings = warnings_on(config, dataset, listeners)
        del dataset  # the feeds hold what the steps need
        give_back_memory()
        reasons += [*changed_weights(request, experiment), *changed_environment(run, experiment)]
        for reason in reasons:
            listeners.note(f"note: not exact any more: {reason}")
        inexact = list(dict.fromkeys([*state.inexact, *reasons]))
        state = with_settings(state, settings_read(request.settings))
        state = dataclasses.replace(state, exact=not inexact, inexact=inexact)
        if checkpoint is None:
            remove_all(run)
            history.cut_history(run, 0)
        session = Session(run, experiment, listeners, stop, state, checkpoint, findings, request.pruning)
        if checkpoint is not None and checkpoint.state["steps"] != session.steps:
            before = checkpoint.state["steps"]
            message = f"an epoch had {before} steps and has {session.steps} now, so there is no place to go on from"
            raise ConflictError(message, file=run.path, hint="train it anew", kind="steps_changed")
        return run, session.run_to_end()


def begin_again(run: Run, reasons: Sequence[str], listeners: Listeners, *, same: bool) -> None:
    """Says that a run that is done and keeps no checkpoint is trained once more, further, and whether its epochs are the `same`.

    Raises `ConflictError` where something has changed, so that they would be others.
    """
    if reasons:
        message = (
            f"'{run.name}' keeps no checkpoint since it is done, so there is no place to go on from with other settings"
        )
        hint = f"begin a new run with its weights: weights: {{run: {run.name}}}; or train it with train.checkpoint.keep_after: 1"
        raise ConflictError(message, file=run.path, hint=hint, kind="no_checkpoint")
    why = (
        "where every epoch comes out the same (train.checkpoint.keep_after: 1 would keep one)"
        if same
        else "where the rate rises and falls over more epochs, so that they come out as those of a longer training"
    )
    listeners.note(
        f"note: '{run.name}' keeps no checkpoint since it is done: it is trained once more from the beginning, {why}"
    )


def lasts_as_training(config: Config, phase: int) -> bool:
    """Whether the rate of a phase goes by how many epochs this has, so that with more of them its steps are others."""
    return isinstance(config.phases[phase].optimizer.arguments.get("learning_rate"), OneCycle)


def epochs_recorded(tree: Mapping[str, Any], phase: int) -> int:
    """How many epochs a phase has in a recorded configuration, or all of one without phases."""
    phases = tree["train"].get("phases")
    return int(phases[phase]["epochs"] if phases else tree["train"]["epochs"])


def last_checkpoint(run: Run, state: RunState, listeners: Listeners) -> Checkpoint | None:
    """The newest valid checkpoint; None where the run was stopped before its first. Says what it passed over.

    Raises `ArtifactError` where every one is damaged.
    """
    found = newest(run)
    damaged = [path.name for path in folders(run) if found is None or path.name > folder_name(found.step)]
    if found is None and (damaged or state.resumable):
        what = f"is damaged: {damaged[-1]}" if damaged else "is missing"
        raise ArtifactError(
            f"every checkpoint of '{run.name}' {what}",
            file=run.checkpoints,
            hint="train it anew",
            kind="damaged_checkpoint",
        )
    for name in damaged:
        listeners.note(f"note: the checkpoint {name} is damaged; an earlier one is used")
    if found is None:
        listeners.note(f"note: '{run.name}' was stopped before its first checkpoint; it begins at the beginning")
    return found


def check_epochs_ahead(run: Run, config: Config, checkpoint: Checkpoint | None) -> None:
    """Refuses an end, of all or of the phase at hand, that lies behind where a run stands."""
    phase, begin = phase_at(checkpoint)
    done = 0 if checkpoint is None else int(checkpoint.state["progress"]["epoch"])
    lengths = [each.train.epochs for each in config.phases]
    wanted = config.train.epochs
    if len(lengths) > 1 and phase < len(lengths) and begin.epoch + lengths[phase] < done:
        wanted = begin.epoch + lengths[phase]
    if wanted < done:
        raise UsageError(
            f"'{run.name}' has trained {done:,} epochs, so it cannot end after {wanted:,}",
            file=run.path,
            hint=f"ask for more than {done:,}, or leave the epochs as they are",
            kind="epochs_behind",
        )


def checkpoint_place(checkpoint: Checkpoint) -> str:
    """Where a checkpoint stands, in words."""
    progress = checkpoint.state["progress"]
    if progress["begun"]:
        return f"step {progress['begun']} of epoch {progress['epoch'] + 1}"
    return f"the end of epoch {progress['epoch']}"


def with_settings(state: RunState, settings: Mapping[str, Any]) -> RunState:
    """The state of a run that goes on with more settings of the command line."""
    given = {**state.set, **settings}
    left = [each for each in state.unwritten if not any(f"{path}.".startswith(f"{each}.") for path in given)]
    return dataclasses.replace(state, reason=None, stop=None, exit_code=None, set=given, unwritten=left)


def changed_settings(request: ResumeRequest, config: Config, checkpoint: Checkpoint | None) -> list[str]:
    """What of the configuration is no longer what it was, where that is allowed. Raises `ConflictError`."""
    run = request.run
    if checkpoint is None:
        return []
    now = config.plain()
    known = with_defaults(checkpoint.state["config"], now)
    at, _ = phase_at(checkpoint)
    free = (*FREE, *(f"train.phases.{phase}.epochs" for phase in range(at, len(config.phases))))
    found = [
        f"{path} was {before!r} and is {after!r}"
        for path, before, after in differences(known, now)
        if not path.startswith("plugins") and not any(path == each or path.startswith(f"{each}.") for each in free)
    ]
    if at < len(config.phases) and lasts_as_training(config, at) and not checkpoint.hollow:
        before, after = epochs_recorded(known, at), epochs_recorded(now, at)
        if before != after:
            found.append(f"the rate rises and falls over all epochs, which were {before} and are {after}")
    if checkpoint.state["file"] != sha256(run.config):
        found.append("config.yaml in the run's folder was edited")
    if found and not request.allow_config_change:
        raise ConflictError(
            f"the configuration of '{run.name}' has changed: {'; '.join(found)}",
            file=run.path,
            hint=f"train it anew, or add --allow-config-change; without it only {', '.join(FREE)} may change",
            kind="configuration_changed",
        )
    return found


def with_defaults(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded configuration, in which keys that are new since are as they are by default."""
    blocks = {key: filled(recorded[key], now[key], block) for key, block in BLOCKS.items() if key in recorded}
    return filled({**recorded, **blocks}, now, Config)


def filled(recorded: Mapping[str, Any], now: Mapping[str, Any], block: type[Spec]) -> dict[str, Any]:
    """A recorded block with the keys that it has by default now."""
    fields = {field.alias or key: field for key, field in block.model_fields.items() if not field.is_required()}
    defaults = {key: plain(fields[key].get_default(call_default_factory=True)) for key in now if key in fields}
    return {**defaults, **recorded}


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every value that differs between two trees of plain data, with its path."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{path}.{number}")
    elif before != after:
        yield path, before, after


def ended(run: Run, config: Config, checkpoint: Checkpoint) -> Stop | None:
    """Why a training is over where its checkpoint stands, or None."""
    history.cut_history(run, checkpoint.state["history"])
    entries, progress = history.read(run), Progress()
    phase, begin = phase_at(checkpoint)
    if (
        not entries
        or checkpoint.state["progress"]["begun"]
        or len(entries) == begin.epoch
        or phase >= len(config.phases)
    ):
        return None
    train, left = config.phases[phase].train, config.train.epochs - len(entries)
    is_last = phase == len(config.phases) - 1 or left <= 0
    rules = Stopping.of(train, directions=directions(config.heads, validation=bool(entries[-1]["validation"])))
    put_back_rules(checkpoint.state, progress, rules.watch, None)
    stop = stop_between(
        rules,
        monitored_values(entries[-1]),
        epoch=progress.epoch - begin.epoch,
        left=left,
        seconds=progress.spent,
        words=progress.ended,
        last=is_last,
    )
    return stop if is_last or stop is None or stop.reason not in OF_PHASE else None


def changed_data(request: ResumeRequest, dataset: Dataset) -> list[str]:
    """What of the data is no longer what it was, where that is allowed; it is recorded anew. Raises `ConflictError`."""
    run = request.run
    others = changed_files(run, dataset)
    if not others:
        check_splits(run, dataset)
        return []
    if not request.allow_data_change:
        message = f"{others[0]} has changed since '{run.name}' was started"
        raise ConflictError(
            message, file=others[0], hint="put it back, or add --allow-data-change", kind="data_changed"
        )
    save_splits(run, dataset)
    record_environment(run, {**recorded_environment(run), "data": fingerprint(dataset.fields.files)})
    return [f"the data has changed: {', '.join(others)}"]


def changed_weights(request: ResumeRequest, experiment: Experiment) -> list[str]:
    """What of the weights that a training starts with is no longer what it was, where that is allowed; recorded anew.

    Raises `ConflictError`. Only a training that begins once more loads them.
    """
    run, now = request.run, experiment.weights
    if now is None:
        return []
    recorded = recorded_environment(run)
    before = recorded.get("weights")
    record_environment(run, {**recorded, **recorded_origin(experiment)})
    if before is None or before["sha256"] == now.sha256:
        return []
    if not request.allow_data_change:
        record_environment(run, recorded)
        message = f"{now.file} has changed since '{run.name}' was started"
        hint = "put it back, or add --allow-data-change"
        raise ConflictError(message, file=now.file, hint=hint, kind="weights_changed")
    return [f"the weights that it starts with have changed: {now.file}"]


def changed_environment(run: Run, experiment: Experiment) -> list[str]:
    """What the last bits depend on and is no longer as it was; a run that was stopped before is recorded now."""
    now, recorded = around(experiment), recorded_environment(run)
    if "versions" not in recorded:
        record_environment(run, {**now, **recorded})
        return inexact_by(now, experiment)
    before, after = ({key: tree.get(key) for key in NUMBERS} for tree in (recorded, now))
    return [f"{path} was {old} and is {new}" for path, old, new in differences(before, after)]
