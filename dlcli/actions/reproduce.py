"""Trains a run again from its folder and compares every epoch: whether the numbers match, and what differs if not."""

from __future__ import annotations

import json
import math
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dlcli.actions.compare import CHANCE, values_of
from dlcli.errors import ArtifactError, ConflictError, DivergedError
from dlcli.runs import Run, history, read_state, status_of
from dlcli.runs.atomic import read_plain
from dlcli.runs.folder import run_folders
from dlcli.runs.noise import paired_noise, t_quantile
from dlcli.runs.samples_file import read_samples
from dlcli.runs.state import ALIVE, RunState, StopReason
from dlcli.runs.summary import run_summary
from dlcli.training.kept.recorded import recorded_environment
from dlcli.training.kept.trained import open_trained
from dlcli.training.train import Request, train
from dlcli.view.reproduced import Difference, EpochDifference, Matters, MetricAgain, Reproduced
from dlcli.view.training.listeners import Listeners

FEWEST_SEEDS = 3
"""Runs that differ in their seeds alone tell how far seeds scatter a metric from so many on."""
COMPARED = ("versions", "machine", "processors", "threads", "onednn", "deterministic", "devices")
"""What env.json says of where a run was trained, as far as numbers depend on it."""


def reproduce(run: Run, listeners: Listeners, *, runs: Path, allow_code: bool) -> Reproduced:
    """Trains a run again, with its own configuration and seed, in a folder that is gone afterwards, and compares.

    Raises `ConflictError` for a run that trains just now, `ArtifactError` for one without an epoch, and what training raises
    before its first step.
    """
    state = read_state(run)
    if status_of(run, state) in ALIVE:
        raise ConflictError(
            f"'{run.name}' trains just now", file=run.path, hint="wait until it has ended", kind="run_in_use"
        )
    before = history.read(run)
    if not before:
        raise ArtifactError(
            f"'{run.name}' has no epoch to compare with", file=run.path, hint="train it first", kind="no_epoch"
        )
    folder = Path(tempfile.mkdtemp(prefix="dlcli-reproduce-"))
    try:
        again, broken = trained_again(run, state, len(before), listeners, folder, runs=runs, allow_code=allow_code)
        return compared_runs(run, again, state, before, runs=runs, broken=broken)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def trained_again(
    run: Run, state: RunState, epochs: int, listeners: Listeners, folder: Path, *, runs: Path, allow_code: bool
) -> tuple[Run, str | None]:
    """The run that the same configuration makes in another folder in so many epochs, however long they take, and what broke it
    off, if anything did.
    """
    with open_trained(run, allow_code=allow_code) as trained:
        config = trained.config_with(["train.time_limit=null"])
    request = Request(
        config,
        read_plain(run.config),
        state.config,
        folder,
        name=run.path.name,
        allow_code=allow_code,
        weights_from=runs,
        ends_after=epochs,
        threads=recorded_environment(run).get("threads", {}),
    )
    try:
        return train(request, listeners)[0], None
    except DivergedError as error:
        return Run(folder / run.path.name), error.message


def compared_runs(
    run: Run, again: Run, state: RunState, before: Sequence[Mapping[str, Any]], *, runs: Path, broken: str | None
) -> Reproduced:
    """What both runs have in common, and in what they differ."""
    after, new = history.read(again), read_state(again)
    epochs = [each for pair in zip(before, after, strict=False) for each in epoch_differences(*pair)]
    first = min((each.epoch for each in epochs), default=None)
    compared = min(len(before), len(after))
    # A signal ends a run between two epochs or within one: what it kept is not what its last whole epoch made.
    comparable = len(before) == len(after) and state.stop != StopReason.SIGNAL
    metrics = [*metrics_again(state, new)] if comparable else []
    equal = first is None and len(before) == len(after) and all(each.was == each.now for each in metrics)
    matters = None if equal else matter_of(run, again, metrics, runs=runs)
    return Reproduced(
        run=run.name,
        equal=equal,
        epochs=len(before),
        epochs_again=len(after),
        compared=compared,
        first_difference=first,
        largest=sorted(epochs, key=lambda each: -each.relative)[:1],
        differs=[*circumstances(run, again, state, new)],
        metrics=metrics,
        matters=matters,
        broken_off=broken,
        seconds=new.seconds,
        exact=state.exact,
        inexact=list(state.inexact),
    )


def epoch_differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[EpochDifference]:
    """Each value of an epoch that is another one."""
    for split in ("train", "validation"):
        for name, value in was.get(split, {}).items():
            other = now.get(split, {}).get(name)
            if other != value:
                yield EpochDifference(int(was["epoch"]), split, name, value, other)


