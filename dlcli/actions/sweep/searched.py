"""A search from its configuration to what has come of it: its group, its storage, its trials, the best of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dlcli.actions.many.asked import Asked
from dlcli.actions.sweep.confirmed import confirmed
from dlcli.actions.sweep.holder import this_process
from dlcli.actions.sweep.kept_files import keep_files
from dlcli.actions.sweep.outcome import outcome_of
from dlcli.actions.sweep.sampling import drawn_alone, point_known
from dlcli.actions.sweep.space import Space
from dlcli.actions.sweep.storage import Place, place_of
from dlcli.actions.sweep.study import Study
from dlcli.actions.sweep.trained_trials import Manner, Told, train_trials
from dlcli.config import Config, config_of
from dlcli.config.comparable import decides_samples
from dlcli.config.devices import check_begun_here
from dlcli.config.sweep_space import checked_space
from dlcli.errors import ConfigError, ConflictError, Problem, ResourceError
from dlcli.runs.folder import is_group
from dlcli.runs.groups import Group, GroupKind
from dlcli.runs.names import safe_name
from dlcli.spec import plain
from dlcli.view.sweep import SweepShown

LOST_AFTER = 60.0
"""Seconds for which the beat of another machine may stand still before its trials are taken over."""
WAIT_FOR_RECORD = 5.0
USUAL_SEEDS = 5


@dataclass(frozen=True, kw_only=True)
class Search:
    """What the command line asks of a search."""

    config: Config
    asked: Asked
    space: Space
    name: str
    runs: Path
    storage: str | None
    total: int

    @property
    def folder(self) -> Path:
        """The folder of its group."""
        return self.runs / self.name

    @property
    def place(self) -> Place:
        """Where its trials are kept. Raises `UsageError`."""
        return place_of(self.storage, self.folder)


def search_of(
    content: bytes,
    *,
    file: str,
    settings: Sequence[str],
    runs: Path,
    name: str | None,
    storage: str | None,
    trials: int | None,
    allow_code: bool,
) -> Search:
    """The search of a configuration. Raises `ConfigError`, also for a value of it that makes none that can be trained."""
    config = config_of(content, file=file, settings=settings)
    if config.sweep is None:
        raise ConfigError(
            [
                Problem(
                    "there is no search in it",
                    file,
                    suggestion="write sweep: {goal: max val_accuracy, space: {optimizer.learning_rate: {log: [1e-4, 1e-1]}}}",
                    see="dlcli show sweep",
                    kind="no_sweep",
                )
            ]
        )
    with config.locating():
        check_begun_here(config.train.distribute)
    space = Space(config.sweep, checked_space(content, config, file=file, settings=settings))
    words = [file, *(word for each in settings for word in ("--set", each)), *(["--allow-code"] if allow_code else [])]
    wanted = trials or config.sweep.number or space.size
    return Search(
        config=config,
        asked=Asked(
            line=0,
            words=words,
            file=file,
            content=content,
            settings=settings,
            runs=runs,
            name=None,
            rename=False,
            allow_code=allow_code,
        ),
        space=space,
        name=name or safe_name(f"{config.name or ('run' if file == '-' else Path(file).stem)}-sweep"),
        runs=runs,
        storage=storage,
        total=min(wanted, space.size) if config.sweep.search == "grid" else wanted,
    )


def printed(search: Search) -> list[list[str]]:
    """What `dlcli train` would be told for each trial, as far as it does not depend on the results of others."""
    lines = []
    for number in range(1, search.total + 1):
        point = point_known(search.space, seed=search.config.seed, number=number)
        if point is None:
            point = drawn_alone(search.space, seed=search.config.seed, number=number)
        options = [word for each in search.space.settings(point) for word in ("--set", each)]
        lines.append([*search.asked.words, *options, "--name", f"{search.name}-{number}"])
    return lines


def group_of_search(search: Search, words: Sequence[str]) -> Group:
    """The group of a search, which its first command makes.

    Raises `ConflictError` where its name is that of something else, and what `Group.claim` raises.
    """
    plan = {"storage": str(search.place)}
    if not search.folder.exists():
        try:
            return Group.claim(
                search.runs,
                search.name,
                GroupKind.SWEEP,
                words=words,
                config=search.asked.file,
                content=search.asked.content,
                plan=plan,
                rename=False,
            )
        except ConflictError:  # another process was first
            pass
    until = time.monotonic() + WAIT_FOR_RECORD
    while not is_group(search.folder) and not (search.folder / "run.json").exists() and time.monotonic() < until:
        time.sleep(0.05)
    group = Group(search.folder)
    if not is_group(search.folder) or group.read().kind != GroupKind.SWEEP:
        raise ConflictError(
            f"'{search.name}' is there already, and no sweep",
            file=search.folder,
            hint="give another --name",
            kind="name_taken",
        )
    return group


def plan_of(search: Search) -> str:
    """What a search is on every machine: its space and goal, and the configuration, in which paths count from its folder."""
    sweep = search.space.sweep
    folder = str((Path() if search.asked.file == "-" else Path(search.asked.file).parent).absolute())
    said = {
        "space": {path: plain(each) for path, each in sweep.space.items()},
        "goals": [str(each) for each in sweep.goals],
        "search": sweep.search,
        "configuration": search.config.plain(),
    }
    return json.dumps(said, sort_keys=True, ensure_ascii=False).replace(f"{folder}/", "")


def run_search(
    search: Search,
    *,
    words: Sequence[str],
    again: str,
    side_by_side: int,
    threads: int,
    told: Callable[[Told], None],
    noted: Callable[[str], None],
    seen: Callable[[SweepShown], None] | None = None,
    confirm: int | None = None,
    lost_after: float = LOST_AFTER,
) -> SweepShown:
    """Trains the trials of a search, or goes on with them; `again` is the command that goes on after a stop.

    `seen` is shown the trials from time to time. With `confirm` the best one and the configuration as it is are trained with so
    many seeds each.
    """
    started = time.monotonic()
    group = group_of_search(search, words)
    study = Study(
        name=search.name,
        place=search.place,
        space=search.space,
        seed=search.config.seed,
        epochs=search.config.train.planned,
        holder=this_process(group.path),
        plan=plan_of(search),
        lost_after=lost_after,
        told=noted,
    )
    manner = Manner(
        total=search.total, side_by_side=side_by_side, threads=threads, group=group.path, asked=search.asked
    )

    def show() -> None:
        if seen is not None:
            seen(outcome_of(study, group, total=search.total, weighed=False))

    stopping, refused = train_trials(study, manner, told, show)
    shown = outcome_of(study, group, total=search.total)
    files, unwritten = files_of(search, shown)
    refused = refused or unwritten
    stopped = None if stopping.signal is None else stopping.signal.name
    proof = None
    if confirm and stopped is None and refused is None and not shown.left and shown.best is not None:
        best, goal = search.space.settings(shown.best.set), search.space.sweep.goals[0]
        proof = confirmed(
            search.name, search.asked, best, goal, seeds=confirm, side_by_side=side_by_side, threads=threads, told=noted
        )
    return replace(
        shown,
        seconds=round(time.monotonic() - started, 3),
        stopped=stopped,
        refused=refused,
        advice=again if stopped or refused or shown.left else None,
        files=files,
        confirmed=proof,
        confirm=None if confirm or shown.best is None else f"{again} --confirm {USUAL_SEEDS}",
    )


def files_of(search: Search, shown: SweepShown) -> tuple[dict[str, str], str | None]:
    """The files that a search leaves; none, and why, where they cannot be written: the trials have their results all the same."""
    asked = search.asked
    try:
        files = keep_files(shown, search.space, content=asked.content, file=asked.file, settings=asked.settings)
    except ResourceError as error:
        return {}, error.message
    return files, None


def searched_samples(search: Search) -> list[str]:
    """The paths whose values decide on which samples trials are judged: part of what sets these apart is theirs."""
    return [path for path in search.space.sweep.space if decides_samples(path)]
