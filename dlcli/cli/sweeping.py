"""What the command line of a search asks, and its trials on standard error as they end."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from dlcli.cli.train_lines import chosen_words
from dlcli.progress import stage

if TYPE_CHECKING:
    from dlcli.actions.sweep.searched import Search
    from dlcli.actions.sweep.trained_trials import Told
    from dlcli.view.sweep import SweepShown


@dataclass(frozen=True)
class Wanted:
    """The options of a search."""

    config: str
    settings: Sequence[str]
    trials: int | None
    workers: int
    threads: int | None
    storage: str | None
    name: str | None
    runs: Path
    allow_code: bool
    confirm: int | None

    @property
    def words(self) -> list[str]:
        """The words of its command, without the password of a storage."""
        from dlcli.actions.sweep.storage import without_password
        from dlcli.cli.options import RUNS

        options = [
            ("--trials", self.trials),
            ("--workers", self.workers if self.workers > 1 else None),
            ("--threads", self.threads),
            ("--storage", None if self.storage is None else without_password(self.storage)),
            ("--name", self.name),
            ("--confirm", self.confirm),
            ("--runs", None if self.runs == RUNS else self.runs),
        ]
        settings = [word for each in self.settings for word in ("--set", each)]
        return ["sweep", self.config, *settings, *chosen_words(options), *(["--allow-code"] if self.allow_code else [])]


def begun_search(wanted: Wanted) -> Search:
    """The search that is wanted. Raises `ConfigError`, and `DataError` where Optuna is not installed."""
    with stage("reading the configuration"):
        from dlcli.actions.sweep.searched import search_of
        from dlcli.actions.sweep.storage import optuna_without_words
        from dlcli.config import read_file

        search = search_of(
            read_file(wanted.config),
            file=wanted.config,
            settings=wanted.settings,
            runs=wanted.runs,
            name=wanted.name,
            storage=wanted.storage,
            trials=wanted.trials,
            allow_code=wanted.allow_code,
        )
        optuna_without_words()
    return search


def search_shown(search: Search, wanted: Wanted, console: Console) -> SweepShown:
    """Trains, and gives what has come of it."""
    from dlcli.actions.many.trained_lines import threads_each
    from dlcli.actions.sweep.searched import run_search, searched_samples
    from dlcli.view.console.labelled import note
    from dlcli.view.sweep_live import LiveSearch

    threads = threads_each(wanted.workers) if wanted.threads is None else wanted.threads
    if wanted.workers > 1:
        note(console, f"note: {wanted.workers} side by side, threads of each: {threads}")
    if paths := searched_samples(search):
        note(
            console,
            f"note: with {', '.join(paths)} each trial is judged on samples of its own, and part of a difference is theirs",
        )
    with LiveSearch(console, search.total) as live:
        return run_search(
            search,
            words=wanted.words,
            again=shlex.join(["dlcli", *wanted.words]),
            side_by_side=wanted.workers,
            threads=threads,
            told=lambda told: None if live.is_drawn else tell_trial(console, told, search),
            noted=lambda text: note(console, text),
            seen=live.show if live.is_drawn else None,
            confirm=wanted.confirm,
        )


def serve_search(search: Search, wanted: Wanted, console: Console) -> None:
    """Keeps the trials of a search for others until the process ends."""
    from dlcli.actions.sweep.searched import group_of_search
    from dlcli.actions.sweep.served import serve_trials
    from dlcli.view.console.labelled import note

    group = group_of_search(search, wanted.words)
    serve_trials(group, wanted.storage, search.place, lambda text: note(console, text))


def tell_trial(console: Console, told: Told, search: Search) -> None:
    """A line for a trial that has ended here."""
    from dlcli.view.console.tables import duration, number
    from dlcli.view.sweep import draw_trial

    goals = search.space.sweep.goals
    values = [f"{goal.name} {number(value)}" for goal, value in zip(goals, told.values, strict=False)]
    state = [] if told.state == "COMPLETE" else ["pruned"] if told.state == "PRUNED" else [f"failed: {told.reason}"]
    times = [] if told.seconds is None else [duration(told.seconds)]
    draw_trial(console, (told.number, search.total), "  ".join(told.settings), "  ".join([*values, *state, *times]))