def metrics_again(state: RunState, new: RunState) -> Iterator[MetricAgain]:
    """What the kept model reached, then and now."""
    for split, values in state.metrics.items():
        for name, value in values.items():
            yield MetricAgain(split, name, value, new.metrics.get(split, {}).get(name))


def circumstances(run: Run, again: Run, state: RunState, new: RunState) -> Iterator[Difference]:
    """What the numbers depend on and is another now: data, versions, threads, device, the way of the steps."""
    was, now = recorded_environment(run), recorded_environment(again)
    files = {str(each["file"]): each for each in now.get("data", [])}
    for each in was.get("data", []):
        other = files.get(str(each["file"]))
        if other is None or other["sha256"] != each["sha256"]:
            content = None if other is None else str(other["sha256"])
            yield Difference("data", str(each["file"]), str(each["sha256"]), content)
    for name in files.keys() - {str(each["file"]) for each in was.get("data", [])}:
        yield Difference("data", name, None, str(files[name]["sha256"]))
    for key in COMPARED:
        yield from unequal(key, "", was.get(key), now.get(key))
    for key in ("samples", "parameters", "device", "engine", "way"):
        yield from unequal(key, "", getattr(state, key), getattr(new, key))
    if splits_of(run) != splits_of(again):
        yield Difference("splits", "splits.npz", "other rows in train, validation and test", None)


def unequal(what: str, name: str, was: Any, now: Any) -> Iterator[Difference]:
    """Where two facts differ, each part of them by itself; nothing where one of them was not recorded."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in was:
            yield from unequal(what, str(key), was[key], now.get(key))
    elif was is not None and now is not None and was != now:
        yield Difference(what, name, json.dumps(was), json.dumps(now))


def splits_of(run: Run) -> list[tuple[str, bytes]] | None:
    """Which rows each split of a run has; None where that cannot be read."""
    import numpy as np

    try:
        with np.load(run.path / "splits.npz") as content:
            return [(name, content[name].tobytes()) for name in content.files]
    except (OSError, ValueError):
        return None


def matter_of(run: Run, again: Run, metrics: Sequence[MetricAgain], *, runs: Path) -> Matters | None:
    """Whether the difference of what was reached is more than chance makes: that of seeds, or else that of other samples."""
    return beside_seeds(run, metrics, runs=runs) or beside_samples(run, again)


def beside_seeds(run: Run, metrics: Sequence[MetricAgain], *, runs: Path) -> Matters | None:
    """The same beside the scatter of runs that differ from this one in their seeds alone; None of fewer than three."""
    own = run_summary(run)
    mine = unlike_by_chance(own.configuration.tree)
    alike = [
        row
        for path in run_folders(runs)
        if unlike_by_chance((row := run_summary(Run(path))).configuration.tree) == mine
    ]
    different = {json.dumps(row.configuration.value("seed")): row for row in alike}
    if mine is None or len(different) < FEWEST_SEEDS:
        return None
    worst: Matters | None = None
    for each in metrics:
        name = f"{each.split}.{each.metric}"
        values = [value for row in different.values() if (value := values_of(row, None).get(name)) is not None]
        if each.split == "train" or each.was is None or each.now is None or len(values) < FEWEST_SEEDS:
            continue
        # A single new run lies within this of another one, 95 times of 100.
        most = t_quantile(0.05, len(values) - 1) * statistics.stdev(values) * math.sqrt(2)
        found = Matters("seeds", name, each.now - each.was, -most, most, abs(each.now - each.was) > most, len(values))
        worst = found if worst is None or (found.more_than_chance and not worst.more_than_chance) else worst
    return worst


def unlike_by_chance(tree: Mapping[str, Any] | None) -> str | None:
    """A configuration without what runs of one group may differ in; None of one that cannot be read."""
    if not tree:
        return None
    return json.dumps({key: value for key, value in tree.items() if key not in CHANCE}, sort_keys=True)


def beside_samples(run: Run, again: Run) -> Matters | None:
    """The same over the samples of the split that judges both: the paired bootstrap; None where these are others."""
    mine, theirs = read_samples(run), read_samples(again)
    if mine is None or theirs is None or not mine.same_samples(theirs):
        return None
    worst: Matters | None = None
    for name in (each for each in mine.values if each in theirs.values):
        noise = paired_noise(mine.values[name], theirs.values[name])
        of = f"{mine.split}.{name}"
        found = Matters("samples", of, noise.difference, noise.low, noise.high, noise.exceeded, noise.count)
        worst = found if worst is None or (found.more_than_chance and not worst.more_than_chance) else worst
    return worst
