"""A run trained again: whether its numbers match, what differs, and whether that matters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.labelled import line
from dlcli.view.console.table import Column, Table, number_column, text_column
from dlcli.view.console.tables import duration, number

SHOWN = 12
"""Letters of a digest that a person compares."""


@dataclass(frozen=True)
class EpochDifference:
    """A value of an epoch that is another one; None of one that is not there or not finite."""

    epoch: int
    split: str
    metric: str
    was: float | None
    now: float | None

    @property
    def relative(self) -> float:
        """How far apart the two are, as a share of the first."""
        if self.was is None or self.now is None:
            return math.inf
        return abs(self.now - self.was) / max(abs(self.was), 1e-12)


@dataclass(frozen=True)
class Difference:
    """Something that numbers depend on and that is another now: of `what` kind, its name, and its two values (of a file its
    SHA-256)."""

    what: str
    name: str
    was: str | None
    now: str | None


@dataclass(frozen=True)
class MetricAgain:
    """What the kept model reached on a split, then and now."""

    split: str
    metric: str
    was: float | None
    now: float | None


@dataclass(frozen=True)
class Matters:
    """The difference of a metric beside what chance makes of it: that of `seeds`, or of other `samples`, `count` of them."""

    beside: str
    metric: str
    difference: float
    low: float
    high: float
    more_than_chance: bool
    count: int


@dataclass(frozen=True, kw_only=True)
class Reproduced:
    """The keys of `dlcli reproduce --json`. `equal` says that every number of every epoch is the same to the last bit."""

    run: str
    equal: bool
    epochs: int
    epochs_again: int
    compared: int
    first_difference: int | None
    largest: Sequence[EpochDifference]
    differs: Sequence[Difference]
    metrics: Sequence[MetricAgain]
    matters: Matters | None
    broken_off: str | None
    seconds: float | None
    exact: bool
    inexact: Sequence[str]


def draw_reproduced(console: Console, found: Reproduced) -> None:
    """Whether the numbers match, what differs, what was reached, and whether that matters."""
    time = "" if found.seconds is None else f" in {duration(found.seconds)}"
    line(console, "run", f"{found.run}, trained again{time}")
    line(console, "numbers", numbers_told(found))
    for reason in found.inexact:
        line(console, "inexact", f"they need not match: {reason}")
    for each in found.differs:
        line(console, "differs", difference_told(each))
    if not found.equal and not found.differs:
        line(console, "differs", "nothing that is recorded: data, versions, threads and device are the same")
    if found.metrics and not found.equal:
        console.print()
        write_table(console, metrics_again_table(found.metrics))
        console.print()
        line(console, "matters", matters_told(found.matters))


def numbers_told(found: Reproduced) -> str:
    """How far the numbers match, in words."""
    if found.equal:
        return (
            f"all {found.epochs} epochs are equal to the last bit"
            if found.epochs > 1
            else "its epoch is equal to the last bit"
        )
    if found.first_difference is None:
        same = f"the {found.compared} epochs that both have are equal to the last bit"
        lengths = f"it had {found.epochs} epochs then and has {found.epochs_again} now"
        return f"{same}; {lengths}" if found.epochs != found.epochs_again else f"{same}; what was kept differs"
    text = f"they differ from epoch {found.first_difference} of {found.epochs} on"
    for each in found.largest:
        text += f"; most in the {each.split} {each.metric} of epoch {each.epoch}: {number(each.was)}, now {number(each.now)}"
        if math.isfinite(each.relative):
            text += f" ({each.relative:.1g} of it)"
    if found.broken_off is not None:
        text += f"; it broke off: {found.broken_off}"
    return text


def difference_told(each: Difference) -> str:
    """A difference of circumstances, in words."""
    was, now = (
        None if value is None else value[:SHOWN] if each.what == "data" else value for value in (each.was, each.now)
    )
    name = " ".join(filter(None, [each.what, each.name]))
    if each.what == "splits":
        return "the splits: train, validation and test hold other rows"
    if now is None:
        return f"{name}: is not read any more"
    if was is None:
        return f"{name}: was not read then"
    return f"{name}: {was}, now {now}"


def metrics_again_table(metrics: Sequence[MetricAgain]) -> Table:
    """A row for each metric of each split."""
    columns = [Column("split"), text_column("metric"), *map(number_column, ("then", "now", "difference"))]
    rows = [
        [each.split, each.metric, each.was, each.now, None if None in (each.was, each.now) else metric_change(each)]
        for each in metrics
    ]
    return Table(columns, rows, keys=2)


def metric_change(each: MetricAgain) -> float:
    """How far a metric is from what it was."""
    assert each.was is not None
    assert each.now is not None
    return each.now - each.was


def matters_told(matters: Matters | None) -> str:
    """Whether the difference is more than chance, in words."""
    if matters is None:
        return "not known: no samples that judge both, and no three runs that differ in their seeds alone"
    chance = "more than" if matters.more_than_chance else "no more than"
    if matters.beside == "seeds":
        of = f"other seeds make of it ({matters.count} runs; within {number(matters.high)}, 95 times of 100)"
    else:
        interval = f"{number(matters.low)} to {number(matters.high)}"
        of = f"other samples make of it ({matters.count:,} samples; 95 % of such differences: {interval})"
    verdict = "yes" if matters.more_than_chance else "no"
    return f"{verdict}: {matters.metric} differs by {number(matters.difference)}, {chance} {of}"
