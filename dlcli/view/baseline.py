"""Classical methods beside a network: the same samples, the same metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import UNSAID
from dlcli.view.console.labelled import line
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import duration, number, of_metric
from dlcli.view.trusted import between, interval_column


@dataclass(frozen=True, kw_only=True)
class MethodScore:
    """What a method reaches, and how long it took to learn and to answer; `value` is None where it has no such metric.

    `interval` is that of the metric for other samples of the same kind, None where it is no mean over samples.
    """

    method: str
    value: float | None
    seconds: float
    interval: tuple[float, float] | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    samples: int | None = None
    """How many samples it learnt from."""
    estimator: str | None = None
    """Of scikit-learn, as it would be written."""


@dataclass(frozen=True, kw_only=True)
class NetworkScore:
    """What a run's network reaches on the same samples, and how long its training took."""

    run: str
    value: float | None
    seconds: float | None
    interval: tuple[float, float] | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    parameters: int | None = None


@dataclass(frozen=True)
class Ahead:
    """By how much the network is better than the best classical method (worse where negative), with the interval that chance
    leaves that; None where it is not known."""

    method: str
    difference: float
    interval: tuple[float, float] | None
    more_than_chance: bool | None


@dataclass(frozen=True, kw_only=True)
class Baselines:
    """The keys of `dlcli baseline --json`; `not_compared` says why no method but the constant answer stands there."""

    metric: str
    better: str | None
    split: str
    samples: int
    learnt_from: int
    features: int | None
    methods: Sequence[MethodScore]
    network: NetworkScore | None = None
    ahead: Ahead | None = None
    not_compared: str | None = None
    remarks: Sequence[str] = ()
    """What was made of the inputs, and of how few samples a method learnt."""
    notes: Sequence[str] = field(default_factory=tuple, metadata=UNSAID)


def draw_baselines(console: Console, baselines: Baselines) -> None:
    """A row for each method, in the order of their history, and what that says of the network."""
    line(console, "data", data_told(baselines))
    for remark in baselines.remarks:
        line(console, "", remark)
    console.print()
    write_table(console, baselines_table(baselines))
    console.print()
    for label, text in told_of_baselines(baselines):
        line(console, label, text)


def data_told(baselines: Baselines) -> str:
    """What was learnt from and what is judged, in words."""
    of = "" if baselines.features is None else f" of {baselines.features:,} numbers each"
    judged = f"{baselines.split}: {baselines.samples:,} samples"
    return f"{judged}; learnt from {baselines.learnt_from:,} training samples{of}"


def told_of_baselines(baselines: Baselines) -> list[tuple[str, str]]:
    """What the table comes to, each with its label."""
    told = [] if baselines.not_compared is None else [("alone", f"no other method: {baselines.not_compared}")]
    if baselines.ahead is not None:
        told.append(("network", ahead_told(baselines.ahead, baselines.metric)))
    return told


def ahead_told(ahead: Ahead, metric: str) -> str:
    """How the network stands to the best classical method, in words."""
    name, way = method_name(ahead.method), "better" if ahead.difference > 0 else "worse"
    if ahead.difference == 0:
        text = f"{metric} equal to that of {name}, the best of the others"
    else:
        text = f"{metric} {way} by {number(abs(ahead.difference))} than that of {name}, the best of the others"
    if ahead.interval is None or ahead.more_than_chance is None:
        return f"{text}; how much of that is chance is not known of this metric"
    chance = "more than chance" if ahead.more_than_chance else "no more than chance"
    sure = f"network less {name}, {number(ahead.difference)}: 95 % of such differences lie within {between(ahead.interval)}"
    return f"{text}: {chance} ({sure})"


def baselines_table(baselines: Baselines) -> Table:
    """A row for each method and the network; further metrics stand last."""
    others = list(dict.fromkeys(name for each in baselines.methods for name in each.metrics))
    others = [name for name in others if name != baselines.metric]
    sure = any(each.interval is not None for each in (*baselines.methods, baselines.network) if each is not None)
    columns = [Column("method"), number_column(baselines.metric), *([interval_column()] if sure else [])]
    columns += [Column("time", right=True), *map(number_column, others)]
    rows = [score_row(method_name(each.method), each, baselines.metric, others, sure) for each in baselines.methods]
    if (network := baselines.network) is not None:
        rows.append(score_row(f"the network ({network.run})", network, baselines.metric, others, sure))
    return Table(columns, rows, least=3 + sure)


def score_row(
    name: str, score: MethodScore | NetworkScore, metric: str, others: Sequence[str], sure: bool
) -> list[Any]:
    """The cells of a method."""
    time = "" if score.seconds is None else duration(score.seconds)
    cells = [between(score.interval)] if sure else []
    return [
        name,
        of_metric(metric, score.value),
        *cells,
        time,
        *(of_metric(each, score.metrics.get(each)) for each in others),
    ]


def method_name(method: str) -> str:
    """What a method is called on a screen."""
    return method.replace("_", " ").replace("svm", "SVM").replace("bayes", "Bayes")
