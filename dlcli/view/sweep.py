"""A search: a line as each trial ends, the best of them in the end, and what the values had to do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.labelled import line as labelled
from dlcli.view.console.labelled import note
from dlcli.view.console.tables import duration, number
from dlcli.view.runs import RunsShown, runs_table
from dlcli.view.verdict import setting_text

MOST_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class TrialShown:
    """A trial of `dlcli sweep --json`; of a search for two goals `value` is the list of both.

    `state` is done, pruned, failed or running; `reason` says why it has failed, `host` which machine has trained it.
    """

    number: int
    run: str
    state: str
    value: float | Sequence[float] | None
    set: Mapping[str, Any]
    epochs: int | None = None
    seconds: float | None = None
    host: str | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class SeedsShown:
    """A configuration trained with several seeds: its group, and the values of its runs."""

    group: str
    values: Sequence[float]
    mean: float | None


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """The configuration as it is and the best trial with the same fresh seeds: how much the means differ, with the interval of
    95 % by Welch's t-test, and whether the best one `beats` the other beyond it.
    """

    goal: str
    default: SeedsShown
    best: SeedsShown
    difference: float
    low: float
    high: float
    p: float | None
    beats: bool


@dataclass(frozen=True, kw_only=True)
class SweepShown:
    """The keys of `dlcli sweep --json`; `best` is the trial best in the first goal, `front` has the numbers of those that no
    other beats in both of two goals. `importance` is None with fewer than `weighed_from` results. `stopped` is the signal that
    has ended it, `refused` what the machine did not give it, such as room on its disk.
    """

    sweep: str
    path: str
    goals: Sequence[str]
    trials: Sequence[TrialShown]
    best: TrialShown | None
    front: Sequence[int] | None
    importance: Mapping[str, float] | None
    weighed_from: int
    done: int
    pruned: int
    failed: int
    left: int
    seconds: float = 0.0
    stopped: str | None = None
    refused: str | None = None
    advice: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    confirmed: Confirmed | None = None
    confirm: str | None = None


def draw_trial(console: Console, counts: tuple[int, int], head: str, words: str) -> None:
    """A line for a trial that has ended."""
    count, of = counts
    note(console, f"{count:>{len(str(of))}}/{of}  {head}  {words}")


def draw_sweep(console: Console, shown: SweepShown) -> None:
    """The best trials as a table, the importance of each key, what has failed and why, and how to go on."""
    names = [goal.split()[1] for goal in shown.goals]
    best = best_first(shown)
    if best:
        console.print()
        write_table(console, runs_table(trials_table(best[:MOST_SHOWN], names), short=True))
    console.print()
    for each in failures(shown.trials):
        labelled(console, "failed", each)
    counts = {"done": shown.done, "pruned": shown.pruned, "failed": shown.failed, "left": shown.left}
    words = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    labelled(console, "trials", f"{words or 'none'}  in {duration(shown.seconds)}")
    if shown.best is not None:
        values = shown.best.value if isinstance(shown.best.value, Sequence) else [shown.best.value]
        told = "  ".join(f"{name} {number(value)}" for name, value in zip(names, values, strict=True))
        labelled(console, "best", f"{shown.best.run}  {told}  {settings_words(shown.best.set)}")
    if shown.front is not None:
        labelled(console, "front", f"no other beats them in both: trials {', '.join(map(str, shown.front)) or 'none'}")
    if shown.importance is not None:
        shares = sorted(shown.importance.items(), key=lambda each: -each[1])
        labelled(console, "keys", ", ".join(f"{path} {share:.0%}" for path, share in shares))
    elif shown.best is not None:
        labelled(
            console, "keys", f"how much each matters is told from {shown.weighed_from} trials that are not pruned on"
        )
    if shown.confirmed is not None:
        labelled(console, "seeds", confirmed_words(shown.confirmed))
    for file in shown.files.values():
        labelled(console, "written", file)
    if shown.stopped is not None:
        labelled(console, "stopped", f"by {shown.stopped}")
    if shown.refused is not None:
        labelled(console, "refused", shown.refused)
    if shown.advice is not None:
        labelled(console, "next", shown.advice)
    elif shown.confirm is not None:
        labelled(console, "next", f"{shown.confirm}  (is it better than before by more than chance?)")


def confirmed_words(shown: Confirmed) -> str:
    """Whether the best trial beats the configuration as it is."""
    name = shown.goal.split()[1]
    means = f"{name} {number(shown.best.mean)} and {number(shown.default.mean)} before"
    count = f"mean of {len(shown.best.values)} and {len(shown.default.values)} fresh seeds each"
    interval = f"difference {number(shown.difference)}, 95 % {number(shown.low)} to {number(shown.high)}"
    verdict = "better by more than the noise of seeds" if shown.beats else "no better beyond the noise of seeds"
    return f"{means}, {count}: {verdict} ({interval}, Welch's t-test)"


def settings_words(point: Mapping[str, Any]) -> str:
    """A point in a line."""
    return "  ".join(f"{path}={setting_text(value)}" for path, value in point.items())


def best_first(shown: SweepShown) -> list[TrialShown]:
    """The trials with a result, the best first: in the first goal, and those of the front before all others."""
    sign = -1 if shown.goals[0].startswith("max") else 1
    front = {*(shown.front or ())}

    def place(trial: TrialShown) -> tuple[bool, float, int]:
        value = trial.value[0] if isinstance(trial.value, Sequence) else trial.value
        return trial.number not in front, sign * (value or 0.0), trial.number

    return sorted((each for each in shown.trials if each.state == "done"), key=place)


def trials_table(trials: Sequence[TrialShown], names: Sequence[str]) -> RunsShown:
    """Trials as a table: values, keys, epochs, time."""
    paths = list(dict.fromkeys(path for each in trials for path in each.set))
    rows = [
        [
            each.number,
            *(each.value if isinstance(each.value, Sequence) else [each.value]),
            *(cell(each.set[path]) if path in each.set else None for path in paths),
            each.epochs,
            each.seconds,
        ]
        for each in trials
    ]
    keys = {path: path.rsplit(".", 1)[-1].strip('"') for path in paths}
    return RunsShown(["trial", *names, *paths, "epochs", "seconds"], rows, keys)


def cell(value: Any) -> float | int | str:
    """A value in a cell."""
    return value if isinstance(value, float | int) and not isinstance(value, bool) else setting_text(value)


def failures(trials: Sequence[TrialShown]) -> list[str]:
    """Why trials have failed, each reason once with its trials."""
    by_reason: dict[str, list[str]] = {}
    for each in trials:
        if each.state == "failed":
            by_reason.setdefault(each.reason or "nobody knows why", []).append(str(each.number))
    return [f"trial {', '.join(numbers)}: {reason}" for reason, numbers in by_reason.items()]
