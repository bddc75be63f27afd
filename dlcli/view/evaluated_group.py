"""How good the runs of a group are, each and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from dlcli.view.console.drawn_table import write_table
from dlcli.view.console.json_value import UNSAID
from dlcli.view.console.labelled import line
from dlcli.view.console.table import Column, Table, number_column
from dlcli.view.console.tables import of_metric
from dlcli.view.evaluation import Evaluation
from dlcli.view.group import MemberShown, SpreadShown, spread_table


@dataclass(frozen=True, kw_only=True)
class EvaluatedGroup:
    """The keys of `dlcli evaluate GROUP --json`: each run as it is evaluated alone, and the spread of each metric.

    `left_out` are the members that have no model to evaluate.
    """

    group: str
    kind: str
    split: str
    members: Sequence[Evaluation]
    metrics: Mapping[str, SpreadShown]
    left_out: Sequence[MemberShown] = ()
    notes: Sequence[str] = field(default=(), metadata=UNSAID)


def draw_evaluated_group(console: Console, shown: EvaluatedGroup) -> None:
    """A row for each run, and the mean of them all."""
    counts = sorted({each.samples for each in shown.members})
    samples = " to ".join(f"{count:,}" for count in dict.fromkeys((counts[0], counts[-1])))
    line(console, "group", f"{shown.group}, {shown.split}: {samples} samples")
    console.print()
    names = list(dict.fromkeys(name for each in shown.members for name in each.metrics))
    rows = [[each.run, *(of_metric(name, each.metrics.get(name)) for name in names)] for each in shown.members]
    write_table(console, Table([Column("run"), *map(number_column, names)], rows))
    if shown.metrics:
        console.print()
        write_table(console, spread_table(shown.metrics, shown.kind))
