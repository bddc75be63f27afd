"""Runs beside each other: what differs, what they reached, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rich.console import Console
from rich.text import Text

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import UNSAID, json_name
from dlcli.view.console.labelled import line
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import number
from dlcli.view.group import MemberShown, SpreadShown, left_out_words
from dlcli.view.run_again import loss_curves
from dlcli.view.verdict import setting_text

MARK = "*"
"""Behind the name of a value that does not mean the same in all runs."""
MOST_KEYS = 20
"""Keys that differ of which a person gets an overview."""


class Uncertain(Protocol):
    """A difference with the interval that chance leaves it."""

    @property
    def difference(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def method(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def p(self) -> float | None: ...
    @property
    def exceeded(self) -> bool: ...


@dataclass(frozen=True)
class ComparedRun:
    """A run of a comparison; runs of one `group` differ in their seeds alone."""

    run: str
    path: str
    status: str
    epochs: int
    seconds: float | None
    seed: int | None
    group: int


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How much more of a metric the second run (or group, by its first run) has than the first, within 95 % where chance plays.

    `count` is the number of samples, or of runs.
    """

    metric: str = field(metadata=UNSAID)
    first: str = field(metadata=json_name("from"))
    second: str = field(metadata=json_name("to"))
    difference: float
    low: float
    high: float
    exceeds_noise: bool
    p: float | None
    method: str
    count: int

    @classmethod
    def of(cls, metric: str, names: tuple[str, str], noise: Uncertain) -> Difference:
        """The difference that was measured of a metric."""
        return cls(
            metric=metric,
            first=names[0],
            second=names[1],
            difference=noise.difference,
            low=noise.low,
            high=noise.high,
            exceeds_noise=noise.exceeded,
            p=noise.p,
            method=noise.method,
            count=noise.count,
        )


@dataclass(frozen=True)
class GroupCompared:
    """A group that stands in a comparison as a whole: its runs, and the spread of what they reached."""

    runs: Sequence[str]
    metrics: Mapping[str, SpreadShown]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The keys of `dlcli compare --json`: changed keys and metrics by path and run, differences by metric. Of `groups` the values
    are means, and a key in which its runs differ has none.

    `unknown` says of which runs it cannot be told whether they differ by more than noise, and why; `unlike` has the metrics that
    do not mean the same in all runs, with the keys that make it so: of these no difference is told. `left_out` are the members
    of its groups that have no result.
    """

    runs: Sequence[ComparedRun]
    changed: Mapping[str, Mapping[str, Any]]
    metrics: Mapping[str, Mapping[str, float | None]]
    difference: Mapping[str, Sequence[Difference]]
    unknown: Sequence[str]
    unlike: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: Mapping[str, GroupCompared] = field(default_factory=dict)
    left_out: Sequence[MemberShown] = ()
    curves: Mapping[str, Sequence[Mapping[str, Any]]] = field(metadata=UNSAID)

    @property
    def columns(self) -> list[str]:
        """The names of what stands side by side."""
        return [*self.curves]


def draw_comparison(console: Console, comparison: Comparison) -> None:
    """What differs, what was reached, whether it is noise, and the losses of all runs in one picture."""
    names = comparison.columns
    if comparison.changed:
        write_table(console, changed_table(dict([*comparison.changed.items()][:MOST_KEYS]), names))
        if len(comparison.changed) > MOST_KEYS:
            console.print(Text(f"… and {len(comparison.changed) - MOST_KEYS} more; --json has all", style="dim"))
    else:
        line(console, "changed", "nothing: the configurations are the same")
    console.print()
    write_table(console, reached_table(comparison))
    for words in unlike_words(comparison.unlike):
        line(console, MARK, words)
    console.print()
    found = [each for several in comparison.difference.values() for each in several]
    if found:
        write_table(console, difference_table(found))
        console.print()
        line(console, "noise", noise_words(found))
    for reason in comparison.unknown:
        line(console, "noise", f"not known: {reason}")
    for words in left_out_words(comparison.left_out):
        line(console, "without", words)
    curves = {name: entries for name, entries in comparison.curves.items() if entries}
    if len(curves) > 1 and not any(is_loss(name) for name in comparison.unlike):
        console.print()
        console.print(loss_curves(curves, console=console))


def changed_table(changed: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> Table:
    """A row for each key, a column for each run."""
    rows = [[path, *(value_text(values[name]) for name in names)] for path, values in changed.items()]
    return Table([Column("changed"), *(Column(name, right=True) for name in names)], rows)


def value_text(value: Any) -> str:
    """A value as `--set` reads it, or that the configuration has none."""
    return "–" if value is None else setting_text(value)


def is_loss(name: str) -> bool:
    """Whether a value, as `validation.loss`, is the whole loss."""
    return name.rpartition(".")[2] == "loss"


def unlike_words(unlike: Mapping[str, Sequence[str]]) -> list[str]:
    """What to know of rows that cannot be compared: the keys that make it so, once for all that share them."""
    keys = dict.fromkeys(tuple(each) for each in unlike.values())
    return [f"not comparable: the runs differ in {', '.join(each)}" for each in keys]


def reached_table(comparison: Comparison) -> Table:
    """A row for each metric, a column for each run, with the deviation for a group; a mark where values do not mean the same."""
    names, groups = comparison.columns, comparison.groups
    rows = [
        [
            f"{metric} {MARK}" if metric in comparison.unlike else metric,
            *(spread_words(groups[name], metric) if name in groups else values[name] for name in names),
        ]
        for metric, values in comparison.metrics.items()
    ]
    columns = [Column(name, right=True) if name in groups else number_column(name) for name in names]
    return Table([Column("metric"), *columns], rows)


def spread_words(group: GroupCompared, metric: str) -> str:
    """The mean of a metric and its deviation."""
    spread = group.metrics.get(metric)
    if spread is None:
        return "–"
    return number(spread.mean) if spread.deviation is None else f"{number(spread.mean)} ± {number(spread.deviation)}"


def difference_table(differences: Sequence[Difference]) -> Table:
    """A row for each metric and pair: how far apart, within what interval, and whether that is more than noise."""
    rows = [
        [
            each.metric,
            f"{each.second} - {each.first}",
            each.difference,
            "more than noise" if each.exceeds_noise else "within the noise",
            f"{number(each.low)} … {number(each.high)}",
        ]
        for each in differences
    ]
    columns = [
        Column("metric"),
        Column("runs"),
        number_column("difference"),
        Column("noise"),
        Column("95 %", right=True),
    ]
    return Table(columns, rows, keys=2, least=4)


def noise_words(differences: Sequence[Difference]) -> str:
    """By what the noise was measured."""
    return "; ".join(
        dict.fromkeys(
            f"{each.method} over {each.count:,} {'runs' if each.p is not None else 'samples'}" for each in differences
        )
    )
